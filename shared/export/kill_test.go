package export_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"

	"pgregory.net/rapid"
)

// scenario is an export that is small, and meets everything that the engine does outside: parts in the middle and at the
// end, an empty page, invocations that stop and are continued.
type scenario struct {
	name    string
	sizes   []int
	timeout time.Duration
	bytes   int
	denied  bool
	windows []int // how many pages each job prepares; none: there are no jobs
}

func scenarios() []scenario {
	return []scenario{
		{name: "one invocation", sizes: []int{3, 0, 2, 4}, timeout: time.Minute, bytes: 1},
		{name: "short invocations", sizes: []int{3, 0, 2, 4, 1}, timeout: 45 * time.Millisecond, bytes: 1 << 20},
		{name: "a bucket that may not be listed", sizes: []int{3, 2}, timeout: time.Minute, bytes: 1, denied: true},
		{name: "jobs", sizes: []int{2, 1}, windows: []int{1, 1}, timeout: time.Minute, bytes: 1},
	}
}

func small() scenario {
	return scenario{name: "small", sizes: []int{2, 1}, timeout: time.Minute, bytes: 1}
}

func (s scenario) world() *world {
	w := newWorld(s.sizes...)
	w.timeout, w.partBytes, w.store.ListDenied = s.timeout, s.bytes, s.denied

	if s.windows != nil {
		w.listing.ByJobs(s.windows...)
	}

	return w
}

// hold wants the export complete and whole, after what was still on its way has landed and one more invocation.
func (s scenario) hold(t *testing.T, w *world, fault exporttest.Fault) {
	t.Helper()

	w.complete(t, fault)
	w.store.Land()
	w.complete(t, w.lives(nil))

	if s.denied {
		w.removeStrays(t) // nobody could: who may not list knows of no stray part
	}

	if left := w.listing.Jobs() - len(s.windows); left > 1 {
		t.Errorf("%d jobs were left behind, want one at most", left)
	}

	w.mustHold(t)
}

func (w *world) removeStrays(t *testing.T) {
	t.Helper()

	parts := w.mustManifest(t).Parts
	for _, key := range w.partKeys() {
		if !slices.ContainsFunc(parts, func(part export.ManifestPart) bool { return part.Key == key }) {
			w.store.Remove(key)
		}
	}
}

// operations is how many things an export does outside when nothing goes wrong.
func (s scenario) operations(t *testing.T) int {
	t.Helper()

	var operations atomic.Int64 // the fetching and the writing goroutine both count

	synctest.Test(t, func(t *testing.T) {
		w := s.world()
		w.complete(t, w.lives(onEach("", "", after(func() { operations.Add(1) }))))
		w.mustHold(t)
	})

	return int(operations.Load())
}

// anywhere runs test for each operation of these scenarios and for each way, in bubbles of their own.
func anywhere[W any](
	t *testing.T, scenarios []scenario, ways map[string]W, test func(t *testing.T, s scenario, w *world, operation int, way W),
) {
	t.Helper()

	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()

			for operation := range s.operations(t) {
				for name, way := range ways {
					synctest.Test(t, func(t *testing.T) { test(t, s, s.world(), operation, way) })

					if t.Failed() {
						t.Fatalf("operation %d, %s", operation, name)
					}
				}
			}
		})
	}
}

// An export whose pages are all committed is only finished by later invocations, whatever became of the first one that tried.
func TestX12ExportKilledAtEveryOutsideOperationIsWholeAfterResuming(t *testing.T) {
	t.Parallel()

	anywhere(t, scenarios(), map[string]exporttest.Effect{
		"killed before":           exporttest.KillBefore,
		"killed after":            exporttest.KillAfter,
		"failed":                  exporttest.FailBefore,
		"done, reply lost":        exporttest.FailAfter,
		"reply lost, done later":  exporttest.FailLate,
		"reply lost, asked again": exporttest.Resend,
	}, func(t *testing.T, s scenario, w *world, operation int, effect exporttest.Effect) {
		fault := w.lives(at(operation, failing(effect)))
		failed := false

		_, err := follow(60, 0, func() outcome {
			before, _ := export.DecodeCheckpoint(w.document(checkpointName))
			did := w.invoke(t.Context(), fault)

			switch {
			case before.Position.Done && did.count(exporttest.OpFetch, exporttest.OpPut, exporttest.OpReplace) != 0:
				t.Errorf("the calls were %v, want the export to be finished only", did.calls)
			case effect == exporttest.Resend && did.err != nil:
				t.Errorf("got %v, want a write that was sent again to be recognised as one's own", did.err)
			case failed && did.Reason == export.ReasonBusy && (effect == exporttest.FailBefore || effect == exporttest.FailAfter):
				t.Error("the export is busy, want a failure to leave it free")
			}

			failed = did.err != nil

			return did
		})
		if err != nil {
			t.Error(err)
		}

		s.hold(t, w, fault)
	})
}

