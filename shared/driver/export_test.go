package driver_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/driver"
)

func TestAnExportIsInvokedUntilItIsComplete(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{
		goOn("rate_limited", 3600), goOn("budget", 0), {takes: time.Minute, body: goOn("busy", 7).body}, complete(),
	}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		var slices []driver.Slice
		got, err := d.Export(t.Context(), driver.Request{
			FunctionName: "export-users",
			Event:        json.RawMessage(`{"export_id":"e-1","page_size":100,"expand":["groups"]}`),
			OnSlice:      func(s driver.Slice) { slices = append(slices, s) },
		})
		if err != nil {
			t.Fatal(err)
		}

		want := driver.Result{
			ExportID: "e-1", Listing: "users", Status: "complete", Reason: "end", Pages: 3, Records: 250, Parts: 2,
			Location: "s3://bucket/exports/users/export_id=e-1/",
			Manifest: "s3://bucket/exports/_state/users/e-1/manifest.json",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
		if len(slices) != 4 || slices[2].Number != 3 || slices[2].Duration != time.Minute || slices[2].Result.Reason != "busy" ||
			slices[2].Attempts != 1 || slices[3].Result != got {
			t.Errorf("slices were told as %+v", slices)
		}

		const event = `{"expand":["groups"],"export_id":"e-1","page_size":100}`
		const path = "/2015-03-31/functions/export-users/invocations"
		calls := []call{
			{0, path, event},
			{time.Hour, path, event},
			{time.Hour, path, event},
			{time.Hour + time.Minute + 7*time.Second, path, event},
		}
		if diff := cmp.Diff(calls, f.seen()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestAnExportWithoutAnIDIsGivenOneBeforehand(t *testing.T) {
	t.Parallel()

	for name, event := range map[string]string{"no event": "", "an empty event": "{}", "an id of null": `{"export_id":null}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The first reply is lost: what it began must be resumed, not begun again.
			f := &function{script: []answer{{broken: true}, goOn("budget", 1), complete()}}

			drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
				got, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users", Event: json.RawMessage(event)})
				if err != nil {
					t.Fatal(err)
				}
				if !regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{16}$`).MatchString(got.ExportID) {
					t.Errorf("the id is %q", got.ExportID)
				}
				if diff := cmp.Diff([]string{got.ExportID, got.ExportID, got.ExportID}, f.ids); diff != "" {
					t.Errorf("ids that the function was given (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestTwoExportsHaveTwoIDs(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{complete()}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		for range 2 { // at one moment of the virtual clock
			if _, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users"}); err != nil {
				t.Fatal(err)
			}
		}
		if f.ids[0] == f.ids[1] {
			t.Errorf("both are %s", f.ids[0])
		}
	})
}

func TestAnEventThatIsNoneIsRefusedUnsent(t *testing.T) {
	t.Parallel()

	for event, want := range map[string]string{
		`[]`:                   "it is not a JSON object",
		`null`:                 "it is not a JSON object",
		`{"export_id"`:         "it is not a JSON object",
		`{"export_id":7}`:      "export_id is 1 to 80",
		`{"export_id":""}`:     "export_id is 1 to 80",
		`{"export_id":"../a"}`: "export_id is 1 to 80",
		`{"export_id":"` + strings.Repeat("a", 81) + `"}`: "export_id is 1 to 80",
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			f := &function{script: []answer{complete()}}

			drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
				_, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users", Event: json.RawMessage(event)})
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want …%s…", err, want)
				}
				if len(f.seen()) > 0 {
					t.Error("the function was called")
				}
			})
		})
	}
}

func TestAReplyThatBreaksTheContractIsAnError(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ body, want string }{
		"no object":               {`"complete"`, "not a JSON object"},
		"HTML":                    {`<html>`, "not a JSON object"},
		"another status":          {result(map[string]any{"status": "done"}), `"done" is neither complete nor continue`},
		"no status":               {result(map[string]any{"status": nil}), "lacks status"},
		"two fields missing":      {result(map[string]any{"pages": nil, "manifest": nil}), "lacks pages, manifest"},
		"a field of null":         {strings.Replace(result(nil), `"pages":2`, `"pages":null`, 1), "lacks pages"},
		"a wait in words":         {result(map[string]any{"wait_seconds": "7"}), "wait_seconds is of the wrong type"},
		"a negative wait":         {result(map[string]any{"wait_seconds": -1}), "wait_seconds is -1"},
		"an endless wait":         {result(map[string]any{"wait_seconds": 1_000_000_000_000}), "wait_seconds is 1000000000000"},
		"a negative count":        {result(map[string]any{"records": -1}), "a count is negative"},
		"a malformed id":          {result(map[string]any{"export_id": "a/b"}), "export_id is malformed"},
		"another export's id":     {result(map[string]any{"export_id": "e-2"}), "asked for export e-1 and answered for e-2"},
		"complete, no manifest":   {result(map[string]any{"status": "complete"}), "names no manifest"},
		"a number for an ID":      {result(map[string]any{"export_id": 7}), "export_id is of the wrong type"},
		"an error under a status": {`{"errorType":"RateLimited","status":"continue"}`, "lacks export_id, listing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &function{script: []answer{{body: test.body}}}

			drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
				got, err := d.Export(t.Context(), driver.Request{
					FunctionName: "export-users", Event: json.RawMessage(`{"export_id":"e-1"}`),
				})
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want …%s…", err, test.want)
				}
				if diff := cmp.Diff(driver.Result{ExportID: "e-1"}, got); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
				if calls := len(f.seen()); calls != 1 {
					t.Errorf("the function was called %d times, which mends nothing", calls)
				}
			})
		})
	}
}

func TestANewFieldInAReplyIsPassedOver(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{body: strings.Replace(complete().body, "{", `{"new":{"field":1},`, 1)}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		got, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users"})
		if err != nil || !got.Complete() {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestTheContextEndsAnExportWhereverItIs(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped by the test")

	for name, script := range map[string][]answer{
		"in a wait":             {goOn("rate_limited", 3600)},
		"in an invocation":      {{takes: time.Hour, body: complete().body}},
		"in a backoff":          {failure("RateLimited")},
		"while slices go on":    {{takes: time.Second, body: goOn("budget", 1).body}},
		"after it has begun":    {goOn("budget", 0), {takes: time.Hour, body: complete().body}},
		"at a retry's own call": {{broken: true}, {takes: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &function{script: script}

			drive(t, f, driver.Config{BaseDelay: 24 * time.Hour, MaxDelay: 24 * time.Hour}, func(t *testing.T, d *driver.Driver) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				timer := time.AfterFunc(90*time.Second, func() { cancel(stopped) })
				defer timer.Stop()

				got, err := d.Export(ctx, driver.Request{FunctionName: "export-users", Event: json.RawMessage(`{"export_id":"e-1"}`)})
				if !errors.Is(err, stopped) {
					t.Errorf("got %v, want the cause", err)
				}
				if got.ExportID != "e-1" {
					t.Errorf("the result names export %q, with which it would resume", got.ExportID)
				}
				if after := time.Since(f.began); after != 90*time.Second {
					t.Errorf("it ended after %s, want 90 s", after)
				}
			})
		})
	}
}
