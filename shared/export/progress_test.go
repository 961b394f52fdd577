package export_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

func TestX14InvocationStopsInTimeWhateverAPageTakes(t *testing.T) {
	t.Parallel()

	type faults = []exporttest.PageFault

	lasts := func(seconds int) exporttest.PageFault {
		return exporttest.PageFault{Latency: time.Duration(seconds) * time.Second}
	}

	for name, test := range map[string]struct {
		faults          faults
		pages, requests int64 // a page that will not fit is not asked for
		took            time.Duration
	}{
		"a first in the reserve":  {slices.Repeat(faults{lasts(28)}, 2), 1, 1, 28 * time.Second}, // and so does the next invocation's
		"even pages":              {slices.Repeat(faults{lasts(3)}, 10), 6, 6, 18 * time.Second},
		"one that hangs":          {faults{lasts(1), lasts(1), lasts(3600), lasts(1)}, 2, 3, 20 * time.Second},
		"a first that hangs":      {faults{lasts(3600)}, 0, 1, 29 * time.Second},
		"longer and longer":       {faults{lasts(1), lasts(2), lasts(4), lasts(8), lasts(16)}, 4, 4, 15 * time.Second},
		"just as long as is left": {slices.Repeat(faults{lasts(10)}, 3), 1, 1, 10 * time.Second},
		"a wait for a token":      {faults{lasts(1), exporttest.Tokenless()}, 1, 2, 20 * time.Second},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(ones(10)...)
			w.timeout = 30 * time.Second

			for page, fault := range test.faults {
				w.listing.Fault(page, fault)
			}

			begun := time.Now()
			did := w.invoke(t.Context(), nil)
			did.wantContinue(t, export.ReasonBudget)
			w.wantRequests(t, int(test.requests))

			if took := time.Since(begun); took != test.took || did.Pages != test.pages || (did.stats.InvocationsWithoutProgress == 1) != (test.pages == 0) {
				t.Errorf("got %+v and %+v after %s of %s, want %d pages after %s", did.Result, did.stats, took, w.timeout, test.pages, test.took)
			}

			w.mustComplete(t)
		})
	}
}

func TestX14InvocationsThatDoNotCount(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		alter  func(cp *export.Checkpoint)
		fault  exporttest.Fault
		reason string
	}{
		"busy":   {func(cp *export.Checkpoint) { cp.Owner, cp.LeaseUntil = "0123", time.Now().Add(time.Minute) }, nil, export.ReasonBusy},
		"early":  {func(cp *export.Checkpoint) { cp.NotBefore = time.Now().Add(time.Hour) }, nil, export.ReasonRateLimited},
		"killed": {func(*export.Checkpoint) {}, onEach(exporttest.OpFetch, "", failing(exporttest.KillBefore)), ""},
	} {
		bubble(t, name, func(t *testing.T) {
			w := interrupted(t)
			w.alter(t, func(cp *export.Checkpoint) { cp.Stalled = 2; test.alter(cp) })

			for range 3 {
				did := w.invoke(t.Context(), test.fault)
				if did.Reason != test.reason || did.stats.InvocationsWithoutProgress != 0 || w.checkpoint(t).Stalled != 2 {
					t.Errorf("got %+v, %+v and %v, want it not to count", did.Result, did.stats, did.err)
				}

				if did.killed {
					time.Sleep(w.timeout)
				}
			}

			time.Sleep(time.Hour)
			w.complete(t, nil)
			w.mustBeWhole(t)
		})
	}
}

// A committed page ends the row, also where the invocation that committed it was killed afterwards.
func TestX14PageThatWasCommittedByAKilledInvocationEndsTheRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(6)...)
		w.interrupt(t, 2)
		w.alter(t, func(cp *export.Checkpoint) { cp.Stalled = 2 })

		killed := w.invoke(t.Context(), w.lives(onNth(exporttest.OpPut, "", 3, failing(exporttest.KillBefore))))
		if cp := w.checkpoint(t); !killed.killed || cp.Stalled != 0 || cp.Position.Pages != 4 {
			t.Errorf("the checkpoint counts %d stalls and %d pages, want pages 3 and 4 to be committed before the kill", cp.Stalled, cp.Position.Pages)
		}
	})
}

func TestInvocationWhoseCallerGoesAwayEndsByName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.listing.Latency = time.Second

		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()

		// The deadline of the invocation is later than the end of its context.
		w.zombie(ctx, nil).wantFailure(t, failure.StorageUnavailable)

		time.Sleep(time.Minute)
		w.mustComplete(t)
	})
}

func TestProcessThatIsAskedToEndCommitsWhatItReadAndReleasesTheLease(t *testing.T) {
	t.Parallel()

	for name, page := range map[string]exporttest.PageFault{
		"while a page is read":               {Latency: time.Hour},
		"while it waits for a throttled API": exporttest.Throttled(9 * time.Second),
		"while it waits for a token":         exporttest.Tokenless(),
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			w.partBytes = 1 << 20
			w.stopping = make(chan struct{})
			w.listing.Fault(2, page)
			time.AfterFunc(5*time.Second, func() { close(w.stopping) })

			begun := time.Now()
			did := w.invoke(t.Context(), nil)
			did.wantContinue(t, export.ReasonBudget)

			if took := time.Since(begun); took != 5*time.Second || did.Pages != 2 || did.Parts != 1 {
				t.Errorf("got %+v after %s, want what was read to be committed at once after 5 s", did.Result, took)
			}

			w.stopping = nil
			w.mustComplete(t) // and not busy
		})
	}
}

// Asked to end at any operation, an invocation ends in good order, and so do those that are asked before they read a page: none
// of them counts. The next one goes on at once.
func TestProcessThatIsAskedToEndAnywhereLeavesTheExportToTheNextOne(t *testing.T) {
	t.Parallel()

	anywhere(t, scenarios(), map[string]struct{}{"asked to end": {}},
		func(t *testing.T, s scenario, w *world, operation int, _ struct{}) {
			w.stopping = make(chan struct{})
			fault := w.lives(at(operation, after(func() { close(w.stopping) })))

			for range 10 {
				did := w.invoke(t.Context(), fault)
				if did.err != nil || did.Reason == export.ReasonBusy || did.stats.InvocationsWithoutProgress != 0 {
					t.Fatalf("got %+v, %+v and %v, want a stop in good order", did.Result, did.stats, did.err)
				}
			}

			w.stopping = nil
			s.hold(t, w, w.lives(nil))
		})
}

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
