package export_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

func TestX01RateLimitOnAPageIsObeyedAndThePageStandsOnce(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		faults []exporttest.PageFault
		least  time.Duration
	}{
		"Retry-After":          {[]exporttest.PageFault{exporttest.Throttled(7 * time.Second)}, 7 * time.Second},
		"Retry-After 0":        {[]exporttest.PageFault{exporttest.Throttled(0)}, 0},
		"none":                 {[]exporttest.PageFault{exporttest.ThrottledUntold()}, 0},
		"503 with Retry-After": {[]exporttest.PageFault{exporttest.Busy(4 * time.Second)}, 4 * time.Second},
		"three in a row": {
			[]exporttest.PageFault{exporttest.Throttled(3 * time.Second), exporttest.ThrottledUntold(), exporttest.Throttled(5 * time.Second)}, 8 * time.Second,
		},
		"more than the attempts": {
			[]exporttest.PageFault{
				exporttest.ThrottledUntold(), exporttest.ThrottledUntold(), exporttest.ThrottledUntold(), exporttest.ThrottledUntold(),
				exporttest.ThrottledUntold(), exporttest.ThrottledUntold(), exporttest.ThrottledUntold(),
			}, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2, 4)
				w.listing.Fault(1, test.faults...)

				begun := time.Now()
				did := w.invoke(t.Context(), nil)

				if did.err != nil || did.Status != export.StatusComplete {
					t.Fatalf("got %+v and %v, want a complete export", did.Result, did.err)
				}

				if took := time.Since(begun); took < test.least {
					t.Errorf("the export took %s, the limits alone ask for %s", took, test.least)
				}

				if got, want := did.stats.RequestsRetried, int64(len(test.faults)); got != want {
					t.Errorf("%d requests were sent again, want %d", got, want)
				}

				if early := w.listing.Early(); early != 0 {
					t.Errorf("%d requests were sent too early", early)
				}

				w.mustHold(t)
			})
		})
	}
}

func TestX02RetryAfterBeyondTheTimeLeftIsHandedOverAndNotSlept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.listing.Fault(1, exporttest.Throttled(90*time.Second))

		begun := time.Now()
		did := w.invoke(t.Context(), nil)

		if billed := time.Since(begun); billed > time.Second {
			t.Errorf("%s were slept and billed", billed)
		}

		if did.err != nil || did.Status != export.StatusContinue || did.Reason != export.ReasonRateLimited {
			t.Fatalf("got %+v and %v, want to be continued for a rate limit", did.Result, did.err)
		}

		// At most a tenth, and a second, is added, so that callers told the same do not come at once.
		if did.WaitSeconds < 90 || did.WaitSeconds > 91 {
			t.Errorf("wait_seconds is %d, want 90 to 91", did.WaitSeconds)
		}

		if did.Pages != 1 || did.Records != 3 || did.Parts != 1 {
			t.Errorf("got %d pages, %d records and %d parts, want what was read before the limit", did.Pages, did.Records, did.Parts)
		}

		if did.stats.WaitHandedOver < 90*time.Second || did.stats.InvocationsContinued != 1 || did.stats.RequestsThrottled != 1 {
			t.Errorf("the numbers of the invocation are %+v", did.stats)
		}

		time.Sleep(time.Duration(did.WaitSeconds) * time.Second)
		w.complete(t, nil)
		w.mustHold(t)

		if early := w.listing.Early(); early != 0 {
			t.Errorf("%d requests were sent too early", early)
		}
	})
}

func TestX02InvocationBeforeTheLimitHasPassedAsksNothingAndSaysSoAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.listing.Fault(1, exporttest.Throttled(90*time.Second))

		first := w.invoke(t.Context(), nil)

		// Early invocations are no continues in a row, however many there are.
		for early := range 8 {
			time.Sleep(10 * time.Second)

			did := w.invoke(t.Context(), nil)
			if did.err != nil || did.Reason != export.ReasonRateLimited {
				t.Fatalf("early invocation %d: got %+v and %v", early, did.Result, did.err)
			}

			if did.count(exporttest.OpFetch) != 0 || did.writes() != 0 {
				t.Errorf("early invocation %d made the calls %v, want to look only", early, did.calls)
			}

			if want := first.WaitSeconds - int64(10*(early+1)); did.WaitSeconds < want-1 || did.WaitSeconds > want+1 {
				t.Errorf("early invocation %d: wait_seconds is %d, want about %d", early, did.WaitSeconds, want)
			}
		}

		w.complete(t, nil)
		w.mustHold(t)

		if early := w.listing.Early(); early != 0 {
			t.Errorf("%d requests were sent too early", early)
		}
	})
}

