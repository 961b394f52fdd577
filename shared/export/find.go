package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"genesys-cloud-export/shared/failure"
)

// look is what the store listed of the export: at first before its checkpoint was read.
type look struct {
	listed bool // whether the store listed the parts
	parts  []StoredPart
	sealed bool // whether there is a manifest
}

// find looks what there is of the export, and reads its checkpoint. The parts are listed first: what another invocation begins
// meanwhile is then no contradiction. Absence is learnt by listing, as S3 may answer a read of what is absent as forbidden.
func (i *invocation) find(ctx context.Context) (bool, error) {
	if err := i.listParts(ctx); err != nil {
		return false, err
	}

	names, err := i.engine.Documents.Names(ctx, i.listing, i.id)

	switch {
	case errors.Is(err, ErrListDenied):
		i.engine.Logger.WarnContext(ctx, "the bucket may not be listed, so neither a deleted checkpoint nor stray parts can be noticed: grant s3:ListBucket",
			slog.String("export_id", i.id))

		if err = i.state.read(ctx); errors.Is(err, ErrAbsent) {
			return false, nil // creating it will show
		}

		return err == nil, err
	case err != nil:
		return false, storeFailed(err, "list the checkpoint")
	case len(names) == 0 && len(i.seen.parts) == 0:
		return false, nil
	default:
		// Also where the checkpoint was not listed: that it is gone is final, so it takes two signs.
		i.seen.sealed = slices.Contains(names, manifestName(i.listing, i.id))
		return true, i.state.load(ctx)
	}
}

// listParts lists the parts, where the store allows it.
func (i *invocation) listParts(ctx context.Context) (err error) {
	i.seen.parts, err = i.engine.Parts.List(ctx, i.listing, i.id)
	i.seen.listed = err == nil

	if err != nil && !errors.Is(err, ErrListDenied) {
		return storeFailed(err, "list the parts")
	}

	return nil
}

// create begins the export. It reports false, with the checkpoint read, where another invocation was faster.
func (i *invocation) create(ctx context.Context, limit int) (bool, error) {
	cp := Checkpoint{
		SchemaVersion: SchemaVersion, ExportID: i.id, Listing: i.listing, Environment: i.engine.Environment,
		Generator: i.engine.Generator, Query: i.pages.Query(), StartedAt: now(), Parts: []Part{}, Limit: limit,
	}
	if windows(i.pages) == 0 {
		cp.Position.Done, cp.Position.Reason, cp.CompletedAt = true, ReasonEnd, cp.StartedAt
	}

	return i.state.create(ctx, cp, i.budget.Deadline())
}

// accept refuses a checkpoint that is not what the event and this function ask for, and opens its query.
func (i *invocation) accept(event Event) error {
	cp := i.state.checkpoint

	differs := func(what, theirs, ours string) error {
		return failure.New(failure.InvalidInput,
			"export_id names an export of the %s %s, and this function exports %s: use another export_id", what, theirs, ours)
	}

	switch {
	case cp.Listing != i.listing:
		return differs("listing", cp.Listing, i.listing)
	case cp.ExportID != i.id:
		return failure.New(failure.CheckpointInvalid, "the checkpoint is that of another export, %s: restore the right one", cp.ExportID)
	case cp.Environment != i.engine.Environment:
		return differs("environment", cp.Environment, i.engine.Environment)
	}

	begun, err := i.source.Open(cp.Query)
	if err != nil {
		return err
	}

	asked := i.pages.Query()
	i.pages = begun

	return begun.Query().accepts(event, asked)
}

// inspect compares the checkpoint, whose export is not complete, with what the store listed before it was read.
func (i *invocation) inspect(ctx context.Context) error {
	if !i.seen.listed {
		return nil
	}

	cp := i.state.checkpoint
	wrong := func(format string, args ...any) error {
		return failure.New(failure.CheckpointInvalid,
			"the checkpoint %s: restore what was changed, or begin a new export under another export_id", fmt.Sprintf(format, args...))
	}

	// A part more than one past the checkpoint cannot come from a crash: it was written after a commit that is gone.
	for _, part := range i.seen.parts {
		if partNumber(part.Name) > len(cp.Parts)+1 {
			return wrong("knows %d parts while %s lies in the store, so it was rolled back", len(cp.Parts), part.Name)
		}
	}

	if i.seen.sealed {
		// Going on would delete the parts of a complete export before it is noticed that its manifest is another.
		return wrong("is that of an unfinished export while the manifest lies in the store, so it was rolled back")
	}

	if cp.missing(i.seen.parts) == nil {
		return nil
	}

	// The list is older than the checkpoint, so a part may have come in between; a second look decides.
	if err := i.listParts(ctx); err != nil || !i.seen.listed {
		return err
	}

	return cp.missing(i.seen.parts)
}
