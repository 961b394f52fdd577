package export_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// crossing is a way in which another invocation comes in between.
type crossing func(other func()) exporttest.Action

func crossings() map[string]crossing {
	meanwhile := func(effect exporttest.Effect) crossing {
		return func(other func()) exporttest.Action { return exporttest.Action{Effect: effect, Meanwhile: other} }
	}

	return map[string]crossing{
		"before it":         after,
		"after it":          meanwhile(exporttest.Proceed),
		"and its reply":     meanwhile(exporttest.FailAfter),
		"and its repeat":    meanwhile(exporttest.Resend),
		"and it lands late": meanwhile(exporttest.FailLate),
		"and a kill after it": func(other func()) exporttest.Action {
			return exporttest.Action{Effect: exporttest.KillAfter, Before: other}
		},
	}
}

// inOrder reports whether an invocation ended as one may that others cross.
func (o outcome) inOrder() bool {
	return o.err == nil && slices.Contains([]string{export.ReasonEnd, export.ReasonBusy, export.ReasonBudget, export.ReasonPending}, o.Reason)
}

// Another invocation comes in at any operation: at once, when it is busy, or once the lease is over, when it reads a page or
// completes the export, and the first, which was thought dead, goes on after it.
func TestX15InvocationThatAnotherCrossesAnywhereCommitsNothingTwice(t *testing.T) {
	t.Parallel()

	for name, other := range map[string]func(t *testing.T, w *world){
		"at once": func(t *testing.T, w *world) {
			did := w.invoke(t.Context(), w.lives(nil))
			if !did.inOrder() {
				t.Errorf("the second: got %+v and %v", did.Result, did.err)
			}

			if did.Reason == export.ReasonBusy && (did.WaitSeconds < 1 || did.count(exporttest.OpFetch) != 0) {
				t.Errorf("the second is busy with wait_seconds %d after the calls %v", did.WaitSeconds, did.calls)
			}
		},
		"after the lease, for a page": func(t *testing.T, w *world) {
			time.Sleep(w.timeout)
			w.invoke(t.Context(), w.lives(on(exporttest.OpFetch, "", exporttest.Action{Delay: w.timeout * 2 / 3})))
		},
		"after the lease, for all pages": func(t *testing.T, w *world) {
			time.Sleep(w.timeout)
			w.complete(t, w.lives(nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crossed := scenarios()
			if name == "at once" { // jobs or not, it is busy
				crossed = crossed[:3]
			}

			anywhere(t, crossed, crossings(), func(t *testing.T, s scenario, w *world, operation int, cross crossing) {
				fault := w.lives(at(operation, cross(func() { other(t, w) })))

				did := w.zombie(t.Context(), fault)
				if !did.inOrder() && failure.KindOf(did.err) == "" {
					t.Errorf("the first: got %+v and %v", did.Result, did.err)
				}

				s.hold(t, w, fault)
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
				third := after(func() {
					time.Sleep(w.timeout)
					w.invoke(t.Context(), w.lives(nil))
				})
				crossing := after(func() {
					time.Sleep(w.timeout)
					w.zombie(t.Context(), w.lives(at(second, third)))
				})
				w.zombie(t.Context(), w.lives(at(first, crossing)))
				s.hold(t, w, w.lives(nil))
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

		var left []string
		did := w.zombie(t.Context(), w.lives(on(exporttest.OpPut, "", after(func() {
			time.Sleep(w.timeout)
			w.complete(t, w.lives(nil))
			left = w.store.Keys("")
		}))))

		did.wantWait(t, export.ReasonBusy, 1, 900)

		if did.stats.InvocationsBusy != 1 || did.stats.PartsWritten != 0 {
			t.Errorf("the numbers are %+v, want busy and no part to be counted", did.stats)
		}

		if got := w.store.Keys(""); !slices.Equal(got, left) {
			t.Errorf("there are %v, want what the successor left, %v", got, left)
		}

		w.mustHold(t)
	})
}

func TestX15CallersThatKeepAskingForOneExportDoNotStarveEachOther(t *testing.T) {
	t.Parallel()

	for name, impatient := range map[string]bool{"as the results say": false, "all the time": true} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(ones(40)...)
			w.timeout = 300 * time.Millisecond
			pace := w.lives(nil)

			var running sync.WaitGroup
			for range 3 {
				running.Go(func() {
					did, _ := follow(3000, 0, func() outcome {
						did := w.invoke(t.Context(), pace)
						if did.err != nil {
							t.Errorf("a caller: %v", did.err)
						}

						if impatient && did.Status != export.StatusComplete {
							did.WaitSeconds = 0
							time.Sleep(7 * time.Millisecond)
						}

						return did
					})
					did.wantComplete(t)
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
			pace := w.lives(nil)

			var running sync.WaitGroup

			results := make([]outcome, 2)
			for n := range results {
				running.Go(func() {
					time.Sleep(time.Duration(n) * gap)
					results[n] = w.send(t.Context(), pace, export.Event{}) // without an id it is the request's
				})
			}

			running.Wait()

			one, two := results[0], results[1]
			if !one.inOrder() || !two.inOrder() || one.ExportID != requestID || two.ExportID != requestID ||
				one.Status != export.StatusComplete && two.Status != export.StatusComplete {
				t.Errorf("got %+v and %+v, want one export, %s, and one of them complete", one, two, requestID)
			}

			w.wantRequests(t, 2)
		})
	}
}
