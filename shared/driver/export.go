package driver

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// exportIDField is the event's field that names the export.
const exportIDField = "export_id"

// Request is an export to be driven to its end.
type Request struct {
	// FunctionName is the export function's name or ARN.
	FunctionName string

	// Event is the exporter's event, a JSON object; empty means {}. Where it names no export_id the driver makes one
	// before the first invocation: a first slice whose reply is lost is then resumed instead of started over.
	Event json.RawMessage

	// OnSlice, if not nil, is called after each slice that succeeded, also the last, before the wait.
	OnSlice func(Slice)
}

// Slice is one successful invocation within an export.
type Slice struct {
	// Number counts the slices of this call of Export from 1.
	Number int
	// Attempts is how often the slice was invoked until it succeeded, at least 1.
	Attempts int
	// Duration is the time from the first of these attempts to the reply, waits between them included.
	Duration time.Duration
	// Result is what the function returned.
	Result Result
}

// Export invokes the function with the event, waits as long as the result says, and invokes it again with the same event
// and export_id, until the export is complete. Failures that may pass are retried as [Config] says; others end the export
// at once.
//
// The error is a [*FunctionError] where the function failed, the SDK's error where it could not be called, and the
// context's cause where that ended; each wrapped. The result is the last that was seen, also beside an error, and always
// names the export_id unless the event itself is refused: with it in the event, the export resumes.
func (d *Driver) Export(ctx context.Context, request Request) (Result, error) {
	event, id, err := identified(request.Event)
	if err != nil {
		return Result{}, err
	}

	last := Result{ExportID: id}
	for number := 1; ; number++ {
		slice, err := d.slice(ctx, request.FunctionName, event, id)
		if err != nil {
			return last, fmt.Errorf("export %s, slice %d: %w", id, number, err)
		}

		slice.Number, last = number, slice.Result
		if request.OnSlice != nil {
			request.OnSlice(slice)
		}
		if last.Complete() {
			return last, nil
		}

		d.logger.InfoContext(ctx, "slice ended, the export goes on", "export_id", id, "slice", number,
			"reason", last.Reason, "wait_seconds", last.WaitSeconds, "pages", last.Pages, "records", last.Records)
		if err := wait(ctx, last.Wait()); err != nil {
			return last, fmt.Errorf("export %s, wait after slice %d: %w", id, number, err)
		}
	}
}

// slice invokes once, and again as long as failures may pass.
func (d *Driver) slice(ctx context.Context, function string, event []byte, id string) (Slice, error) {
	started := time.Now()

	for attempt := 1; ; attempt++ {
		result, err := d.once(ctx, function, event, id)
		switch {
		case err == nil:
			return Slice{Attempts: attempt, Duration: time.Since(started), Result: result}, nil
		case ctx.Err() != nil || !retryable(err):
			return Slice{}, err
		case attempt >= d.attempts:
			return Slice{}, fmt.Errorf("failed %d times in a row, invoke it again later with this export_id: %w", attempt, err)
		}

		delay := d.backoff(attempt)
		d.logger.WarnContext(ctx, "invocation failed, trying again", "export_id", id, "attempt", attempt, "delay", delay, "error", err)
		if err := wait(ctx, delay); err != nil {
			return Slice{}, fmt.Errorf("wait before attempt %d: %w", attempt+1, err)
		}
	}
}

// once invokes the function and decodes its result.
func (d *Driver) once(ctx context.Context, function string, event []byte, id string) (Result, error) {
	payload, err := d.Invoke(ctx, function, event)
	if err != nil {
		return Result{}, err
	}

	result, err := parseResult(payload)
	if err != nil {
		return Result{}, fmt.Errorf("%s does not answer as an exporter does: %w", function, err)
	}
	if result.ExportID != id {
		return Result{}, fmt.Errorf("%s was asked for export %s and answered for %s", function, id, result.ExportID)
	}

	return result, nil
}

// Invoke calls a function once, synchronously, and returns what it returned. A function error is a [*FunctionError], wrapped; any
// other is the SDK's, wrapped, or the cause of the context's end.
func (d *Driver) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	output, err := d.client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName:   aws.String(function),
		InvocationType: types.InvocationTypeRequestResponse,
		Payload:        payload,
	}, func(o *lambda.Options) { o.Retryer = aws.NopRetryer{} })
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("invoke %s: %w", function, context.Cause(ctx))
		}

		return nil, fmt.Errorf("invoke %s: %w", function, err)
	}

	if failure := functionError(output.Payload, aws.ToString(output.FunctionError) != ""); failure != nil {
		return nil, fmt.Errorf("%s failed: %w", function, failure)
	}

	return output.Payload, nil
}

// identified returns the event with an export_id, its own or a new one, and that id.
func identified(event json.RawMessage) (withID []byte, id string, err error) {
	fields := make(map[string]json.RawMessage)
	if len(event) > 0 {
		if err := json.Unmarshal(event, &fields); err != nil || fields == nil {
			return nil, "", errors.New("read the export's event: it is not a JSON object")
		}
	}

	if given, ok := fields[exportIDField]; ok && string(given) != "null" {
		if err := json.Unmarshal(given, &id); err != nil || !ValidExportID(id) {
			return nil, "", errors.New("read the export's event: export_id is 1 to 80 letters, digits, hyphens and underscores, and begins with a letter or digit")
		}
	} else {
		id = NewExportID(time.Now())
		fields[exportIDField] = json.RawMessage(`"` + id + `"`)
	}

	withID, err = json.Marshal(fields)
	if err != nil {
		return nil, "", fmt.Errorf("encode the export's event: %w", err)
	}

	return withID, id, nil
}

// NewExportID returns a random id that begins with the time, so that exports sort by their beginning.
func NewExportID(now time.Time) string {
	var unique [8]byte
	_, _ = rand.Read(unique[:])

	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(unique[:])
}
