package token_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/token"
)

// reserved is a rotator behind Lambda with a reserved concurrency of 1: who comes while it works is refused at once.
type reserved struct {
	rotator *token.Rotator
	slot    chan struct{}

	mu       sync.Mutex
	asks     []time.Time
	busy     int
	rejected []int64 // the rejected versions of the asks that were let in
}

func newReserved(rotator *token.Rotator) *reserved {
	return &reserved{rotator: rotator, slot: make(chan struct{}, 1)}
}

func (r *reserved) Ask(ctx context.Context, rejectedVersion int64) error {
	r.mu.Lock()
	r.asks = append(r.asks, time.Now())
	r.mu.Unlock()

	select {
	case r.slot <- struct{}{}:
		defer func() { <-r.slot }()
	default:
		r.mu.Lock()
		r.busy++
		r.mu.Unlock()

		return token.ErrRotatorBusy
	}

	r.mu.Lock()
	r.rejected = append(r.rejected, rejectedVersion)
	r.mu.Unlock()

	_, err := r.rotator.Rotate(ctx, token.Rotation{RejectedVersion: rejectedVersion})

	return err
}

// readers makes exporters' readers, each in a process of its own.
func (w *world) readers(n int, rotator token.Asker) []*token.Reader {
	all := make([]*token.Reader, n)
	for i := range all {
		all[i] = token.NewReader(w.parameter, rotator)
	}

	return all
}

// together has every reader take a token at once, and returns what they got.
func (w *world) together(all []*token.Reader) []token.Stored {
	w.t.Helper()

	return w.apart(0, all)
}

// apart has the readers take a token each, so much time between one and the next.
func (w *world) apart(pause time.Duration, all []*token.Reader) []token.Stored {
	w.t.Helper()

	got := make([]token.Stored, len(all))
	var group sync.WaitGroup
	for i, reader := range all {
		group.Go(func() {
			time.Sleep(time.Duration(i) * pause)

			var err error
			if got[i], err = reader.Token(w.t.Context()); err != nil {
				w.t.Errorf("reader %d: %v", i, err)
			}
		})
	}
	group.Wait()

	return got
}

// settle lets what is stored grow so old that a rejection of it counts.
func settle() { time.Sleep(time.Minute) }

// rejects has every reader take a token and report it as rejected.
func (w *world) rejects(all ...*token.Reader) {
	w.t.Helper()

	for i, got := range w.together(all) {
		all[i].Reject(got)
	}
}

// slowWorld has calls that take as long as they do in a region, so that readers cross.
func slowWorld(t *testing.T) *world {
	w := newWorld(t)
	w.parameter.latency = 15 * time.Millisecond
	w.endpoint.latency = 800 * time.Millisecond

	return w
}

// answers is a rotator that changes nothing and answers each ask with the next error, the last one for ever.
type answers struct {
	errs     []error
	rejected []int64 // of each ask
}

func (a *answers) Ask(_ context.Context, rejectedVersion int64) error {
	a.rejected = append(a.rejected, rejectedVersion)
	if len(a.errs) == 0 {
		return nil
	}

	return a.errs[min(len(a.rejected), len(a.errs))-1]
}
