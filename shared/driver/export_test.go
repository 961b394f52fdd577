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

func TestAnExportIsInvokedUntilItIsComplete(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{
		goOn("rate_limited", 3600), goOn("budget", 0), {takes: time.Minute, body: goOn("busy", 7).body}, complete(),
	}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		var reasons []string
		request := order()
		request.OnInvocation = func(i driver.Invocation) { reasons = append(reasons, i.Result.Reason) }

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
		if diff := cmp.Diff([]string{"rate_limited", "budget", "busy", "end"}, reasons); diff != "" {
			t.Errorf("reasons that were reported (-want +got):\n%s", diff)
		}

		const event = `{"export_id":"e-1","state":"canary"}`
		calls := []call{{0, event}, {time.Hour, event}, {time.Hour, event}, {time.Hour + time.Minute + 7*time.Second, event}}
		if diff := cmp.Diff(calls, f.seen()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestAnExportWithoutAnIDIsGivenOneSoThatALostReplyIsResumed(t *testing.T) {
	t.Parallel()

	for _, event := range []string{"", "{}", `{"export_id":null}`} {
		f := &function{script: []answer{{broken: true}, goOn("budget", 1), complete()}}

		drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
			for range 2 { // at one moment of the virtual clock, but for the waits
				got, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users", Event: json.RawMessage(event)})
				if err != nil || !regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{16}$`).MatchString(got.ExportID) {
					t.Errorf("got %+v, %v", got, err)
				}
			}
			if f.ids[0] != f.ids[1] || f.ids[1] != f.ids[2] || f.ids[2] == f.ids[3] {
				t.Errorf("the function was given the ids %v", f.ids)
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
		f := &function{script: []answer{complete()}}

		drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
			_, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users", Event: json.RawMessage(event)})
			if err == nil || !strings.Contains(err.Error(), want) || len(f.seen()) > 0 {
				t.Errorf("%s: got %v after %d calls, want …%s…", event, err, len(f.seen()), want)
			}
		})
	}
}

func TestFailuresThatMayPassAreRetried(t *testing.T) {
	t.Parallel()

	for name, passing := range map[string]answer{
		"RateLimited":                      failure("RateLimited"),
		"a timeout":                        failure("Sandbox.Timedout"),
		"a crash":                          failure("Runtime.ExitError"),
		"a timeout without a type":         {failed: true, body: `{"errorMessage":"2026-01-02T03:04:05Z 1 Task timed out after 3.00 seconds"}`},
		"a failure without a header":       {body: `{"errorType":"RateLimited","errorMessage":"of the test"}`},
		"a kill that sam tells by silence": {body: ""},
		"throttling by Lambda":             {status: http.StatusTooManyRequests, code: "TooManyRequestsException", body: `{}`},
		"a gateway's error":                {status: http.StatusBadGateway, body: `<html>`},
		"a broken connection":              {broken: true},
		"a reply cut short":                {cut: true, body: `{"export_id"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Four in a row before each success: the count begins anew with each.
			row := []answer{passing, passing, passing, passing}
			f := &function{script: slices.Concat(row, []answer{goOn("budget", 1)}, row, []answer{complete()})}

			drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
				if _, err := d.Export(t.Context(), order()); err != nil || len(f.seen()) != 10 {
					t.Fatalf("got %v after %d calls, want 10", err, len(f.seen()))
				}
			})
		})
	}
}

func TestWhatStaysWrongEndsAnExportAtOnce(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		answer answer
		want   string
	}{
		"a permanent failure":        {failure("CursorExpired"), "export-users failed: CursorExpired: of the test"},
		"a panic":                    {failure("runtime.Error"), "export-users failed: runtime.Error: of the test"},
		"an error without a type":    {answer{failed: true, body: `{"errorMessage":"?"}`}, "Unhandled: ?"},
		"an unreadable error":        {answer{failed: true, body: `?`}, "Unhandled: the error document cannot be read"},
		"a failure without a header": {answer{body: `{"errorType":"Forbidden"}`}, "export-users failed: Forbidden"},
		"no such function":           {answer{status: http.StatusNotFound, code: "ResourceNotFoundException", body: `{}`}, "ResourceNotFoundException"},
		"no object":                  {answer{body: `"complete"`}, "the reply is not an exporter's result"},
		"a wait in words":            {answer{body: result(map[string]any{"wait_seconds": "7"})}, "the reply is not an exporter's result"},
		"a negative wait":            {goOn("budget", -1), "wait_seconds is -1"},
		"an endless wait":            {goOn("budget", 86_401), "wait_seconds is 86401"},
		"another status":             {answer{body: result(map[string]any{"status": "done"})}, `"done" is neither complete nor continue`},
		"another export":             {answer{body: result(map[string]any{"export_id": "e-2"})}, "another export's"},
		"no manifest":                {answer{body: result(map[string]any{"status": "complete"})}, "names no manifest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &function{script: []answer{goOn("budget", 1), test.answer}}

			drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
				got, err := d.Export(t.Context(), order())
				if err == nil || !strings.HasPrefix(err.Error(), "export e-1, invocation 2: ") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want …%s…", err, test.want)
				}
				if got.ExportID != "e-1" || got.Pages != 2 || len(f.seen()) != 2 {
					t.Errorf("after %d calls the last result is %+v", len(f.seen()), got)
				}
			})
		})
	}
}

func TestRetriesWaitEndAndSayHowToGoOn(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{failure("RateLimited")}}
	policy := retry.Policy{Base: time.Second, Cap: 2 * time.Second, Attempts: 4}

	drive(t, f, driver.Config{Retry: policy}, func(t *testing.T, d *driver.Driver) {
		_, err := d.Export(t.Context(), order())

		failed, ok := errors.AsType[*driver.FunctionError](err)
		if !ok || failed.Type != "RateLimited" || !strings.Contains(err.Error(), "failed 4 times in a row, invoke it again later") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(f.began); len(f.seen()) != 4 || took == 0 || took > 5*time.Second {
			t.Errorf("%d calls in %s", len(f.seen()), took)
		}
	})
}

func TestTheLogReportsWaitsAndRetriesButNoEventAndNoReply(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	f := &function{script: []answer{failure("RateLimited"), goOn("budget", 7), complete()}}

	drive(t, f, driver.Config{Logger: slog.New(slog.NewJSONHandler(&out, nil))}, func(t *testing.T, d *driver.Driver) {
		if _, err := d.Export(t.Context(), order()); err != nil {
			t.Fatal(err)
		}
	})

	for want, there := range map[string]bool{
		`"level":"WARN"`: true, `"attempt":1`: true, "RateLimited: of the test": true, `"wait_seconds":7`: true,
		"canary": false, "s3://bucket": false, "cursor=2": false,
	} {
		if strings.Contains(out.String(), want) != there {
			t.Errorf("the log has %s: %v, want %v\n%s", want, !there, there, out.String())
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
			f := &function{script: script}

			drive(t, f, driver.Config{Retry: retry.Policy{Base: 1e6 * time.Hour, Cap: 1e6 * time.Hour, Attempts: 9}}, func(t *testing.T, d *driver.Driver) {
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
