package driver

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/retry"
)

// Request is an export to be taken to its end.
type Request struct {
	// FunctionName is the exporter's name or ARN.
	FunctionName string
	// Event is the exporter's event, a JSON object; empty means {}. Where it names no export_id the driver makes one before
	// the first invocation, so that one whose reply is lost is resumed instead of started over.
	Event json.RawMessage
	// OnInvocation is called after each invocation that succeeded, before the wait. It may be nil.
	OnInvocation func(Invocation)
}

// Invocation is one that succeeded.
type Invocation struct {
	// Number counts from 1.
	Number int
	Result export.Result
}

// Export invokes the function with the event, waits as long as the result says, and invokes it again with the same event
// and export_id, until the export is complete. Failures that may pass are retried as [Config] says; others end the export
// at once.
//
// The error is that of [Driver.Invoke]. The result is the last that was seen, also beside an error, and always names the
// export_id unless the event itself is refused: with it in the event, the export resumes.
func (d *Driver) Export(ctx context.Context, request Request) (export.Result, error) {
	event, id, err := identified(request.Event)
	if err != nil {
		return export.Result{}, err
	}

	last := export.Result{ExportID: id}
	for number := 1; ; number++ {
		result, err := d.invocation(ctx, request.FunctionName, event, id)
		if err != nil {
			return last, fmt.Errorf("export %s, invocation %d: %w", id, number, err)
		}

		last = result
		if request.OnInvocation != nil {
			request.OnInvocation(Invocation{Number: number, Result: last})
		}

		if last.Status == export.StatusComplete {
			return last, nil
		}

		d.logger.InfoContext(ctx, "the export goes on", "export_id", id, "invocation", number,
			"reason", last.Reason, "wait_seconds", last.WaitSeconds, "pages", last.Pages, "records", last.Records)

		if err := retry.Sleep(ctx, time.Duration(last.WaitSeconds)*time.Second); err != nil {
			return last, fmt.Errorf("export %s, wait after invocation %d: %w", id, number, err)
		}
	}
}

// invocation invokes once, and again as long as failures may pass.
func (d *Driver) invocation(ctx context.Context, function string, event []byte, id string) (export.Result, error) {
	for attempt := 1; ; attempt++ {
		reply, err := d.Invoke(ctx, function, event)

		switch {
		case err == nil:
			return parseResult(reply, id)
		case ctx.Err() != nil || !retryable(err):
			return export.Result{}, err
		case attempt >= d.retry.Attempts:
			return export.Result{}, fmt.Errorf("failed %d times in a row, invoke it again later with this export_id: %w", attempt, err)
		}

		wait := d.retry.Backoff(attempt)
		d.logger.WarnContext(ctx, "an invocation failed and is repeated", "export_id", id, "attempt", attempt, "wait", wait, "error", err)

		if err := retry.Sleep(ctx, wait); err != nil {
			return export.Result{}, fmt.Errorf("wait before attempt %d: %w", attempt+1, err)
		}
	}
}

// Describe says for a person how an invocation ended and how far the export is.
func Describe(r export.Result) string {
	next := ""
	if r.Status != export.StatusComplete {
		next = fmt.Sprintf(", wait %d s", r.WaitSeconds)
	}

	return fmt.Sprintf("%s (%s%s): %s records, %s pages, parts %s", r.Status, r.Reason, next,
		commandline.Grouped(r.Records), commandline.Grouped(r.Pages), commandline.Grouped(r.Parts))
}

// parseResult reads the result of the export with that id. Fields that are not known are passed over, as an exporter may be newer.
func parseResult(reply []byte, id string) (r export.Result, err error) {
	err = json.Unmarshal(reply, &r) // which may say what is in the reply
	ended := r.Status == export.StatusComplete && r.Manifest != ""
	waits := r.Status == export.StatusContinue && r.WaitSeconds >= 0 && r.WaitSeconds <= int64(retry.Longest/time.Second)

	if err != nil || r.ExportID != id || !ended && !waits {
		return r, errors.New("the reply is no exporter's result, or another export's: look at the function's name and version")
	}

	return r, nil
}

// identified returns the event with an export_id, its own or a new one, and that id.
func identified(event json.RawMessage) (withID []byte, id string, err error) {
	fields := make(map[string]json.RawMessage)
	if len(event) > 0 && (json.Unmarshal(event, &fields) != nil || fields == nil) {
		return nil, "", errors.New("read the export's event: it is not a JSON object")
	}

	if given, ok := fields["export_id"]; ok && string(given) != "null" {
		if json.Unmarshal(given, &id) != nil || !export.ValidID(id) {
			return nil, "", errors.New("read the export's event: export_id is 1 to 80 letters, digits, hyphens and underscores, and begins with a letter or digit")
		}
	} else {
		id = NewExportID()
		fields["export_id"] = json.RawMessage(`"` + id + `"`)
	}

	withID, err = json.Marshal(fields)

	return withID, id, err
}

// NewExportID returns a random id that begins with the time, so that exports sort by their beginning.
func NewExportID() string {
	var unique [8]byte
	_, _ = rand.Read(unique[:])

	return fmt.Sprintf("%s-%x", time.Now().UTC().Format("20060102T150405Z"), unique)
}
