package exporter_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"

	gocmp "github.com/google/go-cmp/cmp"
)

const (
	conversations = "/api/v2/analytics/conversations/details/jobs"
	aDay          = "1999-12-28T00:00:00Z/1999-12-29T00:00:00Z"
	threeDays     = "1999-12-28T10:00:00Z/1999-12-30T08:00:00Z" // before a bubble's clock begins, in three windows
)

// days are the windows of threeDays.
func days() []string {
	return []string{"1999-12-28T10:00:00Z/1999-12-29T00:00:00Z", "1999-12-29T00:00:00Z/1999-12-30T00:00:00Z", "1999-12-30T00:00:00Z/1999-12-30T08:00:00Z"}
}

// histories is an organisation with some events a day, whose jobs take so long.
func histories(jobTime time.Duration, faults ...genesyssim.Fault) genesyssim.Config {
	return genesyssim.Config{
		Sizes: map[string]int{"conversations": 30, "audits": 24, "user-status": 26}, JobTime: jobTime, AvailabilityLag: 6 * time.Hour, Faults: faults,
	}
}

// ofConversations is an event that exports the conversations of an interval.
func ofConversations(interval string) string {
	return fmt.Sprintf(`{"export_id":"e1","listing":"conversations","interval":%q}`, interval)
}

// history is a new process of the function that exports histories, in small pages.
func (w *world) history(variables ...string) *invocation.Handler {
	return w.processOf(genesys.Histories(), append(variables, "EXPORT_PAGE_SIZE=20")...)
}

// requests is how often the API was asked for that.
func (w *world) requests(method, path string) int64 {
	return w.genesys.Stats().Requests[method+" "+path]
}

// wantWindows wants an export to be what the organisation has in each of the windows, one after the other.
func (w *world) wantWindows(listing string, result export.Result, windows ...string) {
	w.t.Helper()

	var want []byte
	for _, window := range windows {
		want = append(want, w.expected(listing, window)...)
	}

	if got := w.lines(result); !bytes.Equal(got, want) || len(want) == 0 {
		w.t.Errorf("%s: %d bytes were exported, and not the %d of the organisation", listing, len(got), len(want))
	}
}

func TestEveryHistoryIsExportedByteForByteADayAJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories(40*time.Second))

		for _, listing := range genesys.Histories() {
			// Each invocation is one of a new process, which knows nothing but the checkpoint.
			result, _ := w.finish(w.history(), fmt.Sprintf(`{"export_id":"e1","listing":%q,"interval":%q}`, listing.Name, threeDays))
			w.wantWindows(listing.Name, result, days()...)

			if submits := w.requests(http.MethodPost, listing.Path); submits != 3 {
				t.Errorf("%s: %d jobs were submitted for three days", listing.Name, submits)
			}
		}
	})
}

func TestAJobThatIsNotReadyIsPendingLongerEachTimeAndAskedNothingBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories(10*time.Minute))

		var waits []int64

		for result := (export.Result{}); result.Status != export.StatusComplete; {
			result = w.invoke(w.history(), 5*time.Minute, ofConversations(aDay))
			if result.Status == export.StatusComplete {
				break
			}

			waits = append(waits, result.WaitSeconds)
			asked := w.genesys.Stats().Requests

			if early := w.invoke(w.history(), 5*time.Minute, ofConversations(aDay)); early.Reason != export.ReasonPending || result.Reason != export.ReasonPending {
				t.Fatalf("ended as %+v, and invoked too early as %+v", result, early)
			}

			if diff := gocmp.Diff(asked, w.genesys.Stats().Requests); diff != "" {
				t.Errorf("requests although it is too early (-before +after):\n%s", diff)
			}

			time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
		}

		if diff := gocmp.Diff([]int64{5, 10, 20, 40, 80, 120, 120, 120, 120}, waits); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}

		if strings.Contains(w.out.String(), `"InvocationsWithoutProgress":1`) {
			t.Error("pending invocations count as without progress")
		}
	})
}

