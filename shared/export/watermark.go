package export

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"genesys-cloud-export/shared/failure"
)

// Watermark says up to when a listing was exported by exports that each begin where the last one ended.
type Watermark struct {
	SchemaVersion int       `json:"schema_version"`
	Environment   string    `json:"environment"`
	Through       time.Time `json:"through"`
	ExportID      string    `json:"export_id"` // of the export that moved it here
}

// watermark is where the last export ended that began where the one before had; zero: there was none.
func (i *invocation) watermark(ctx context.Context) (time.Time, error) {
	body, _, err := i.engine.Documents.Read(ctx, watermarkName(i.listing))

	var stored Watermark

	switch {
	case errors.Is(err, ErrAbsent):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, storeFailed(err, "read the watermark")
	case json.Unmarshal(body, &stored) != nil || stored.SchemaVersion < SchemaVersion || stored.Through.IsZero():
		return time.Time{}, i.badWatermark("is none that this code has written")
	case stored.SchemaVersion > SchemaVersion:
		return time.Time{}, i.badWatermark("was written by newer code (deploy that)")
	case stored.Environment != i.engine.Environment:
		return time.Time{}, i.badWatermark("is that of the environment " + stored.Environment)
	default:
		return stored.Through.UTC().Truncate(time.Millisecond), nil
	}
}

func (i *invocation) badWatermark(what string) error {
	return failure.New(failure.InvalidInput, "the watermark %s %s: restore the object's last good version, or delete it and send start with since_last",
		i.engine.Documents.URI(watermarkName(i.listing)), what)
}

// mark moves the watermark to the end of this export's interval, where it began at the watermark. It never moves backwards.
func (i *invocation) mark(ctx context.Context) error {
	jobs, ok := i.pages.(Jobs)
	if !ok || !jobs.SinceLast() {
		return nil
	}

	mine := Watermark{SchemaVersion, i.engine.Environment, jobs.Through(), i.id}

	return i.move(ctx, "watermark", watermarkName(i.listing), mine, func(body []byte) bool {
		var stored Watermark
		if json.Unmarshal(body, &stored) != nil {
			return false
		}

		return stored.SchemaVersion > SchemaVersion || stored.Environment != mine.Environment || !stored.Through.Before(mine.Through)
	})
}
