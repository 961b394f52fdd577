package export_test

import (
	"slices"
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
		bubble(t, string(kind), func(t *testing.T) {
			w := newWorld(3, 2)
			waits := exporttest.Tokenless()
			waits.Named = kind
			w.listing.Fault(0, waits, waits, waits, waits)

			for range 4 {
				did := w.invoke(t.Context(), nil)
				did.wantFailure(t, kind)

				if did.stats.InvocationsWithoutProgress != 0 || did.stats.InvocationsContinued != 0 {
					t.Errorf("the numbers of the invocation are %+v, want no continue", did.stats)
				}
			}

			w.mustComplete(t)
		})
	}
}

// stalls wants the third invocation in a row to be an error of that kind, and each of the three to count.
func (w *world) stalls(t *testing.T, fault exporttest.Fault, reason string, want failure.Kind, says string) {
	t.Helper()

	for try := range 3 {
		did := w.invoke(t.Context(), fault)
		if did.stats.InvocationsWithoutProgress != 1 {
			t.Errorf("try %d: the numbers of the invocation are %+v, want it to count", try+1, did.stats)
		}

		if try == 2 {
			did.wantFailure(t, want, says)
			break
		}

		did.wantContinue(t, reason)
		did.wait()
	}
}

func TestX14ThirdInvocationInARowWithoutAPageNamesWhatTookItsTimeAndTheCountBeginsAnew(t *testing.T) {
	t.Parallel()

	hangs := exporttest.PageFault{Latency: time.Hour}
	slowStore := onEach(exporttest.OpList, "", exporttest.Action{Delay: 40 * time.Second})

	for name, test := range map[string]struct {
		page   exporttest.PageFault
		fault  exporttest.Fault
		reason string
		kind   failure.Kind
		says   string
	}{
		"a page that never comes":             {hangs, nil, export.ReasonBudget, failure.UpstreamUnavailable, "the API"},
		"a server that asks to wait":          {exporttest.Busy(2 * time.Minute), nil, export.ReasonRateLimited, failure.UpstreamUnavailable, "the API"},
		"throttling":                          {exporttest.Throttled(2 * time.Minute), nil, export.ReasonRateLimited, failure.RateLimited, "throttled"},
		"a store that takes most of the time": {hangs, slowStore, export.ReasonBudget, failure.NoProgress, "the store"},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2)
			w.listing.Fault(0, slices.Repeat([]exporttest.PageFault{test.page}, 6)...)

			for range 2 {
				w.stalls(t, test.fault, test.reason, test.kind, test.says)

				if test.reason == export.ReasonRateLimited { // what the last one met still binds
					did := w.invoke(t.Context(), nil)
					did.wantContinue(t, export.ReasonRateLimited)
					did.wantNoRequest(t)

					did.wait()
				}
			}

			w.mustComplete(t)
		})
	}
}

// Where the API fails and the export's own pace keeps it from asking again in time, the failure is what counts: the row ends.
func TestPaceThatFollowsAFailedRequestDoesNotHideTheFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.perMinute, w.timeout = 2, 30*time.Second
		w.listing.Fault(0, exporttest.Broken(), exporttest.Broken(), exporttest.Broken())

		w.stalls(t, nil, export.ReasonRateLimited, failure.UpstreamUnavailable, "the API")
	})
}
