package export_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

func TestFirstPageMayUseTheReserveSoThatEveryInvocationReadsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.timeout = 30 * time.Second
		w.listing.Latency = 28 * time.Second // more than the deadline less the reserve leaves

		for page := range int64(2) {
			did := w.invoke(t.Context(), nil)
			did.wantWait(t, export.ReasonBudget, 0, 0)

			if did.Pages != page+1 {
				t.Fatalf("got %+v, want page %d", did.Result, page+1)
			}
		}

		w.invoke(t.Context(), nil).wantComplete(t)
		w.mustHold(t)
	})
}

func TestInvocationStopsInTimeWhateverAPageTakes(t *testing.T) {
	t.Parallel()

	for name, latencies := range map[string][]time.Duration{
		"even pages":              {3 * time.Second, 3 * time.Second, 3 * time.Second, 3 * time.Second, 3 * time.Second, 3 * time.Second},
		"one that hangs":          {time.Second, time.Second, time.Hour, time.Second},
		"a first that hangs":      {time.Hour},
		"longer and longer":       {time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second},
		"just as long as is left": {10 * time.Second, 10 * time.Second, 10 * time.Second},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(ones(10)...)
			w.timeout = 30 * time.Second

			for page, latency := range latencies {
				w.listing.Fault(page, exporttest.PageFault{Latency: latency})
			}

			begun := time.Now()
			did := w.invoke(t.Context(), nil)

			if took := time.Since(begun); took > w.timeout-time.Second || did.err != nil {
				t.Errorf("got %v after %s of %s, want a result in time", did.err, took, w.timeout)
			}

			w.mustComplete(t)
		})
	}
}

func TestX14PageThatWillNotFitIsNotAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(10)...)
		w.timeout = 30 * time.Second
		w.listing.Latency = 3 * time.Second

		begun := time.Now()
		did := w.invoke(t.Context(), nil)

		if requests := w.listing.Seen().Requests; did.Pages != 6 || requests != 6 {
			t.Errorf("%d pages came of %d requests in 20 seconds, want 6 of 6", did.Pages, requests)
		}

		if took := time.Since(begun); took != 18*time.Second {
			t.Errorf("the invocation took %s, want 18s", took)
		}
	})
}

// stall makes an invocation that is continued without having read a page.
func (w *world) stall(t *testing.T) {
	t.Helper()

	w.listing.Fault(2, exporttest.PageFault{Latency: time.Hour})
	w.invoke(t.Context(), nil).wantContinue(t, export.ReasonBudget)
}

func TestX14InvocationsThatDoNotCount(t *testing.T) {
	t.Parallel()

	for name, between := range map[string]func(t *testing.T, w *world){
		"busy": func(t *testing.T, w *world) {
			working := make(chan struct{})

			w.listing.Fault(2, exporttest.Refused(failure.Forbidden))
			go func() {
				defer close(working)
				w.invoke(t.Context(), on(exporttest.OpFetch, "", exporttest.Action{Delay: time.Second}))
			}()
			time.Sleep(time.Millisecond)

			for range 3 {
				did := w.invoke(t.Context(), nil)
				did.wantContinue(t, export.ReasonBusy)

				if did.stats.InvocationsBusy != 1 {
					t.Errorf("the numbers of the invocation are %+v", did.stats)
				}
			}

			<-working
		},
		"killed": func(t *testing.T, w *world) {
			for range 3 {
				w.invoke(t.Context(), on(exporttest.OpFetch, "", failing(exporttest.KillBefore)))
				time.Sleep(w.timeout)
			}
		},
		"early": func(t *testing.T, w *world) {
			for range 3 {
				w.invoke(t.Context(), nil).wantContinue(t, export.ReasonRateLimited)
			}
		},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 1, 1)
			w.interrupt(t, 2)
			w.stall(t)

			if name == "early" {
				w.listing.Fault(2, exporttest.Throttled(time.Hour)) // the second in a row is throttled
				w.invoke(t.Context(), nil)
			} else {
				w.stall(t)
			}

			between(t, w)
			w.mustComplete(t)
		})
	}
}

// A committed page ends the row, also where the invocation that committed it was killed afterwards.
func TestX14PageThatWasCommittedByAKilledInvocationEndsTheRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(6)...)
		w.interrupt(t, 2)
		w.stall(t)
		w.stall(t)

		killed := w.invoke(t.Context(), w.lives(onNth(exporttest.OpPut, "", 3, fate(exporttest.KillBefore))))
		if !killed.killed {
			t.Fatal("the invocation was not killed")
		}

		time.Sleep(w.timeout)

		w.listing.Fault(4, exporttest.PageFault{Latency: time.Hour})

		if did := w.invoke(t.Context(), nil); did.err != nil || did.Pages != 4 {
			t.Fatalf("got %+v and %v, want to be continued: pages 3 and 4 were committed", did.Result, did.err)
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
		did := w.run(freeze(ctx, time.Minute), nil, export.Event{ExportID: exportID})
		wantKind(t, did.err, failure.StorageUnavailable)

		time.Sleep(time.Minute)
		w.mustComplete(t)
	})
}
