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
func crossings(other func()) map[string]func() exporttest.Action {
	return map[string]func() exporttest.Action{
		"before it":         func() exporttest.Action { other(); return exporttest.Action{} },
		"after it":          func() exporttest.Action { return exporttest.Action{Meanwhile: other} },
		"and its reply":     func() exporttest.Action { return exporttest.Action{Effect: exporttest.FailAfter, Meanwhile: other} },
		"and its repeat":    func() exporttest.Action { return exporttest.Action{Effect: exporttest.Resend, Meanwhile: other} },
		"and it lands late": func() exporttest.Action { return exporttest.Action{Effect: exporttest.FailLate, Meanwhile: other} },
	}
}

func TestX15SecondInvocationThatCrossesAnywhereIsToldBusyAndHarmsNothing(t *testing.T) {
	t.Parallel()

	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()

			for number := range s.operations(t) {
				for way := range crossings(nil) {
					s.cross(t, number, way)
				}
			}
		})
	}
}

// cross lets a whole second invocation run at the operation of that number.
func (s scenario) cross(t *testing.T, number int, way string) {
	t.Helper()

	synctest.Test(t, func(t *testing.T) {
		w := s.world()
		second := func() {
			did := w.invoke(t.Context(), w.lives(clean))
			if did.err != nil || did.Status == export.StatusContinue && did.Reason != export.ReasonBusy && did.Reason != export.ReasonBudget {
				t.Errorf("the second: got %+v and %v", did.Result, did.err)
			}

			if did.Reason == export.ReasonBusy && (did.WaitSeconds < 1 || did.count(exporttest.OpFetch) != 0) {
				t.Errorf("the second is busy with wait_seconds %d after the calls %v", did.WaitSeconds, did.calls)
			}
		}
		s.hold(t, w, w.lives(nth(number, crossings(second)[way])))
	})

	if t.Failed() {
		t.Fatalf("operation %d, %s", number, way)
	}
}

// An invocation that hangs at any operation until its lease is over, and goes on after others did one invocation, or all.
func TestX15InvocationThatOutlivesItsLeaseAnywhereCommitsNothingTwice(t *testing.T) {
	t.Parallel()

	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()

			for number := range s.operations(t) {
				for way := range crossings(nil) {
					for _, whole := range []bool{true, false} {
						s.outlive(t, number, way, whole)
					}
				}
			}
		})
	}
}

func (s scenario) outlive(t *testing.T, number int, way string, whole bool) {
	t.Helper()

	synctest.Test(t, func(t *testing.T) {
		w := s.world()
		successor := func() {
			time.Sleep(w.timeout)

			if whole {
				w.complete(t, w.lives(clean))
				return
			}

			// An invocation that reads one page.
			w.invoke(t.Context(), w.lives(on(exporttest.OpFetch, "", exporttest.Action{Delay: w.timeout * 2 / 3})))
		}

		did := w.zombie(t.Context(), w.lives(nth(number, crossings(successor)[way])))
		if did.err == nil && did.Status != export.StatusComplete && did.Reason != export.ReasonBusy && did.Reason != export.ReasonBudget {
			t.Errorf("the first: got %+v", did.Result)
		}

		if did.err != nil && kindOf(did.err) == "" {
			t.Errorf("the first: got %v, which has no name", did.err)
		}

		s.hold(t, w, w.lives(clean))
	})

	if t.Failed() {
		t.Fatalf("operation %d, %s, whole %t", number, way, whole)
	}
}

// A third comes in at any operation of a second that came in at any operation of the first.
func TestX15ThreeInvocationsThatCrossAnywhereLoseNothing(t *testing.T) {
	t.Parallel()

	s := scenario{name: "small", sizes: []int{2, 1}, timeout: time.Minute, bytes: 1}
	operations := s.operations(t)

	for first := range operations {
		for second := range operations {
			synctest.Test(t, func(t *testing.T) {
				w := s.world()
				third := func() { time.Sleep(w.timeout); w.invoke(t.Context(), w.lives(clean)) }
				crossing := func() {
					time.Sleep(w.timeout)
					w.zombie(t.Context(), w.lives(nth(second, func() exporttest.Action { third(); return exporttest.Action{} })))
				}
				w.zombie(t.Context(), w.lives(nth(first, func() exporttest.Action { crossing(); return exporttest.Action{} })))
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

			if requests := w.listing.Requests(); requests > 60 {
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

			if requests := w.listing.Requests(); requests != 2 {
				t.Errorf("%d requests were sent for 2 pages", requests)
			}
		})
	}
}
