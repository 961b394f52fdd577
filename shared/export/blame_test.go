package export_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

func TestInvocationThatGotNoPageBecauseTheTokenDidNotComeEndsAtOnceAsThat(t *testing.T) {
	t.Parallel()

	for _, kind := range []failure.Kind{failure.TokenUnavailable, failure.StorageUnavailable} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				waits := exporttest.Tokenless()
				waits.Named = kind
				w.listing.Fault(0, waits, waits, waits, waits)

				for range 4 {
					did := w.invoke(t.Context(), nil)
					wantKind(t, did.err, kind)

					if did.stats.InvocationsWithoutProgress != 0 || did.stats.InvocationsContinued != 0 {
						t.Errorf("the numbers of the invocation are %+v, want no continue", did.stats)
					}
				}

				w.complete(t, nil)
				w.mustHold(t)
			})
		})
	}
}

func TestTimeThatEndsInAWaitForATokenAfterAPageIsTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.listing.Fault(1, exporttest.Tokenless())

		did := w.invoke(t.Context(), nil)
		if did.err != nil || did.Reason != export.ReasonBudget || did.Pages != 1 || did.stats.InvocationsWithoutProgress != 0 {
			t.Errorf("got %+v and %v, want to be continued behind the page that was read", did.Result, did.err)
		}

		w.complete(t, nil)
		w.mustHold(t)
	})
}

// A failure of the token may be caused by something that passes. That decides nothing: whoever reads tokens has tried again.
func TestFailureOfTheTokenIsNotRetriedForWhatCausedIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.listing.Fault(1, exporttest.PageFault{Err: failure.Because(exporttest.Broken().Err, failure.TokenUnavailable, "the rotator is broken")})

		wantKind(t, w.invoke(t.Context(), nil).err, failure.TokenUnavailable)

		if requests := len(w.listing.Requests()); requests != 2 {
			t.Errorf("%d requests were sent, want 2", requests)
		}
	})
}

// stalls wants the third invocation in a row to be an error of that kind, and each of the three to be counted.
func (w *world) stalls(t *testing.T, fault exporttest.Fault, reason string, want failure.Kind) outcome {
	t.Helper()

	for try := range 3 {
		did := w.invoke(t.Context(), fault)
		if did.stats.InvocationsWithoutProgress != 1 {
			t.Errorf("try %d: the numbers of the invocation are %+v, want it to count", try+1, did.stats)
		}

		if try == 2 {
			wantKind(t, did.err, want)
			return did
		}

		if did.err != nil || did.Reason != reason {
			t.Fatalf("try %d: got %+v and %v, want to be continued for %s", try+1, did.Result, did.err, reason)
		}

		time.Sleep(time.Duration(did.WaitSeconds) * time.Second)
	}

	return outcome{}
}

func TestThirdInvocationInARowWithoutAPageNamesWhatTookItsTime(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		page   exporttest.PageFault
		fault  exporttest.Fault
		reason string
		kind   failure.Kind
		says   string
	}{
		"a page that never comes": {
			exporttest.PageFault{Latency: time.Hour}, nil, export.ReasonBudget, failure.UpstreamUnavailable, "the API",
		},
		"a server that asks to wait": {
			exporttest.Busy(2 * time.Minute), nil, export.ReasonRateLimited, failure.UpstreamUnavailable, "the API",
		},
		"throttling": {
			exporttest.Throttled(2 * time.Minute), nil, export.ReasonRateLimited, failure.RateLimited, "throttled",
		},
		"a store that takes most of the time": {
			exporttest.PageFault{Latency: time.Hour}, func(op, _ string) exporttest.Action {
				if op == exporttest.OpList {
					return exporttest.Action{Delay: 40 * time.Second}
				}

				return exporttest.Action{}
			}, export.ReasonBudget, failure.NoProgress, "the store",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				w.listing.Fault(0, test.page, test.page, test.page)

				if did := w.stalls(t, test.fault, test.reason, test.kind); !strings.Contains(did.err.Error(), test.says) {
					t.Errorf("the failure is %q, want it to name %s", did.err, test.says)
				}

				w.complete(t, nil)
				w.mustHold(t)
			})
		})
	}
}

// Where the API fails and the export's own pace keeps it from asking again in time, the failure is what counts: the row ends.
func TestPaceThatFollowsAFailedRequestDoesNotHideTheFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.perMinute, w.timeout, w.reserve = 2, 30*time.Second, 10*time.Second
		w.listing.Fault(0, exporttest.Broken(), exporttest.Broken(), exporttest.Broken())

		w.stalls(t, nil, export.ReasonRateLimited, failure.UpstreamUnavailable)
	})
}
