package driver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/retry"
)

func TestAnExportIsInvokedUntilItIsCompleteAndTheLogHasNoEventAndNoReply(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer

	slow := goOn("busy", 7)
	slow.takes = time.Minute

	drive(t, driver.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil))}, []answer{
		goOn("rate_limited", 3600), goOn("budget", 0), slow, complete(),
	}, func(t *testing.T, d *driver.Driver, f *function) {
		var reported []string
		request := order()
		request.OnInvocation = func(i driver.Invocation) { reported = append(reported, driver.Describe(i.Result)) }

		got, err := d.Export(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}

		want := export.Result{
			ExportID: "e-1", Listing: "users", Status: "complete", Reason: "end", Pages: 3, Records: 250, Parts: 1,
			Location: "s3://bucket/exports/users/export_id=e-1/", Manifest: "s3://bucket/manifest.json",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
		const sofar = "200 records, 2 pages, parts 1"
		lines := []string{
			"continue (rate_limited, wait 3600 s): " + sofar, "continue (budget, wait 0 s): " + sofar, "continue (busy, wait 7 s): " + sofar,
			"complete (end): 250 records, 3 pages, parts 1",
		}
		if diff := cmp.Diff(lines, reported); diff != "" {
			t.Errorf("what was reported (-want +got):\n%s", diff)
		}

		const event = `{"export_id":"e-1","state":"canary"}`
		calls := []call{{0, event}, {time.Hour, event}, {time.Hour, event}, {time.Hour + time.Minute + 7*time.Second, event}}
		if diff := cmp.Diff(calls, f.seen()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})

	for want, there := range map[string]bool{
		`"invocation":3,"reason":"busy","wait_seconds":7`: true, "canary": false, "s3://bucket": false, "cursor=2": false,
	} {
		if strings.Contains(log.String(), want) != there {
			t.Errorf("the log has %s: %v, want %v\n%s", want, !there, there, log.String())
		}
	}
}

