package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"genesys-cloud-export/shared/failure"
)

// putAttempts bounds how often a document is written while others write it too.
const putAttempts = 5

// finish ends an export whose pages are all committed: it removes parts that nobody names, writes the manifest once, and moves
// latest and the watermark forward. It needs no lease, may be done by many at once, and writes nothing when repeated.
func (i *invocation) finish(ctx context.Context) (Result, error) {
	for _, step := range []func(context.Context) error{i.clean, i.seal, i.point, i.mark} {
		if err := step(ctx); err != nil {
			return Result{}, err
		}
	}

	return i.engine.result(i.state.checkpoint, StatusComplete, i.state.checkpoint.Position.Reason, 0), nil
}

// clean deletes the parts that the checkpoint does not name, and makes sure that those which it names are there.
func (i *invocation) clean(ctx context.Context) error {
	if err := i.listParts(ctx); err != nil || !i.seen.listed { // of which find has warned
		return err
	}

	if err := i.state.checkpoint.missing(i.seen.parts); err != nil {
		return err
	}

	for _, part := range i.seen.parts {
		// What is no part was put there by somebody else, and is no business of this export.
		if partNumber(part.Name) == 0 || i.state.checkpoint.names(part.Name) {
			continue
		}

		if err := i.engine.Parts.Delete(ctx, i.listing, i.id, part.Name); err != nil {
			return storeFailed(err, "delete the stray part %s", part.Name)
		}

		i.engine.Logger.InfoContext(ctx, "a stray part of an interrupted invocation was deleted",
			slog.String("export_id", i.id), slog.String("part", part.Name))
	}

	return nil
}

// seal writes the manifest, or makes sure that the one which is there is the same.
func (i *invocation) seal(ctx context.Context) error {
	manifest, err := i.engine.manifest(i.state.checkpoint)
	if err != nil {
		return err
	}

	differs := func([]byte) (bool, error) {
		return false, failure.New(failure.CheckpointInvalid,
			"the manifest that lies in the store contradicts the checkpoint: restore one of the two, or begin a new export")
	}

	written, err := i.put(ctx, "the manifest", manifestName(i.listing, i.id), manifest, differs)
	if written {
		i.completed(ctx)
	}

	return err
}

// completed counts an export whose manifest was written just now, and warns of what its reader has to know.
func (i *invocation) completed(ctx context.Context) {
	i.stats.ExportsCompleted++

	if drift := i.state.checkpoint.Position.drift(); drift != nil {
		i.stats.ListingsDrifted++

		i.engine.Logger.WarnContext(ctx, "the listing changed while it was read, so that entities may be exported twice or not at all: export it again where that matters",
			slog.String("export_id", i.id), slog.String("listing", i.listing),
			slog.Int64("total_first", drift.TotalFirst), slog.Int64("total_last", drift.TotalLast), slog.Int64("records", drift.Records))
	}
}

// point moves latest to this export, unless it is at a newer one, or was written by newer code.
func (i *invocation) point(ctx context.Context) error {
	cp := i.state.checkpoint
	manifest := i.engine.Documents.URI(manifestName(cp.Listing, cp.ExportID))

	return i.move(ctx, "latest", latestName(cp.Listing), Latest{SchemaVersion, cp.ExportID, manifest, cp.CompletedAt},
		func(stored []byte) bool { return keeps(stored, cp.CompletedAt) })
}

// move replaces a document that all exports of a listing share, unless what is stored is to be kept.
func (i *invocation) move(ctx context.Context, what, name string, document any, keeps func(stored []byte) bool) error {
	mine, err := marshalDocument(what, document)
	if err == nil {
		_, err = i.put(ctx, what, name, mine, func(stored []byte) (bool, error) { return !keeps(stored), nil })
	}

	return err
}

// put writes a document and reports whether it did. Where another one is stored, replace decides.
func (i *invocation) put(
	ctx context.Context, what, name string, mine []byte, replace func(stored []byte) (bool, error),
) (written bool, err error) {
	for range putAttempts {
		stored, tag, err := i.engine.Documents.Read(ctx, name)

		switch {
		case errors.Is(err, ErrAbsent):
			_, err = i.engine.Documents.Create(ctx, name, mine)
		case err != nil:
		case bytes.Equal(stored, mine):
			return false, nil
		default:
			if replaces, err := replace(stored); err != nil || !replaces {
				return false, err
			}

			_, err = i.engine.Documents.Replace(ctx, name, tag, mine)
		}

		if err == nil {
			return true, nil
		}

		if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrAbsent) {
			return false, storeFailed(err, "write %s", what)
		}
	}

	return false, failure.New(failure.StorageUnavailable, "write %s: %d times the store said that it is not what was read just before: "+
		"other exports move it, its ETag is not stable, or it may not be read (grant s3:GetObject): invoke again", what, putAttempts)
}

// keeps reports whether the latest that is stored stays: it is as new or newer, or of a newer schema. One that is unreadable,
// or was completed at a time that cannot be meant, is replaced.
func keeps(body []byte, completedAt time.Time) bool {
	var stored Latest
	if err := json.Unmarshal(body, &stored); err != nil {
		return false
	}

	if stored.SchemaVersion > SchemaVersion {
		return true
	}

	return !stored.CompletedAt.Before(completedAt) && !stored.CompletedAt.After(time.Now().Add(maxAhead))
}
