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

// histories is an organisation with some events a day.
func histories(faults ...genesyssim.Fault) genesyssim.Config {
	return genesyssim.Config{
		Sizes: map[string]int{"conversations": 30, "audits": 24, "user-status": 26}, JobTime: 40 * time.Second, AvailabilityLag: 6 * time.Hour, Faults: faults,
	}
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
		w := newWorld(t, histories())

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
		organisation := histories()
		organisation.JobTime = 10 * time.Minute
		w := newWorld(t, organisation)

		const payload = `{"export_id":"e1","listing":"conversations","interval":"` + aDay + `"}`

		var waits []int64

		for result := (export.Result{}); result.Status != export.StatusComplete; {
			result = w.invoke(w.history(), 5*time.Minute, payload)
			if result.Status == export.StatusComplete {
				break
			}

			waits = append(waits, result.WaitSeconds)
			asked := w.genesys.Stats().Requests

			if early := w.invoke(w.history(), 5*time.Minute, payload); early.Reason != export.ReasonPending || result.Reason != export.ReasonPending {
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
		organisation := histories()
		organisation.JobTime = 0
		w := newWorld(t, organisation)
		begun := time.Now()

		result, invocations := w.finish(w.history(), `{"export_id":"e1","listing":"conversations","interval":"`+threeDays+`"}`)
		if took := time.Since(begun); invocations != len(days()) || took > 10*time.Second {
			t.Errorf("it took %d invocations and %v, want one a day and no wait between them: %+v", invocations, took, result)
		}
	})
}

func TestAnExportThatCannotBeginYetIsToBeContinuedWhenTheAPISays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories(genesyssim.Fault{
			Method: http.MethodGet, Path: conversations + "/availability", Status: http.StatusTooManyRequests, RetryAfter: "3600", Limit: 60,
		}))

		const payload = `{"export_id":"e1","listing":"conversations","interval":"` + aDay + `"}`

		result := w.invoke(w.history(), 5*time.Minute, payload)
		if result.Reason != export.ReasonRateLimited || result.WaitSeconds < 3600 || result.ExportID != "e1" || result.Listing != "conversations" {
			t.Fatalf("got %+v", result)
		}

		time.Sleep(time.Duration(result.WaitSeconds) * time.Second)

		result, _ = w.finish(w.history(), payload)
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
		organisation := histories()
		organisation.JobTime = 0
		w := newWorld(t, organisation)

		for invocations := 1; ; invocations++ {
			h := w.history("MAX_REQUESTS_PER_MINUTE=1", "RATE_SHARE_PERCENT=100")
			result := w.invoke(h, time.Minute, `{"export_id":"e1","listing":"conversations","interval":"`+aDay+`"}`)

			if result.Status == export.StatusComplete {
				w.wantWindows("conversations", result, aDay)
				break
			}

			if invocations > 10 {
				t.Fatalf("after %d invocations got %+v", invocations, result)
			}

			time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
		}
	})
}

