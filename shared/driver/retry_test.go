package driver_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/driver"
)

func TestFailuresThatMayPassAreRetried(t *testing.T) {
	t.Parallel()

	for name, passing := range map[string]answer{
		"RateLimited":                      failure("RateLimited"),
		"UpstreamUnavailable":              failure("UpstreamUnavailable"),
		"StorageUnavailable":               failure("StorageUnavailable"),
		"TokenUnavailable":                 failure("TokenUnavailable"),
		"Sandbox.Timedout":                 failure("Sandbox.Timedout"),
		"Runtime.ExitError":                failure("Runtime.ExitError"),
		"a timeout without a type":         {failed: true, body: `{"errorMessage":"2026-01-02T03:04:05Z 1 Task timed out after 3.00 seconds"}`},
		"a failure without a header":       {body: `{"errorType":"RateLimited","errorMessage":"of the test"}`},
		"a kill that sam tells by silence": {body: ""},
		"throttling by Lambda":             {status: http.StatusTooManyRequests, code: "TooManyRequestsException", body: `{}`},
		"an error of Lambda's own":         {status: http.StatusInternalServerError, code: "ServiceException", body: `{}`},
		"a gateway's error":                {status: http.StatusBadGateway, body: `<html>`},
		"a broken connection":              {broken: true},
		"a reply cut short":                {cut: true, body: `{"export_id"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Four in a row before each slice: the count begins anew with each.
			row := []answer{passing, passing, passing, passing}
			f := &function{script: slices.Concat(row, []answer{goOn("budget", 1)}, row, []answer{complete()})}

			drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
				var attempts []int
				got, err := d.Export(t.Context(), driver.Request{
					FunctionName: "export-users",
					OnSlice:      func(s driver.Slice) { attempts = append(attempts, s.Attempts) },
				})
				if err != nil || !got.Complete() {
					t.Fatalf("got %+v, %v", got, err)
				}
				if diff := cmp.Diff([]int{5, 5}, attempts); diff != "" {
					t.Errorf("attempts (-want +got):\n%s", diff)
				}
				if calls := len(f.seen()); calls != 10 {
					t.Errorf("the function was called %d times, want 10", calls)
				}
				if ids := slices.Compact(slices.Clone(f.ids)); len(ids) != 1 {
					t.Errorf("the attempts named the exports %v, want one", ids)
				}
			})
		})
	}
}

func TestPermanentFailuresEndAnExportAtOnce(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		answer answer
		want   *driver.FunctionError
		says   string
	}{
		"InvalidInput":          {answer: failure("InvalidInput"), want: &driver.FunctionError{Type: "InvalidInput", Message: "of the test"}},
		"InvalidConfiguration":  {answer: failure("InvalidConfiguration"), want: &driver.FunctionError{Type: "InvalidConfiguration", Message: "of the test"}},
		"InvalidCredentials":    {answer: failure("InvalidCredentials"), want: &driver.FunctionError{Type: "InvalidCredentials", Message: "of the test"}},
		"Forbidden":             {answer: failure("Forbidden"), want: &driver.FunctionError{Type: "Forbidden", Message: "of the test"}},
		"UpstreamInvalid":       {answer: failure("UpstreamInvalid"), want: &driver.FunctionError{Type: "UpstreamInvalid", Message: "of the test"}},
		"PaginationLoop":        {answer: failure("PaginationLoop"), want: &driver.FunctionError{Type: "PaginationLoop", Message: "of the test"}},
		"CursorExpired":         {answer: failure("CursorExpired"), want: &driver.FunctionError{Type: "CursorExpired", Message: "of the test"}},
		"CheckpointInvalid":     {answer: failure("CheckpointInvalid"), want: &driver.FunctionError{Type: "CheckpointInvalid", Message: "of the test"}},
		"NoProgress":            {answer: failure("NoProgress"), want: &driver.FunctionError{Type: "NoProgress", Message: "of the test"}},
		"a panic":               {answer: failure("runtime.Error"), want: &driver.FunctionError{Type: "runtime.Error", Message: "of the test"}},
		"an error without type": {answer: answer{failed: true, body: `{"errorMessage":"?"}`}, want: &driver.FunctionError{Type: "Unhandled", Message: "?"}},
		"an unreadable error": {
			answer: answer{failed: true, body: `?`},
			want:   &driver.FunctionError{Type: "Unhandled", Message: "the error document cannot be read"},
		},
		"a failure without a header": {
			answer: answer{body: `{"errorType":"Forbidden","errorMessage":"of the test"}`},
			want:   &driver.FunctionError{Type: "Forbidden", Message: "of the test"},
		},
		"no such function": {
			answer: answer{status: http.StatusNotFound, code: "ResourceNotFoundException", body: `{"Message":"Function not found"}`},
			says:   "ResourceNotFoundException",
		},
		"no permission": {
			answer: answer{status: http.StatusForbidden, code: "AccessDeniedException", body: `{}`}, says: "AccessDeniedException",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &function{script: []answer{goOn("budget", 1), test.answer}}

			drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
				got, err := d.Export(t.Context(), driver.Request{
					FunctionName: "export-users", Event: json.RawMessage(`{"export_id":"e-1"}`),
				})
				var failed *driver.FunctionError
				asError(err, &failed)
				if diff := cmp.Diff(test.want, failed); diff != "" || err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("got %v, want …%s…, (-want +got):\n%s", err, test.says, diff)
				}
				if !strings.HasPrefix(err.Error(), "export e-1, slice 2: ") {
					t.Errorf("%v does not begin with export and slice", err)
				}
				if got.ExportID != "e-1" || got.Pages != 2 {
					t.Errorf("the result is not the last that was seen: %+v", got)
				}
				if calls := len(f.seen()); calls != 2 {
					t.Errorf("the function was called %d times, want 2", calls)
				}
			})
		})
	}
}

func TestRetriesEndAndSayHowToGoOn(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ attempts, want int }{"by default": {0, 5}, "as configured": {2, 2}, "with one": {1, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &function{script: []answer{{status: http.StatusTooManyRequests, code: "TooManyRequestsException", body: `{}`}}}

			drive(t, f, driver.Config{Attempts: test.attempts}, func(t *testing.T, d *driver.Driver) {
				got, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users"})
				var throttled *types.TooManyRequestsException
				if !asError(err, &throttled) || !strings.Contains(err.Error(), "times in a row, invoke it again later") {
					t.Errorf("got %v, want a throttling and what to do", err)
				}
				if calls := len(f.seen()); calls != test.want {
					t.Errorf("the function was called %d times, want %d", calls, test.want)
				}
				if got.ExportID == "" || got.ExportID != f.ids[0] {
					t.Errorf("the result names export %q, the function was given %q", got.ExportID, f.ids[0])
				}
			})
		})
	}
}

func TestTheWaitsBetweenRetriesGrowWithFullJitterUpToTheirBound(t *testing.T) {
	t.Parallel()
	const runs = 200
	bounds := []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second}
	config := driver.Config{Attempts: len(bounds) + 1, BaseDelay: 2 * time.Second, MaxDelay: 10 * time.Second}
	largest := make([]time.Duration, len(bounds))
	f := &function{script: []answer{failure("RateLimited")}}

	drive(t, f, config, func(t *testing.T, d *driver.Driver) {
		for range runs {
			first := len(f.seen())
			if _, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users"}); err == nil {
				t.Fatal("it succeeded")
			}
			times := f.times()[first:]
			for i := range bounds {
				largest[i] = max(largest[i], times[i+1]-times[i])
			}
		}
	})

	for i, bound := range bounds {
		// 200 draws that are all below nine tenths happen once in 10^9 runs.
		if largest[i] > bound || largest[i] < bound*9/10 {
			t.Errorf("the longest wait %d was %s, want just under %s", i+1, largest[i], bound)
		}
	}
}

func TestTheLogTellsOfWaitsAndRetriesButNotOfPayloads(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	f := &function{script: []answer{failure("RateLimited"), goOn("budget", 7), complete()}}

	drive(t, f, driver.Config{Logger: slog.New(slog.NewJSONHandler(&out, nil))}, func(t *testing.T, d *driver.Driver) {
		event := json.RawMessage(`{"export_id":"e-1","state":"canary-of-the-event"}`)
		if _, err := d.Export(t.Context(), driver.Request{FunctionName: "export-users", Event: event}); err != nil {
			t.Fatal(err)
		}
	})

	for _, want := range []string{`"level":"WARN"`, `"attempt":1`, "RateLimited: of the test", `"wait_seconds":7`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, out.String())
		}
	}
	for _, never := range []string{"canary-of-the-event", "s3://bucket", "cursor=2"} {
		if strings.Contains(out.String(), never) {
			t.Errorf("the log holds %s:\n%s", never, out.String())
		}
	}
}