func TestAnExportWithoutAnIDIsGivenOneSoThatALostReplyIsResumed(t *testing.T) {
	t.Parallel()

	for _, event := range []string{"", "{}", `{"export_id":null}`} {
		drive(t, driver.Config{}, []answer{{broken: true}, goOn("budget", 1), complete()}, func(t *testing.T, d *driver.Driver, f *function) {
			for range 2 { // at one moment of the virtual clock, but for the waits
				got, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users", Event: json.RawMessage(event)})
				if err != nil || !regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{16}$`).MatchString(got.ExportID) {
					t.Errorf("got %+v, %v", got, err)
				}
			}
			if c := f.seen(); c[0].Event != c[1].Event || c[1].Event != c[2].Event || c[2].Event == c[3].Event {
				t.Errorf("the function was given the events %v", c)
			}
		})
	}
}

func TestAnEventThatIsNoneIsRefusedUnsent(t *testing.T) {
	t.Parallel()

	for event, want := range map[string]string{
		`[]`: "it is not a JSON object", `null`: "it is not a JSON object", `{"export_id"`: "it is not a JSON object",
		`{"export_id":7}`: "export_id is 1 to 80", `{"export_id":"../a"}`: "export_id is 1 to 80",
	} {
		// No client: one that is used panics.
		_, err := driver.New(nil, driver.Config{}).Export(t.Context(), driver.Request{FunctionName: "export-users", Event: json.RawMessage(event)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want …%s…", event, err, want)
		}
	}
}

func TestFailuresThatMayPassAreRetried(t *testing.T) {
	t.Parallel()

	for name, passing := range map[string]answer{
		"RateLimited":                failure("RateLimited"),
		"a timeout":                  failure("Sandbox.Timedout"),
		"a crash":                    failure("Runtime.ExitError"),
		"a timeout without a type":   {failed: true, body: `{"errorMessage":"2026-01-02T03:04:05Z 1 Task timed out after 3.00 seconds"}`},
		"a failure without a header": {body: `{"errorType":"RateLimited","errorMessage":"of the test"}`},
		"a kill without a reply":     {body: ""}, // by sam
		"throttling by Lambda":       {status: http.StatusTooManyRequests, code: "TooManyRequestsException", body: `{}`},
		"a gateway's error":          {status: http.StatusBadGateway, body: `<html>`},
		"a broken connection":        {broken: true},
		"a reply cut short":          {cut: true, body: `{"export_id"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Four in a row before each success: the count begins anew with each.
			row := []answer{passing, passing, passing, passing}
			script := slices.Concat(row, []answer{goOn("budget", 1)}, row, []answer{complete()})

			drive(t, driver.Config{}, script, func(t *testing.T, d *driver.Driver, f *function) {
				if _, err := d.Export(t.Context(), order()); err != nil || len(f.seen()) != 10 {
					t.Fatalf("got %v after %d calls, want 10", err, len(f.seen()))
				}
			})
		})
	}
}

func TestWhatStaysWrongEndsAnExportAtOnce(t *testing.T) {
	t.Parallel()

	const noResult = "the reply is no exporter's result, or another export's: look at the function's name and version"

	for name, test := range map[string]struct {
		last answer
		want string
	}{
		"a failure of another type": {failure("CursorExpired"), "export-users failed: CursorExpired: of the test"},
		"a panic":                   {failure("runtime.Error"), "export-users failed: runtime.Error: of the test"},
		"a failure without a type":  {answer{failed: true, body: `{"errorMessage":"?"}`}, "export-users failed: Unhandled: ?"},
		"a failure in words":        {answer{failed: true, body: `?`}, "export-users failed: Unhandled: the error document cannot be read"},
		"a type without a message":  {answer{body: `{"errorType":"Forbidden"}`}, "export-users failed: Forbidden"},
		"no such function":          {answer{status: http.StatusNotFound, code: "ResourceNotFoundException", body: `{}`}, "ResourceNotFoundException"},
		"a text":                    {answer{body: `"complete"`}, noResult},
		"a wait in words":           {result(map[string]any{"wait_seconds": "7"}), noResult},
		"a wait that is negative":   {goOn("budget", -1), noResult},
		"a wait of over a day":      {goOn("budget", 86_401), noResult},
		"another status":            {result(map[string]any{"status": "done"}), noResult},
		"another export":            {result(map[string]any{"export_id": "e-2"}), noResult},
		"no manifest":               {result(map[string]any{"status": "complete"}), noResult},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			drive(t, driver.Config{}, []answer{goOn("budget", 1), test.last}, func(t *testing.T, d *driver.Driver, f *function) {
				got, err := d.Export(t.Context(), order())
				if err == nil || !strings.HasPrefix(err.Error(), "export e-1, invocation 2: ") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want …%s", err, test.want)
				}
				if got.ExportID != "e-1" || got.Pages != 2 || len(f.seen()) != 2 {
					t.Errorf("after %d calls the last result is %+v", len(f.seen()), got)
				}
			})
		})
	}
}

func TestRetriesWaitAreLoggedEndAndSayHowToGoOn(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	config := driver.Config{
		Retry: retry.Policy{Base: time.Second, Cap: 2 * time.Second, Attempts: 4}, Logger: slog.New(slog.NewJSONHandler(&log, nil)),
	}

	drive(t, config, []answer{failure("RateLimited")}, func(t *testing.T, d *driver.Driver, f *function) {
		_, err := d.Export(t.Context(), order())

		failed, ok := errors.AsType[*driver.FunctionError](err)
		if !ok || failed.Type != "RateLimited" || !strings.Contains(err.Error(), "failed 4 times in a row, invoke it again later") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(f.began); len(f.seen()) != 4 || took == 0 || took > 5*time.Second {
			t.Errorf("%d calls in %s", len(f.seen()), took)
		}
	})

	for _, want := range []string{`"level":"WARN"`, `"attempt":1`, "RateLimited: of the test"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
}

func TestTheContextEndsAnExportWhereverItIs(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped by the test")

	for name, script := range map[string][]answer{
		"in a wait":        {goOn("rate_limited", 3600)},
		"in an invocation": {goOn("budget", 0), {takes: time.Hour, body: complete().body}},
		"in a backoff":     {failure("RateLimited")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forLong := driver.Config{Retry: retry.Policy{Base: 1e6 * time.Hour, Cap: 1e6 * time.Hour, Attempts: 9}}

			drive(t, forLong, script, func(t *testing.T, d *driver.Driver, f *function) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 90*time.Second, stopped)
				defer cancel()

				got, err := d.Export(ctx, order())
				if after := time.Since(f.began); !errors.Is(err, stopped) || got.ExportID != "e-1" || after != 90*time.Second {
					t.Errorf("got %+v, %v after %s", got, err, after)
				}
			})
		})
	}
}