// until invokes the function as its state machine does until it is complete or fails for good, and returns how many records
// there are or what the failure says. It waits as long as it is asked to, and pause at least.
func (w *world) until(payload string, pause time.Duration) string {
	w.t.Helper()

	for range 1000 {
		reply, err := w.send(w.history(), 5*time.Minute, payload)
		if err != nil {
			failed := reported(w.t, err)
			if !failure.Kind(failed.Type).Retryable() {
				return failed.Type + ": " + failed.Message
			}

			w.storeToken() // as the rotator would
			time.Sleep(5 * time.Second)

			continue
		}

		var result export.Result
		if err := json.Unmarshal(reply, &result); err != nil || result.Status == export.StatusComplete {
			if got, want := w.lines(result), w.expected("conversations", aDay); !bytes.Equal(got, want[:min(len(got), len(want))]) || result.Records < 20 {
				w.t.Errorf("%d records were exported, and not the first of the organisation", result.Records)
			}

			return fmt.Sprintf("%d records", result.Records)
		}

		time.Sleep(max(time.Duration(result.WaitSeconds)*time.Second, pause))
	}

	w.t.Fatal("after 1,000 invocations the export is not complete")

	return ""
}

func TestAJobThatIsReadyAtOnceIsReadByTheInvocationThatSubmitsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories(0))
		begun := time.Now()

		result, invocations := w.finish(w.history(), ofConversations(threeDays))
		if took := time.Since(begun); invocations != len(days()) || took > 10*time.Second {
			t.Errorf("it took %d invocations and %v, want one a day and no wait between them: %+v", invocations, took, result)
		}
	})
}

func TestAnExportThatCannotBeginYetIsToBeContinuedWhenTheAPISays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories(0, genesyssim.Fault{
			Method: http.MethodGet, Path: conversations + "/availability", Status: http.StatusTooManyRequests, RetryAfter: "3600", Limit: 60,
		}))

		result := w.invoke(w.history(), 5*time.Minute, ofConversations(aDay))
		if result.Reason != export.ReasonRateLimited || result.WaitSeconds < 3600 || result.ExportID != "e1" || result.Listing != "conversations" {
			t.Fatalf("got %+v", result)
		}

		time.Sleep(time.Duration(result.WaitSeconds) * time.Second)

		result, _ = w.finish(w.history(), ofConversations(aDay))
		w.wantWindows("conversations", result, aDay)

		if early := w.genesys.Stats().EarlyRequests; len(early) != 0 {
			t.Errorf("early requests: %v", early)
		}
	})
}

// Also where an invocation has time for one request alone: a job that is ready is not looked at again.
func TestAnExportWhoseInvocationsFitOneRequestReadsItsPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories(0))

		result := export.Result{}
		for n := 0; result.Status != export.StatusComplete && n <= 10; n++ {
			time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
			result = w.invoke(w.history("MAX_REQUESTS_PER_MINUTE=1", "RATE_SHARE_PERCENT=100"), time.Minute, ofConversations(aDay))
		}

		w.wantWindows("conversations", result, aDay)
	})
}

