package export_test

import (
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
)

func TestProcessThatIsAskedToEndCommitsWhatItReadAndReleasesTheLease(t *testing.T) {
	t.Parallel()

	for name, page := range map[string]exporttest.PageFault{
		"while a page is read":               {Latency: time.Hour},
		"while it waits for a throttled API": exporttest.Throttled(20 * time.Second),
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

			if took := time.Since(begun); took != 5*time.Second {
				t.Errorf("it ended after %s, want at once after 5 s", took)
			}

			did.wantContinue(t, export.ReasonBudget)

			if did.Pages != 2 || did.Parts != 1 {
				t.Errorf("got %+v, want what was read to be committed", did.Result)
			}

			w.stopping = nil
			w.mustComplete(t) // and not busy
		})
	}
}

func TestProcessesThatAreAskedToEndBeforeTheyReadAPageAreNoStalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.listing.Latency = time.Second

		for range 4 {
			w.stopping = make(chan struct{})
			time.AfterFunc(500*time.Millisecond, func() { close(w.stopping) })

			did := w.invoke(t.Context(), nil)
			did.wantContinue(t, export.ReasonBudget)

			if did.stats.InvocationsWithoutProgress != 0 {
				t.Errorf("the numbers of the invocation are %+v, want it not to count", did.stats)
			}
		}

		w.stopping = nil
		w.mustComplete(t)
	})
}

// Asked to end at any operation, an invocation ends in good order, and the next one goes on at once.
func TestProcessThatIsAskedToEndAnywhereLeavesTheExportToTheNextOne(t *testing.T) {
	t.Parallel()

	anywhere(t, scenarios(), map[string]struct{}{"asked to end": {}},
		func(t *testing.T, s scenario, w *world, operation int, _ struct{}) {
			w.stopping = make(chan struct{})
			fault := w.lives(nth(operation, func() exporttest.Action {
				close(w.stopping)
				return exporttest.Action{}
			}))

			for range 10 {
				if did := w.invoke(t.Context(), fault); did.err != nil || did.Reason == export.ReasonBusy {
					t.Fatalf("got %+v and %v, want a stop in good order", did.Result, did.err)
				}
			}

			w.stopping = nil
			s.hold(t, w, w.lives(clean))
		})
}
