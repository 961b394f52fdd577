package export_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export/exporttest"

	"pgregory.net/rapid"
)

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
			exporttest.Broken(), exporttest.ThrottledUntold(), exporttest.Throttled(time.Second), exporttest.Throttled(5 * time.Second),
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
