package driver

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// What an exporter's result has as its status.
const (
	StatusComplete = "complete"
	StatusContinue = "continue"
)

// maxWait is the longest wait that is believed. The longest that the API has a reason to ask for is a day.
const maxWait = 7 * 24 * time.Hour

// Result is what an export function returns for one slice; counts are totals of the whole export so far.
type Result struct {
	ExportID string `json:"export_id"`
	Listing  string `json:"listing"`
	// Status is StatusComplete or StatusContinue.
	Status string `json:"status"`
	// Reason is why the slice ended: end, end_after_full_page, budget, rate_limited, busy.
	Reason string `json:"reason"`
	// WaitSeconds is how long to wait before the next slice.
	WaitSeconds int64 `json:"wait_seconds"`
	Pages       int64 `json:"pages"`
	Records     int64 `json:"records"`
	Parts       int64 `json:"parts"`
	// NextPageURI is where the next slice goes on, empty at the end and where the exporter left it out for its length.
	NextPageURI string `json:"next_page_uri"`
	// Location and Manifest are s3:// URIs; Manifest is empty until the export is complete.
	Location string `json:"location"`
	Manifest string `json:"manifest"`
}

// Wait is WaitSeconds as a duration.
func (r Result) Wait() time.Duration { return time.Duration(r.WaitSeconds) * time.Second }

// Complete reports whether there is nothing left to do.
func (r Result) Complete() bool { return r.Status == StatusComplete }

// ValidExportID reports whether id has the form that the exporters accept: 1 to 80 letters, digits, hyphens and underscores,
// the first a letter or digit.
func ValidExportID(id string) bool {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$`).MatchString(id)
}

// parseResult decodes an exporter's result and holds it to the contract: every field is there and means something. Fields
// that are not known are passed over, as an exporter may be newer than its driver.
func parseResult(payload []byte) (Result, error) {
	var present map[string]json.RawMessage
	if err := json.Unmarshal(payload, &present); err != nil {
		return Result{}, errors.New("the reply is not a JSON object")
	}

	var missing []string
	for _, field := range []string{
		"export_id", "listing", "status", "reason", "wait_seconds", "pages", "records", "parts",
		"next_page_uri", "location", "manifest",
	} {
		if value, ok := present[field]; !ok || string(value) == "null" {
			missing = append(missing, field)
		}
	}
	if len(missing) > 0 {
		return Result{}, fmt.Errorf("the reply lacks %s", strings.Join(missing, ", "))
	}

	var r Result
	if err := json.Unmarshal(payload, &r); err != nil {
		if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return Result{}, fmt.Errorf("the reply's %s is of the wrong type", mismatch.Field)
		}

		return Result{}, errors.New("the reply cannot be decoded")
	}

	return r, r.check()
}

func (r Result) check() error {
	switch {
	case r.Status != StatusComplete && r.Status != StatusContinue:
		return fmt.Errorf("the status %.40q is neither complete nor continue", r.Status)
	case !ValidExportID(r.ExportID):
		return errors.New("the export_id is malformed")
	case r.WaitSeconds < 0 || r.WaitSeconds > int64(maxWait/time.Second):
		return fmt.Errorf("wait_seconds is %d, not between 0 and %d", r.WaitSeconds, int64(maxWait/time.Second))
	case r.Pages < 0 || r.Records < 0 || r.Parts < 0:
		return errors.New("a count is negative")
	case r.Complete() && r.Manifest == "":
		return errors.New("the export is complete but names no manifest")
	}

	return nil
}
