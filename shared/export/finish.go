package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"genesys-cloud-export/shared/failure"
)

// latestAttempts bounds how often the pointer to the newest export is tried while others move it too.
const latestAttempts = 5

// finish ends an export whose pages are all committed. It needs no lease and may be done by many at once and again: it
// removes parts that nobody names, writes the manifest once, and moves latest forward. A repetition writes nothing.
func (s *slice) finish(ctx context.Context) (Result, error) {
	if err := s.clean(ctx); err != nil {
		return Result{}, err
	}

	if err := s.seal(ctx); err != nil {
		return Result{}, err
	}

	if err := s.point(ctx); err != nil {
		return Result{}, err
	}

	return s.result(s.checkpoint, StatusComplete, s.checkpoint.Position.Reason, 0), nil
}

// clean deletes the parts that the checkpoint does not name, and makes sure that those which it names are there.
func (s *slice) clean(ctx context.Context) error {
	stored, err := s.Parts.List(ctx, s.Listing.Name(), s.id)
	if errors.Is(err, ErrListDenied) {
		return nil // find has warned
	}

	if err != nil {
		return fmt.Errorf("list the parts: %w", err)
	}

	if gone := s.checkpoint.missing(stored); gone != "" {
		return failure.New(failure.CheckpointInvalid,
			"%s, which the checkpoint names, is gone from the store or has another size: restore it, or begin a new export", gone)
	}

	for _, part := range stored {
		// What is no part was put there by somebody else, and is no business of this export.
		if partNumber(part.Name) == 0 || s.checkpoint.names(part.Name) {
			continue
		}

		if err := s.Parts.Delete(ctx, s.Listing.Name(), s.id, part.Name); err != nil {
			return fmt.Errorf("delete the stray part %s: %w", part.Name, err)
		}

		s.Logger.InfoContext(ctx, "a stray part of an interrupted invocation was deleted",
			slog.String("export_id", s.id), slog.String("part", part.Name))
	}

	return nil
}

// seal writes the manifest, or makes sure that the one which is there is the same.
func (s *slice) seal(ctx context.Context) error {
	manifest, err := s.manifest(s.checkpoint)
	if err != nil {
		return err
	}

	name := manifestName(s.Listing.Name(), s.id)

	body, _, err := s.Documents.Read(ctx, name)
	if errors.Is(err, ErrAbsent) {
		_, err = s.Documents.Create(ctx, name, manifest)
		if err == nil {
			s.stats.ExportsCompleted++
			return nil
		}

		if errors.Is(err, ErrConflict) {
			body, _, err = s.Documents.Read(ctx, name)
		}
	}

	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}

	if !bytes.Equal(body, manifest) {
		return failure.New(failure.CheckpointInvalid,
			"the manifest that lies in the store contradicts the checkpoint: restore one of the two, or begin a new export")
	}

	return nil
}

// point moves latest to this export, unless it is at a newer one, or was written by newer code.
func (s *slice) point(ctx context.Context) error {
	cp := s.checkpoint
	name := latestName(cp.Listing)

	mine, err := marshalDocument("latest", Latest{
		SchemaVersion: SchemaVersion,
		ExportID:      cp.ExportID,
		Manifest:      s.Documents.URI(manifestName(cp.Listing, cp.ExportID)),
		CompletedAt:   cp.CompletedAt,
	})
	if err != nil {
		return err
	}

	for range latestAttempts {
		body, tag, err := s.Documents.Read(ctx, name)

		switch {
		case errors.Is(err, ErrAbsent):
			_, err = s.Documents.Create(ctx, name, mine)
		case err != nil:
		case keeps(body, cp.CompletedAt):
			return nil
		default:
			_, err = s.Documents.Replace(ctx, name, tag, mine)
		}

		if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrAbsent) {
			return wrapLatest(err)
		}
	}

	return failure.New(failure.StorageUnavailable, "write latest: other exports moved it %d times meanwhile: invoke again", latestAttempts)
}

// keeps reports whether the latest that is stored stays: it is as new or newer, or of a schema that this code does not
// know. An unreadable one is derived data, and is replaced.
func keeps(body []byte, completedAt time.Time) bool {
	var stored Latest
	if err := json.Unmarshal(body, &stored); err != nil {
		return false
	}

	return stored.SchemaVersion > SchemaVersion || !stored.CompletedAt.Before(completedAt)
}

func wrapLatest(err error) error {
	if err != nil {
		return fmt.Errorf("write latest: %w", err)
	}

	return nil
}
