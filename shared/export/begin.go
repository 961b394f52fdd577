package export

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"genesys-cloud-export/shared/failure"
)

// find looks what there is of the export, and reads its checkpoint. The parts are listed before the documents: what
// another invocation begins in between then is no contradiction. Existence is learnt by listing, never from a failed
// read: without full permission to list, S3 answers a read of what is not there like one that is not allowed.
func (s *slice) find(ctx context.Context) (bool, error) {
	stored, err := s.Parts.List(ctx, s.Listing.Name(), s.id)
	if err != nil && !errors.Is(err, ErrListDenied) {
		return false, fmt.Errorf("list the parts: %w", err)
	}

	s.stored, s.listed = stored, err == nil

	names, err := s.Documents.Names(ctx, s.Listing.Name(), s.id)
	switch {
	case errors.Is(err, ErrListDenied):
		s.Logger.WarnContext(ctx, "the bucket may not be listed, so neither a deleted checkpoint nor stray parts can be noticed: grant s3:ListBucket",
			slog.String("export_id", s.id))

		return false, nil // creating it will tell
	case err != nil:
		return false, fmt.Errorf("list the checkpoint: %w", err)
	case slices.Contains(names, checkpointName(s.Listing.Name(), s.id)):
		s.sealed = slices.Contains(names, manifestName(s.Listing.Name(), s.id))
		return true, s.load(ctx)
	case len(names) > 0 || len(s.stored) > 0:
		return false, s.vanished()
	default:
		return false, nil
	}
}

// vanished is what it means that there is no checkpoint where one must be.
func (s *slice) vanished() error {
	return failure.New(failure.CheckpointInvalid,
		"the checkpoint %s is gone while other objects of the export are there: restore it, or begin under another export_id",
		s.Documents.URI(checkpointName(s.Listing.Name(), s.id)))
}

func (s *slice) load(ctx context.Context) error {
	body, tag, err := s.Documents.Read(ctx, checkpointName(s.Listing.Name(), s.id))
	if errors.Is(err, ErrAbsent) {
		return s.vanished()
	}

	if err != nil {
		return fmt.Errorf("read the checkpoint: %w", err)
	}

	cp, err := DecodeCheckpoint(body)
	if err != nil {
		return err
	}

	s.checkpoint, s.tag = cp, tag

	return nil
}

// create begins the export. It reports false, with the checkpoint read, where another invocation was faster.
func (s *slice) create(ctx context.Context, event Event) (bool, error) {
	s.checkpoint = Checkpoint{
		SchemaVersion: SchemaVersion,
		ExportID:      s.id,
		Listing:       s.Listing.Name(),
		Environment:   s.Environment,
		Generator:     s.Generator,
		Query:         newQuery(s.Method, s.PageSize, event),
		StartedAt:     now(),
		Parts:         []Part{},
	}
	s.own(&s.checkpoint)

	body, err := encodeCheckpoint(s.checkpoint)
	if err != nil {
		return false, err
	}

	s.tag, err = s.Documents.Create(ctx, checkpointName(s.Listing.Name(), s.id), body)
	if errors.Is(err, ErrConflict) {
		return false, s.load(ctx)
	}

	if err != nil {
		s.doubtful = body
		s.release(ctx, time.Time{})

		return false, fmt.Errorf("create the checkpoint: %w", err)
	}

	return true, nil
}

// accept holds the checkpoint to the event and to this function.
func (s *slice) accept(event Event) error {
	cp := s.checkpoint

	differs := func(what, theirs, ours string) error {
		return failure.New(failure.InvalidInput,
			"export_id names an export of the %s %s, and this function exports %s: use another export_id", what, theirs, ours)
	}

	switch {
	case cp.Listing != s.Listing.Name():
		return differs("listing", cp.Listing, s.Listing.Name())
	case cp.ExportID != s.id:
		return failure.New(failure.CheckpointInvalid, "the checkpoint is that of another export, %s: restore the right one", cp.ExportID)
	case cp.Environment != s.Environment:
		return differs("environment", cp.Environment, s.Environment)
	default:
		return cp.Query.accepts(event)
	}
}

// inspect holds the checkpoint, whose export is not complete, to what the store listed before it was read.
func (s *slice) inspect(ctx context.Context) error {
	if !s.listed {
		return nil
	}

	wrong := s.checkpoint.contradiction(s.stored)
	if wrong == "" && s.sealed {
		// Going on would delete the parts of a complete export before it is noticed that its manifest is another.
		wrong = "is that of an unfinished export while the manifest lies in the store, so it was rolled back"
	}

	if gone := s.checkpoint.missing(s.stored); wrong == "" && gone != "" {
		// The list is older than the checkpoint, so a part may have come in between; a second look decides.
		stored, err := s.Parts.List(ctx, s.Listing.Name(), s.id)
		if err != nil && !errors.Is(err, ErrListDenied) {
			return fmt.Errorf("list the parts again: %w", err)
		}

		if gone = s.checkpoint.missing(stored); gone != "" {
			wrong = "names " + gone + ", which is gone from the store or has another size"
		}
	}

	if wrong != "" {
		return failure.New(failure.CheckpointInvalid,
			"the checkpoint %s: restore what was changed, or begin a new export under another export_id", wrong)
	}

	return nil
}

// own makes this invocation the holder, with a lease up to its own deadline. It is never renewed.
func (s *slice) own(cp *Checkpoint) {
	owner := make([]byte, ownerBytes)
	_, _ = rand.Read(owner) // never fails, by its contract

	s.owner = hex.EncodeToString(owner)
	cp.Owner = s.owner
	cp.LeaseUntil = s.budget.Deadline().UTC().Truncate(time.Millisecond)
}

func (s *slice) claimAndWork(ctx context.Context) (Result, error) {
	next := s.checkpoint
	s.own(&next)
	next.NotBefore = time.Time{}

	won, err := s.replace(ctx, next)
	if err != nil {
		s.release(ctx, time.Time{})
		return Result{}, err
	}

	if !won {
		s.stats.InvocationsBusy++
		return s.busy(s.checkpoint), nil
	}

	return s.work(ctx)
}
