package export

import (
	"context"
	"errors"
	"sync"
	"time"

	"genesys-cloud-export/shared/budget"
)

// pagesInFlight is how many pages are in memory at most: one that is being fetched, one that is being written.
const pagesInFlight = 2

// errStopping ends the reading because the process is asked to end.
var errStopping = errors.New("the process is asked to end")

// invocation is one call's work on one export.
type invocation struct {
	engine      *Engine
	begun       time.Time
	budget      budget.Budget
	source      Listing
	pages       Pages // what the event asks for, and then what the export was begun with
	listing, id string

	state *state
	seen  look
	stats Stats
}

func newInvocation(ctx context.Context, e *Engine, source Listing, asked Pages, id string) *invocation {
	listing := source.Name()

	return &invocation{
		engine: e, begun: time.Now(), budget: budget.Of(ctx, e.Reserve),
		source: source, pages: asked, listing: listing, id: id, stats: Stats{Listing: listing},
		state: &state{documents: e.Documents, logger: e.Logger, id: id, name: checkpointName(listing, id)},
	}
}

func (i *invocation) run(ctx context.Context, event Event) (Result, error) {
	found, err := i.find(ctx)
	if err != nil {
		return Result{}, err
	}

	if !found {
		created, err := i.create(ctx)
		if err != nil {
			return Result{}, err
		}

		if created {
			return i.work(ctx)
		}
	}

	if err := i.accept(event); err != nil {
		return Result{}, err
	}

	return i.resume(ctx)
}

func (i *invocation) resume(ctx context.Context) (Result, error) {
	at := time.Now()

	switch {
	case i.state.checkpoint.Position.Done:
		return i.finish(ctx)
	case i.state.checkpoint.leased(at):
		return i.busy(), nil
	}

	if err := i.inspect(ctx); err != nil {
		return Result{}, err
	}

	if i.state.checkpoint.NotBefore.After(at) {
		return i.early(ctx, at)
	}

	if acquired, err := i.state.acquire(ctx, i.budget.Deadline()); err != nil {
		return Result{}, err
	} else if !acquired {
		return i.busy(), nil
	}

	return i.work(ctx)
}

// early answers an invocation that comes before a wait is over: the API is asked nothing, and nothing is counted. A wait
// that cannot be meant is written down as the longest that can, so that it ends.
func (i *invocation) early(ctx context.Context, at time.Time) (Result, error) {
	if wait := i.state.checkpoint.NotBefore.Sub(at).Truncate(time.Millisecond); wait > maxWait {
		next := i.state.checkpoint
		next.NotBefore = notEarlier(at.Add(maxWait))

		if replaced, err := i.state.replace(ctx, next); err != nil {
			return Result{}, err
		} else if !replaced {
			return i.busy(), nil
		}
	}

	cp := i.state.checkpoint
	i.stats.InvocationsContinued++

	return i.engine.result(cp, StatusContinue, ReasonRateLimited, cp.NotBefore.Sub(at)), nil
}

// busy is the answer where somebody else works on the export; the wait is what is left of the lease.
func (i *invocation) busy() Result {
	i.stats.InvocationsBusy++

	wait := time.Until(i.state.checkpoint.LeaseUntil)

	return i.engine.result(i.state.checkpoint, StatusContinue, ReasonBusy, min(max(wait, time.Second), maxBusy))
}

// work reads and writes until the invocation has to stop, commits what is pending, however small, and releases the lease in
// the same write.
func (i *invocation) work(ctx context.Context) (Result, error) {
	begun := i.state.checkpoint
	w := i.newWriter()
	f := i.newFetcher()

	stopped, err := i.transfer(ctx, w, f)

	stalled, counted, verdict := begun.Stalled, false, error(nil)
	if err == nil {
		if w.position.Pages == begun.Position.Pages {
			stalled, counted, verdict = stopped.judge(stalled)
		} else {
			stalled = 0
		}

		err = w.commit(ctx, w.last(stopped.notBefore, f.limit, stalled))
	}

	switch {
	case errors.Is(err, errLost):
		return i.busy(), nil
	case err != nil:
		i.state.release(ctx, stopped.notBefore, f.limit)

		if stopped.err != nil {
			err = stopped.err
		}

		return Result{}, err
	case stopped.err != nil:
		return Result{}, stopped.err
	}

	if counted {
		i.stats.InvocationsWithoutProgress++
	}

	switch {
	case verdict != nil:
		return Result{}, verdict
	case i.state.checkpoint.Position.Done:
		return i.finish(ctx)
	default:
		return i.handOver(stopped), nil
	}
}

func (i *invocation) handOver(stopped stop) Result {
	wait := max(time.Until(stopped.notBefore), 0)
	i.stats.InvocationsContinued++
	i.stats.WaitHandedOver = wait

	return i.engine.result(i.state.checkpoint, StatusContinue, stopped.reason, wait)
}

// transfer fetches pages and writes them, the next page being fetched while one is written. It returns once both have
// ended: why no more pages came, and the error with which a write failed.
func (i *invocation) transfer(ctx context.Context, w *writer, f *fetcher) (stop, error) {
	reading, cancel := context.WithCancelCause(ctx)

	pages := make(chan fetched)
	free := make(chan *Page, pagesInFlight)
	for range pagesInFlight {
		free <- &Page{}
	}

	var (
		running sync.WaitGroup
		stopped stop
		failed  error
	)

	running.Go(func() {
		defer close(pages)
		stopped = f.run(reading, free, pages)
	})
	running.Go(func() {
		select {
		case <-i.engine.Stopping:
			cancel(errStopping)
		case <-reading.Done():
		}
	})

	for next := range pages {
		if failed == nil {
			if failed = w.take(ctx, next); failed != nil {
				cancel(failed)
			}
		}

		free <- next.page
	}

	cancel(nil)
	running.Wait()

	i.stats.PagesFetched, i.stats.RequestsThrottled, i.stats.RequestsRetried = f.fetched, f.throttled, f.retried
	if failed != nil {
		stopped = stop{} // it ended the reading
	}

	// A wait that the API asked for binds the next invocation, however this one came to end within it.
	if stopped.notBefore.IsZero() && time.Now().Before(f.until) {
		stopped.notBefore = f.until
	}

	return stopped, failed
}