// The stop that was to write the limit down fails in every way; the limit binds all the same as long as one write gets
// through.
func TestX02RateLimitStandsInTheCheckpointAlthoughTheStopFailed(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]exporttest.Fault{
		"the part is not written":         on(exporttest.OpPut, ".jsonl.gz", exporttest.Action{Effect: exporttest.FailBefore}),
		"the part's reply is lost":        on(exporttest.OpPut, ".jsonl.gz", exporttest.Action{Effect: exporttest.FailAfter}),
		"the checkpoint is not written":   on(exporttest.OpReplace, checkpointName, exporttest.Action{Effect: exporttest.FailBefore}),
		"the checkpoint's reply is lost":  on(exporttest.OpReplace, checkpointName, exporttest.Action{Effect: exporttest.FailAfter}),
		"the checkpoint is written later": on(exporttest.OpReplace, checkpointName, exporttest.Action{Effect: exporttest.FailLate}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2, 4)
				w.partBytes = 1 << 20
				w.listing.Fault(1, exporttest.Throttled(90*time.Second))

				did := w.invoke(t.Context(), fault)
				wantKind(t, did.err, failure.StorageUnavailable)
				w.store.Land()

				next := w.invoke(t.Context(), nil)
				if next.err != nil || next.Reason != export.ReasonRateLimited || next.count(exporttest.OpFetch) != 0 {
					t.Fatalf("got %+v and %v, want to be told of the limit at once", next.Result, next.err)
				}

				w.complete(t, nil)
				w.mustHold(t)

				if early := w.listing.Early(); early != 0 {
					t.Errorf("%d requests were sent too early", early)
				}
			})
		})
	}
}

func TestX02WrittenLimitIsNeverEarlierThanTheOneThatWasMet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, 1)
		time.Sleep(time.Nanosecond) // the clock stands between two milliseconds, which is as fine as documents are
		w.listing.Fault(0, exporttest.Throttled(90*time.Second))

		// No time passes from the meeting of the limit to here, so that this is when it ends, spread included.
		until := time.Now().Add(w.invoke(t.Context(), nil).stats.WaitHandedOver)

		body, _ := w.store.Object(exporttest.DocumentKey(checkpointName))

		var cp checkpointDocument
		if err := json.Unmarshal(body, &cp); err != nil {
			t.Fatal(err)
		}

		written, err := time.Parse(time.RFC3339Nano, cp.NotBefore)
		if err != nil || written.Before(until) || written.Sub(until) > time.Millisecond {
			t.Errorf("the checkpoint says %s (%v), the limit holds until %s", cp.NotBefore, err, until)
		}
	})
}

func TestX03PassingFaultsAreRetriedAndAPartialPageIsNeverWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.listing.Fault(0, exporttest.Broken(), exporttest.Broken())
		w.listing.Fault(1, exporttest.Broken())
		w.listing.Fault(2, exporttest.Broken(), exporttest.Broken(), exporttest.Broken(), exporttest.Broken())

		did := w.invoke(t.Context(), nil)
		if did.err != nil || did.Status != export.StatusComplete || did.stats.RequestsRetried != 7 || did.stats.PagesFetched != 3 {
			t.Fatalf("got %+v, %+v and %v, want a complete export after 7 retries", did.Result, did.stats, did.err)
		}

		w.mustHold(t)
	})
}

func TestX03SpentAttemptsAreUpstreamUnavailableAndWhatWasReadStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.partBytes = 1 << 20
		w.listing.Fault(2, exporttest.Broken(), exporttest.Broken(), exporttest.Broken(), exporttest.Broken(), exporttest.Broken())

		did := w.invoke(t.Context(), nil)
		wantKind(t, did.err, failure.UpstreamUnavailable)

		if got := len(w.listing.Requests()); got != 2+w.attempts {
			t.Errorf("%d requests were sent, want %d", got, 2+w.attempts)
		}

		again := w.invoke(t.Context(), nil)
		if again.err != nil || again.Status != export.StatusComplete || again.stats.PagesFetched != 1 {
			t.Errorf("got %+v and %v after %d pages, want the last page alone", again.Result, again.err, again.stats.PagesFetched)
		}

		w.mustHold(t)
	})
}

func TestX05RefusalIsANamedFailureAtOnceAndTheCheckpointIsKept(t *testing.T) {
	t.Parallel()

	for _, kind := range []failure.Kind{
		failure.Forbidden, failure.CursorExpired, failure.UpstreamInvalid, failure.InvalidInput, failure.TokenUnavailable, failure.InvalidCredentials,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2, 4)
				w.partBytes = 1 << 20
				w.listing.Fault(1, exporttest.Refused(kind))

				did := w.invoke(t.Context(), nil)
				wantKind(t, did.err, kind)

				if got := len(w.listing.Requests()); got != 2 {
					t.Errorf("%d requests were sent, want none after the refusal", got)
				}

				again := w.invoke(t.Context(), nil)
				if diff := cmp.Diff(export.StatusComplete, again.Status); diff != "" || again.stats.PagesFetched != 2 {
					t.Errorf("once it is allowed: got %+v and %v, want the other two pages alone", again.Result, again.err)
				}

				w.mustHold(t)
			})
		})
	}
}
