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
		w.timeout, w.reserve = 30*time.Second, 10*time.Second
		w.listing.Latency = 28 * time.Second // more than the deadline less the reserve leaves

		for page := range int64(2) {
			did := w.invoke(t.Context(), nil)
			if did.err != nil || did.Reason != export.ReasonBudget || did.Pages != page+1 || did.WaitSeconds != 0 {
				t.Fatalf("got %+v and %v, want page %d and to be continued at once", did.Result, did.err, page+1)
			}
		}

		if did := w.invoke(t.Context(), nil); did.Status != export.StatusComplete {
			t.Fatalf("got %+v and %v, want a complete export", did.Result, did.err)
		}

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
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(ones(10)...)
				w.timeout, w.reserve = 30*time.Second, 10*time.Second

				for page, latency := range latencies {
					w.listing.Fault(page, exporttest.PageFault{Latency: latency})
				}

				begun := time.Now()
				did := w.invoke(t.Context(), nil)

				if took := time.Since(begun); took > w.timeout-time.Second {
					t.Errorf("the invocation took %s of %s", took, w.timeout)
				}

				if did.err != nil {
					t.Errorf("got %v, want a result", did.err)
				}

				w.complete(t, nil)
				w.mustHold(t)
			})
		})
	}
}

func TestX14PageThatWillNotFitIsNotAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(10)...)
		w.timeout, w.reserve = 30*time.Second, 10*time.Second
		w.listing.Latency = 3 * time.Second

		begun := time.Now()
		did := w.invoke(t.Context(), nil)

		if requests := len(w.listing.Requests()); did.Pages != 6 || requests != 6 {
			t.Errorf("%d pages came of %d requests in 20 seconds, want 6 of 6", did.Pages, requests)
		}

		if took := time.Since(begun); took != 18*time.Second {
			t.Errorf("the invocation took %s, want 18s", took)
		}
	})
}

func TestThirdInvocationInARowThatGetsNoPageInItsTimeBlamesTheAPIAndTheCountBeginsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.timeout = 30 * time.Second
		w.listing.Latency = time.Minute

		for range 2 {
			for try := range 3 {
				did := w.invoke(t.Context(), nil)
				if try < 2 && (did.err != nil || did.Reason != export.ReasonBudget) {
					t.Fatalf("try %d: got %+v and %v, want to be continued", try+1, did.Result, did.err)
				}

				if try == 2 {
					wantKind(t, did.err, failure.UpstreamUnavailable)
				}
			}
		}

		w.listing.Latency = time.Second
		w.complete(t, nil)
		w.mustHold(t)
	})
}

func TestX14ThirdInvocationInARowThatMetALimitIsRateLimitedAndTheLimitStillBinds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.listing.Fault(0, exporttest.Throttled(2*time.Minute), exporttest.Throttled(2*time.Minute), exporttest.Throttled(2*time.Minute))

		for range 2 {
			did := w.invoke(t.Context(), nil)
			if did.err != nil || did.Reason != export.ReasonRateLimited {
				t.Fatalf("got %+v and %v, want to be continued", did.Result, did.err)
			}

			time.Sleep(time.Duration(did.WaitSeconds) * time.Second)
		}

		wantKind(t, w.invoke(t.Context(), nil).err, failure.RateLimited)

		did := w.invoke(t.Context(), nil)
		if did.err != nil || did.Reason != export.ReasonRateLimited || did.count(exporttest.OpFetch) != 0 {
			t.Fatalf("right after the failure: got %+v and %v, want the limit again", did.Result, did.err)
		}

		w.complete(t, nil)
		w.mustHold(t)

		if early := w.listing.Early(); early != 0 {
			t.Errorf("%d requests were sent too early", early)
		}
	})
}

// stall makes an invocation that is continued without having read a page.
func (w *world) stall(t *testing.T) {
	t.Helper()

	w.listing.Fault(2, exporttest.PageFault{Latency: time.Hour})

	if did := w.invoke(t.Context(), nil); did.err != nil || did.Reason != export.ReasonBudget {
		t.Fatalf("got %+v and %v, want to be continued", did.Result, did.err)
	}
}

func TestX14InvocationsThatDoNotCount(t *testing.T) {
	t.Parallel()

	for name, between := range map[string]func(t *testing.T, w *world){
		"busy": func(t *testing.T, w *world) {
			holder := make(chan outcome)

			w.listing.Fault(2, exporttest.Refused(failure.Forbidden))
			go func() {
				holder <- w.invoke(t.Context(), on(exporttest.OpFetch, "", exporttest.Action{Delay: time.Second}))
			}()
			time.Sleep(time.Millisecond)

			for range 3 {
				if did := w.invoke(t.Context(), nil); did.err != nil || did.Reason != export.ReasonBusy || did.stats.InvocationsBusy != 1 {
					t.Errorf("got %+v and %v, want busy", did.Result, did.err)
				}
			}

			<-holder
		},
		"killed": func(t *testing.T, w *world) {
			for range 3 {
				w.invoke(t.Context(), on(exporttest.OpFetch, "", exporttest.Action{Effect: exporttest.KillBefore}))
				time.Sleep(w.timeout)
			}
		},
		"early": func(t *testing.T, w *world) {
			w.listing.Fault(2, exporttest.Throttled(time.Hour))
			// This one is the second in a row.
			w.invoke(t.Context(), nil)

			for range 3 {
				if did := w.invoke(t.Context(), nil); did.err != nil || did.Reason != export.ReasonRateLimited {
					t.Errorf("got %+v and %v, want rate_limited", did.Result, did.err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2, 1, 1)
				w.listing.Fault(2, exporttest.Refused(failure.Forbidden))
				wantKind(t, w.invoke(t.Context(), nil).err, failure.Forbidden)

				w.stall(t)

				if name != "early" {
					w.stall(t)
				}

				between(t, w)

				w.listing.Fault(2, exporttest.PageFault{}) // the one that comes through
				w.complete(t, nil)
				w.mustHold(t)
			})
		})
	}
}

// A committed page ends the row, also where the invocation that committed it was killed afterwards.
func TestX14PageThatWasCommittedByAKilledInvocationEndsTheRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(6)...)
		w.listing.Fault(2, exporttest.Refused(failure.Forbidden))
		wantKind(t, w.invoke(t.Context(), nil).err, failure.Forbidden)

		w.stall(t)
		w.stall(t)

		killed := w.invoke(t.Context(), w.lives(onNth(exporttest.OpPut, "", 3, func() exporttest.Action {
			return exporttest.Action{Effect: exporttest.KillBefore}
		})))
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

		// The deadline that the invocation is told is later than the end of its context.
		did := w.run(freeze(ctx, time.Minute), nil, export.Event{ExportID: exportID})
		wantKind(t, did.err, failure.StorageUnavailable)

		time.Sleep(time.Minute)
		w.complete(t, nil)
		w.mustHold(t)
	})
}
