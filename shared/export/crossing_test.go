package export_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
)

// crossings are the ways in which another invocation comes in between.
func crossings() map[string]func(other func()) exporttest.Action {
	meanwhile := func(effect exporttest.Effect) func(other func()) exporttest.Action {
		return func(other func()) exporttest.Action { return exporttest.Action{Effect: effect, Meanwhile: other} }
	}

	return map[string]func(other func()) exporttest.Action{
		"before it":         func(other func()) exporttest.Action { other(); return exporttest.Action{} },
		"after it":          meanwhile(exporttest.Proceed),
		"and its reply":     meanwhile(exporttest.FailAfter),
		"and its repeat":    meanwhile(exporttest.Resend),
		"and it lands late": meanwhile(exporttest.FailLate),
	}
}

func TestX15SecondInvocationThatCrossesAnywhereAnswersBusyAndHarmsNothing(t *testing.T) {
	t.Parallel()

	anywhere(t, scenarios(), crossings(), func(t *testing.T, s scenario, w *world, operation int, cross func(func()) exporttest.Action) {
		second := func() {
			did := w.invoke(t.Context(), w.lives(clean))
			if did.err != nil || did.Status == export.StatusContinue && did.Reason != export.ReasonBusy && did.Reason != export.ReasonBudget {
				t.Errorf("the second: got %+v and %v", did.Result, did.err)
			}

			if did.Reason == export.ReasonBusy && (did.WaitSeconds < 1 || did.count(exporttest.OpFetch) != 0) {
				t.Errorf("the second is busy with wait_seconds %d after the calls %v", did.WaitSeconds, did.calls)
			}
		}
		s.hold(t, w, w.lives(nth(operation, func() exporttest.Action { return cross(second) })))
	})
}

// An invocation hangs at any operation until its lease is over, and goes on after another one read a page, or all of them.
func TestX15InvocationThatOutlivesItsLeaseAnywhereCommitsNothingTwice(t *testing.T) {
	t.Parallel()

	for name, successor := range map[string]func(t *testing.T, w *world){
		"one page": func(t *testing.T, w *world) {
			w.invoke(t.Context(), w.lives(on(exporttest.OpFetch, "", exporttest.Action{Delay: w.timeout * 2 / 3})))
		},
		"all pages": func(t *testing.T, w *world) { w.complete(t, w.lives(clean)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			anywhere(t, scenarios(), crossings(), func(t *testing.T, s scenario, w *world, operation int, cross func(func()) exporttest.Action) {
				did := w.zombie(t.Context(), w.lives(nth(operation, func() exporttest.Action {
					return cross(func() {
						time.Sleep(w.timeout)
						successor(t, w)
					})
				})))
				if did.err == nil && did.Status != export.StatusComplete && did.Reason != export.ReasonBusy && did.Reason != export.ReasonBudget {
					t.Errorf("the first: got %+v", did.Result)
				}

				if did.err != nil && kindOf(did.err) == "" {
					t.Errorf("the first: got %v, which has no name", did.err)
				}

				s.hold(t, w, w.lives(clean))
			})
		})
	}
}

// A third comes in at any operation of a second that came in at any operation of the first.
func TestX15ThreeInvocationsThatCrossAnywhereLoseNothing(t *testing.T) {
	t.Parallel()

	s := small()
	operations := s.operations(t)

	for first := range operations {
		for second := range operations {
			synctest.Test(t, func(t *testing.T) {
				w := s.world()
				third := func() exporttest.Action {
					time.Sleep(w.timeout)
					w.invoke(t.Context(), w.lives(clean))

					return exporttest.Action{}
				}
				crossing := func() exporttest.Action {
					time.Sleep(w.timeout)
					w.zombie(t.Context(), w.lives(nth(second, third)))

					return exporttest.Action{}
				}
				w.zombie(t.Context(), w.lives(nth(first, crossing)))
				s.hold(t, w, w.lives(clean))
			})

			if t.Failed() {
				t.Fatalf("operations %d and %d", first, second)
			}
		}
	}
}

func TestInvocationThatLostItsLeaseSaysBusyAndTakesItsPartAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)

		var after []string
		did := w.zombie(t.Context(), w.lives(onNth(exporttest.OpPut, "", 1, func() exporttest.Action {
			time.Sleep(w.timeout)
			w.complete(t, w.lives(clean))
			after = w.store.Keys("")

			return exporttest.Action{}
		})))

		did.wantWait(t, export.ReasonBusy, 1, 900)

		if did.stats.InvocationsBusy != 1 || did.stats.PartsWritten != 0 {
			t.Errorf("the numbers are %+v, want busy and no part to be counted", did.stats)
		}

		if got := w.store.Keys(""); len(got) != len(after) {
			t.Errorf("there are %v, want what the successor left, %v", got, after)
		}

		w.mustHold(t)
	})
}

func TestX15CallersThatKeepAskingForOneExportDoNotStarveEachOther(t *testing.T) {
	t.Parallel()

	for name, wait := range map[string]func(outcome){
		"as the results say": outcome.wait,
		"all the time":       func(outcome) { time.Sleep(7 * time.Millisecond) },
	} {
		bubble(t, name, func(t *testing.T) {
			const (
				callers = 3
				bound   = 3000
			)

			w := newWorld(ones(40)...)
			w.timeout = 300 * time.Millisecond
			pace := w.lives(clean)

			var running sync.WaitGroup
			for range callers {
				running.Go(func() {
					for range bound {
						did := w.invoke(t.Context(), pace)
						if did.err != nil {
							t.Errorf("a caller: %v", did.err)
							return
						}

						if did.Status == export.StatusComplete {
							return
						}

						wait(did)
					}

					t.Errorf("a caller is not done after %d invocations", bound)
				})
			}

			running.Wait()
			w.mustHold(t)

			if requests := w.listing.Seen().Requests; requests > 60 {
				t.Errorf("%d requests were sent for 40 pages", requests)
			}
		})
	}
}

func TestP06EventThatIsDeliveredTwiceMakesOneExport(t *testing.T) {
	t.Parallel()

	for name, gap := range map[string]time.Duration{"at once": 0, "while the first works": 15 * time.Millisecond, "afterwards": time.Hour} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2)
			pace := w.lives(clean)

			var running sync.WaitGroup

			results := make([]outcome, 2)
			for n := range results {
				running.Go(func() {
					time.Sleep(time.Duration(n) * gap)

					results[n] = w.send(t.Context(), pace, export.Event{}) // without an id it is the request's
				})
			}

			running.Wait()

			for n, did := range results {
				if did.err != nil || did.ExportID != requestID {
					t.Errorf("delivery %d: got %+v and %v, want the export %s", n+1, did.Result, did.err, requestID)
				}
			}

			if results[0].Status != export.StatusComplete && results[1].Status != export.StatusComplete {
				t.Errorf("got %+v and %+v, want one of them complete", results[0].Result, results[1].Result)
			}

			w.wantRequests(t, 2)
		})
	}
}