func TestAJobThatFailsIsSubmittedAgainTwiceAndThenNamed(t *testing.T) {
	t.Parallel()

	fails := func(state string, times int) genesyssim.Fault {
		return genesyssim.Fault{Method: http.MethodPost, Path: conversations, Job: state, Times: times}
	}

	for name, test := range map[string]struct {
		fault   genesyssim.Fault
		jobTime time.Duration
		submits int64
		ends    string // what it says in the end; "": that it is complete
	}{
		"failed twice":                        {fails("FAILED", 2), 0, 3, ""},
		"cancelled and expired are no better": {fails("CANCELLED", 1), 0, 2, ""},
		"gone":                                {fails("GONE", 2), 0, 3, ""},
		"failed three times":                  {fails("FAILED", 3), 0, 3, "its state is FAILED (correlation id "},
		"23 hours":                            {fails("FAILED", 0), 23 * time.Hour, 1, ""},
		"25 hours":                            {fails("FAILED", 0), 25 * time.Hour, 1, "is not ready after 24h"},
		"the reply to the submit is lost": {
			genesyssim.Fault{Method: http.MethodPost, Path: conversations, Action: genesyssim.ActionResetBody}, 0, 2, "",
		},
		"the reply to the submit is a 503": {
			genesyssim.Fault{Method: http.MethodPost, Path: conversations, Status: http.StatusServiceUnavailable}, 0, 2, "",
		},
		"throttled": {
			genesyssim.Fault{Method: http.MethodPost, Path: conversations, Status: http.StatusTooManyRequests, RetryAfter: "20"}, 0, 2, "",
		},
		"the token is rejected": {
			genesyssim.Fault{Method: http.MethodPost, Path: conversations, Status: http.StatusUnauthorized}, 0, 2, "",
		},
		"results are gone at the first page": {
			genesyssim.Fault{Method: http.MethodGet, Path: conversations + "/{id}/results", Code: "not.found", Status: http.StatusNotFound}, 0, 2, "",
		},
		"results are gone three times": {
			genesyssim.Fault{Method: http.MethodGet, Path: conversations + "/{id}/results", Code: "not.found", Status: http.StatusNotFound, Times: 3}, 0, 3, "the job is gone: invoke again later",
		},
		"results end without an array": {
			genesyssim.Fault{Method: http.MethodGet, Path: conversations + "/{id}/results", Nth: 2, Times: -1, Drop: []string{"conversations", "cursor"}}, 0, 1, "20 records",
		},
		"a cursor expires before a page was committed": {
			genesyssim.Fault{Method: http.MethodGet, Path: conversations + "/{id}/results", Nth: 2, Code: "invalid.cursor"}, 0, 2, "",
		},
		"a cursor expires after a committed page": { // which the wait has committed
			genesyssim.Fault{Method: http.MethodGet, Path: conversations + "/{id}/results", Nth: 2, Status: http.StatusTooManyRequests, RetryAfter: "600"}, 0, 1, "no longer takes the next link",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				organisation := histories()
				if test.fault.Times != 0 || test.fault.Job == "" {
					organisation.Faults = []genesyssim.Fault{test.fault}
				}

				if strings.Contains(test.ends, "next link") {
					organisation.Faults = append(organisation.Faults, genesyssim.Fault{Method: http.MethodGet, Path: test.fault.Path, Nth: 3, Code: "invalid.cursor"})
				}

				organisation.JobTime = test.jobTime
				w := newWorld(t, organisation)

				said := w.until(`{"export_id":"e1","listing":"conversations","interval":"`+aDay+`"}`, test.jobTime/50)
				if !strings.Contains(said, cmp.Or(test.ends, "33 records")) {
					t.Errorf("ended as %q, want %q", said, test.ends)
				}

				if got := w.requests(http.MethodPost, conversations); got != test.submits {
					t.Errorf("%d jobs were submitted, want %d", got, test.submits)
				}
			})
		})
	}
}

func TestSinceLastBeginsAtTheWatermarkLessTheLookBackAndEndsWhereDataDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories())
		export := func(id, options string) (interval string, result export.Result) {
			t.Helper()

			result, _ = w.finish(w.history(), fmt.Sprintf(`{"export_id":%q,"listing":"conversations","since_last":true%s}`, id, options))

			var query struct {
				Interval string `json:"interval"`
			}
			if err := json.Unmarshal(w.manifest(result).Query.Canonical, &query); err != nil {
				t.Fatal(err)
			}

			return query.Interval, result
		}
		wantWatermark := func(through, id string) {
			t.Helper()

			var got struct {
				SchemaVersion int    `json:"schema_version"`
				Environment   string `json:"environment"`
				Through       string `json:"through"`
				ExportID      string `json:"export_id"`
			}
			if err := json.Unmarshal(w.object("exports/_state/conversations/watermark.json"), &got); err != nil {
				t.Fatal(err)
			}

			if got.SchemaVersion != 1 || got.Environment != genesysHost || got.Through != through || got.ExportID != id {
				t.Errorf("the watermark is %+v, want %s by %s", got, through, id)
			}
		}

		w.until(`{"listing":"conversations","since_last":true}`, 0) // what is to be sent the first time is shown in genesys

		// The bubble's clock began a minute before 0:01, and data lag by six hours.
		interval, first := export("first", `,"start":"1999-12-30T12:00:00Z"`)
		if interval != "1999-12-30T12:00:00Z/1999-12-31T18:01:00Z" {
			t.Errorf("the first export is of %s", interval)
		}

		w.wantWindows("conversations", first, "1999-12-30T12:00:00Z/1999-12-31T00:00:00Z", "1999-12-31T00:00:00Z/1999-12-31T18:01:00Z")
		wantWatermark("1999-12-31T18:01:00Z", "first")

		time.Sleep(24 * time.Hour)
		w.storeToken()
		began := time.Now().Add(-6 * time.Hour).UTC().Format("2006-01-02T15:04:05.999Z")

		if interval, _ := export("second", `,"look_back_hours":2`); interval != "1999-12-31T16:01:00Z/"+began {
			t.Errorf("the second export is of %s, and began at %s less six hours", interval, began)
		}

		wantWatermark(began, "second")

		if again, _ := export("first", ""); again != interval {
			t.Errorf("the first export, asked for again, is of %s", again)
		}

		wantWatermark(began, "second")
	})
}

func TestNothingNewIsCompleteWithoutAJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		organisation := histories()
		organisation.AvailableUntil = time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)
		w := newWorld(t, organisation)
		h := w.history()

		w.finish(h, `{"export_id":"e1","listing":"user-status","since_last":true,"start":"1999-12-30T00:00:00Z"}`)
		submits := w.requests(http.MethodPost, "/api/v2/analytics/users/details/jobs")

		result, invocations := w.finish(h, `{"export_id":"e2","listing":"user-status","since_last":true}`)
		if result.Records != 0 || result.Reason != export.ReasonEnd || invocations != 1 || len(w.manifest(result).Parts) != 0 {
			t.Errorf("after %d invocations got %+v, want an empty export", invocations, result)
		}

		if got := w.requests(http.MethodPost, "/api/v2/analytics/users/details/jobs"); got != submits {
			t.Errorf("%d jobs were submitted", got-submits)
		}
	})
}

func TestAWatermarkThatCannotBeMeantIsRefusedByName(t *testing.T) {
	t.Parallel()

	const document = `{"schema_version":%d,"environment":%q,"through":%q,"export_id":"e0"}`

	for name, watermark := range map[string]string{
		"of another environment": fmt.Sprintf(document, 1, "mypurecloud.de", "1999-12-30T00:00:00Z"),
		"is none that this":      `null`,
		"lies past what is":      fmt.Sprintf(document, 1, genesysHost, "1999-12-31T23:00:00Z"),
		"by newer code":          fmt.Sprintf(document, 2, genesysHost, "1999-12-30T00:00:00Z"),
		"none that this code":    `{"schema_version":1}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, histories())
			w.put("exports/_state/audits/watermark.json", watermark)
			w.put("exports/_state/conversations/watermark.json", watermark)

			_, err := w.send(w.history(), time.Minute, `{"listing":"conversations","since_last":true}`)
			if failed := reported(t, err); failed.Type != string(failure.InvalidInput) || !strings.Contains(failed.Message, "s3://exports/exports/_state/conversations/watermark.json") {
				t.Errorf("%s: got %s: %s", name, failed.Type, failed.Message)
			}
		})
	}
}

func TestWhoeverLosesTheCommitOfAJobDeletesItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories())

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

		const payload = `{"export_id":"e1","listing":"conversations","interval":"` + threeDays + `"}`

		w.invoke(w.history(), time.Minute, payload)
		time.Sleep(time.Minute)

		result := w.invoke(w.history(), time.Minute, payload)
		if deleted := w.requests(http.MethodDelete, conversations+"/{id}"); result.Reason != export.ReasonBusy || deleted != 1 {
			t.Errorf("got %+v, and %d jobs were deleted", result, deleted)
		}
	})
}

func TestTwoExportsSinceTheLastAtOnceOverlapAndTheWatermarkNeverMovesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories())
		h := w.history()

		const payload = `{"export_id":%q,"listing":"conversations","since_last":true,"start":"1999-12-31T00:00:00Z"}`

		if older := w.invoke(h, 5*time.Minute, fmt.Sprintf(payload, "older")); older.Reason != export.ReasonPending {
			t.Fatalf("got %+v", older)
		}

		time.Sleep(time.Hour)

		newer, _ := w.finish(h, fmt.Sprintf(payload, "newer"))
		through := w.object("exports/_state/conversations/watermark.json")
		older, _ := w.finish(h, fmt.Sprintf(payload, "older"))

		if older.Records == 0 || newer.Records < older.Records {
			t.Errorf("%d and %d records", older.Records, newer.Records)
		}

		if diff := gocmp.Diff(string(through), string(w.object("exports/_state/conversations/watermark.json"))); diff != "" {
			t.Errorf("the watermark (-newer +older):\n%s", diff)
		}
	})
}