// Every pair of a first and a second interruption is tried: the second falls on any operation after the first one, also in
// the invocation that resumes. A kill before an operation is one after the operation before it, and not tried again.
func TestX13ExportInterruptedTwiceAnywhereIsWholeAfterResuming(t *testing.T) {
	t.Parallel()

	const kill, late = exporttest.KillAfter, exporttest.FailLate

	s := small()
	operations := s.operations(t)

	for _, effects := range [][2]exporttest.Effect{{kill, kill}, {kill, late}, {late, kill}, {late, late}} {
		t.Run(fmt.Sprintf("%d then %d", effects[0], effects[1]), func(t *testing.T) {
			t.Parallel()

			for i := range operations {
				// What is done twice because of the first interruption makes the run longer.
				for j := i + 1; s.interruptTwice(t, i, effects[0], j, effects[1]); j++ {
				}
			}
		})
	}
}

// interruptTwice reports whether there was an operation for the second interruption to fall on.
func (s scenario) interruptTwice(t *testing.T, i int, first exporttest.Effect, j int, second exporttest.Effect) bool {
	t.Helper()

	var fell atomic.Bool

	synctest.Test(t, func(t *testing.T) {
		w := s.world()
		two := at(j, exporttest.Action{Effect: second, Before: func() { fell.Store(true) }})
		s.hold(t, w, w.lives(both(at(i, failing(first)), two)))
	})

	if t.Failed() {
		t.Fatalf("operations %d and %d", i, j)
	}

	return fell.Load()
}

// plan is everything that is left to chance in one history of an export.
type plan struct {
	sizes     []int
	partBytes int
	timeout   time.Duration
	callers   int
	denied    bool
	faults    []exporttest.PageFault
	faulty    []int                     // the page of each fault
	effects   map[int]exporttest.Effect // by the number of the call, over every process
	frozen    map[int]bool              // calls that hang for longer than an invocation may take
	seed      uint64
}

func drawPlan(t *rapid.T) plan {
	p := plan{
		sizes:     rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 1, 2, 5}), 1, 8).Draw(t, "sizes"),
		partBytes: rapid.SampledFrom([]int{1, 120, 1 << 20}).Draw(t, "part bytes"),
		timeout:   time.Duration(rapid.IntRange(30, 2000).Draw(t, "timeout")) * time.Millisecond,
		callers:   rapid.IntRange(1, 3).Draw(t, "callers"),
		denied:    rapid.IntRange(0, 4).Draw(t, "denied") == 4,
		seed:      rapid.Uint64().Draw(t, "seed"),
		effects:   make(map[int]exporttest.Effect),
		frozen:    make(map[int]bool),
	}

	for range rapid.IntRange(0, 5).Draw(t, "page faults") {
		p.faulty = append(p.faulty, rapid.IntRange(0, len(p.sizes)-1).Draw(t, "page"))
		p.faults = append(p.faults, rapid.SampledFrom([]exporttest.PageFault{
			exporttest.Broken(), exporttest.Throttled(0), exporttest.Throttled(time.Second), exporttest.Throttled(5 * time.Second),
			exporttest.Busy(time.Second),
			{Latency: time.Second},
		}).Draw(t, "page fault"))
	}

	for range rapid.IntRange(0, 8).Draw(t, "faults") {
		call := rapid.IntRange(0, 100).Draw(t, "call")
		p.effects[call] = exporttest.Effect(rapid.IntRange(int(exporttest.FailBefore), int(exporttest.KillAfter)).Draw(t, "effect"))
		p.frozen[call] = rapid.IntRange(0, 3).Draw(t, "frozen") == 3
	}

	return p
}

// live runs the history and returns what is wrong with the export in the end.
func (p plan) live(t *testing.T) error {
	t.Helper()

	w := newWorld(p.sizes...)
	w.partBytes, w.timeout, w.listing.Latency, w.store.ListDenied = p.partBytes, p.timeout, 5*time.Millisecond, p.denied

	for n, fault := range p.faults {
		w.listing.Fault(p.faulty[n], fault)
	}

	var running sync.WaitGroup

	fault, wrong := p.fault(), make([]error, p.callers)
	for n := range wrong {
		running.Go(func() {
			_, wrong[n] = follow(40, 100*time.Millisecond, func() outcome { return w.zombie(t.Context(), fault) })
		})
	}

	running.Wait()
	w.store.Land()

	if err := errors.Join(wrong...); err != nil {
		return err
	}

	// Whatever was left unfinished is finished by somebody whom nothing happens to.
	w.timeout = time.Minute
	w.complete(t, nil)

	if p.denied {
		w.removeStrays(t)
	}

	// Only an invocation that nothing interrupts always writes down a limit that it met.
	if early := w.listing.Seen().Early; early != 0 && p.callers == 1 && len(p.effects) == 0 {
		return fmt.Errorf("%d requests were sent too early", early)
	}

	return w.check()
}

// fault lets calls take up to a few milliseconds, in an order that the seed decides, and meet what is planned for them.
func (p plan) fault() exporttest.Fault {
	var (
		mu     sync.Mutex
		call   int
		random = rand.New(rand.NewPCG(p.seed, 0))
	)

	return func(string, string) exporttest.Action {
		mu.Lock()
		defer mu.Unlock()

		action := exporttest.Action{Effect: p.effects[call], Delay: time.Duration(random.IntN(4000)) * time.Microsecond}
		if p.frozen[call] {
			action.Delay += p.timeout
		}

		call++

		return action
	}
}

func TestExportIsWholeWhateverHappensToItsInvocations(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)

		var wrong error

		synctest.Test(t, func(t *testing.T) { wrong = p.live(t) })

		if wrong != nil {
			rt.Fatalf("%+v: %v", p, wrong)
		}
	})
}