func TestAJobThatFailsIsSubmittedAgainTwiceAndThenNamed(t *testing.T) {
	t.Parallel()

	type faults = []genesyssim.Fault
	submit := func(fault genesyssim.Fault) genesyssim.Fault {
		fault.Method, fault.Path = http.MethodPost, conversations
		return fault
	}
	results := func(fault genesyssim.Fault) genesyssim.Fault {
		fault.Method, fault.Path = http.MethodGet, conversations+"/{id}/results"
		return fault
	}
	ends := func(state string, times int) faults {
		return faults{submit(genesyssim.Fault{Job: state, Times: times})}
	}
	gone := genesyssim.Fault{Code: "not.found", Status: http.StatusNotFound}
	goneThrice := gone
	goneThrice.Times = 3

	for name, test := range map[string]struct {
		faults  faults
		jobTime time.Duration
		submits int64
		ends    string // what it says in the end; "": that it is complete
	}{
		"failed twice":                        {ends("FAILED", 2), 0, 3, ""},
		"cancelled and expired are no better": {ends("CANCELLED", 1), 0, 2, ""},
		"gone":                                {ends("GONE", 2), 0, 3, ""},
		"failed three times":                  {ends("FAILED", 3), 0, 3, "its state is FAILED (correlation id "},
		"23 hours":                            {nil, 23 * time.Hour, 1, ""},
		"25 hours":                            {nil, 25 * time.Hour, 1, "is not ready after 24h"},
		"the reply to the submit is lost":     {faults{submit(genesyssim.Fault{Action: genesyssim.ActionResetBody})}, 0, 2, ""},
		"the reply to the submit is a 503":    {faults{submit(genesyssim.Fault{Status: http.StatusServiceUnavailable})}, 0, 2, ""},
		"throttled":                           {faults{submit(genesyssim.Fault{Status: http.StatusTooManyRequests, RetryAfter: "20"})}, 0, 2, ""},
		"the token is rejected":               {faults{submit(genesyssim.Fault{Status: http.StatusUnauthorized})}, 0, 2, ""},
		"results are gone at the first page":  {faults{results(gone)}, 0, 2, ""},
		"results are gone three times":        {faults{results(goneThrice)}, 0, 3, "the job is gone: invoke again later"},
		"results end without an array": {
			faults{results(genesyssim.Fault{Nth: 2, Times: -1, Drop: []string{"conversations", "cursor"}})}, 0, 1, "20 records",
		},
		"a cursor expires before a page was committed": {faults{results(genesyssim.Fault{Nth: 2, Code: "invalid.cursor"})}, 0, 2, ""},
		"a cursor expires after a committed page": { // which the wait has committed
			faults{
				results(genesyssim.Fault{Nth: 2, Status: http.StatusTooManyRequests, RetryAfter: "600"}),
				results(genesyssim.Fault{Nth: 3, Code: "invalid.cursor"}),
			}, 0, 1, "no longer takes the next link",
		},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := newWorld(t, histories(test.jobTime, test.faults...))

			said := w.until(ofConversations(aDay), test.jobTime/50)
			if !strings.Contains(said, cmp.Or(test.ends, "33 records")) {
				t.Errorf("ended as %q, want %q", said, test.ends)
			}

			if got := w.requests(http.MethodPost, conversations); got != test.submits {
				t.Errorf("%d jobs were submitted, want %d", got, test.submits)
			}
		})
	}
}

func TestWhoeverLosesTheCommitOfAJobDeletesItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories(40*time.Second))

		// Once the second job was submitted, the checkpoint is another invocation's: the one with which the export began.
		const checkpoint = "exports/_state/conversations/e1/checkpoint.json"

		var before []byte

		w.front = func(rw http.ResponseWriter, r *http.Request) bool {
			switch lost := w.requests(http.MethodPost, conversations) > 1; {
			case !strings.HasSuffix(r.URL.Path, checkpoint), before != nil && !lost:
				return false
			case r.Method == http.MethodPut && !lost:
				before, _ = io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(before))

				return false
			case !lost:
				return false
			case r.Method == http.MethodPut:
				rw.WriteHeader(http.StatusPreconditionFailed)
			default:
				rw.Header().Set("Etag", `"another"`)
				_, _ = rw.Write(before)
			}

			return true
		}

		w.invoke(w.history(), time.Minute, ofConversations(threeDays))
		time.Sleep(time.Minute)

		result := w.invoke(w.history(), time.Minute, ofConversations(threeDays))
		if deleted := w.requests(http.MethodDelete, conversations+"/{id}"); result.Reason != export.ReasonBusy || deleted != 1 {
			t.Errorf("got %+v, and %d jobs were deleted", result, deleted)
		}
	})
}
