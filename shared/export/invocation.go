package export

import (
	"context"
	"errors"
	"sync"
	"time"

	"genesys-cloud-export/shared/budget"
)

// pagesInFlight is how many pages are in memory at most: one that is asked for, one that is split and then waits while a part is
// committed, which takes two writes, and one that is being written.
const pagesInFlight = 3

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

	state     *state
	seen      look
	stats     Stats
	submitted bool // it submitted a job
}

// count adds the requests of c to the stats.
func (i *invocation) count(c *caller) {
	i.stats.RequestsThrottled += c.throttled
	i.stats.RequestsRetried += c.retried
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
		if result, begun, err := i.begin(ctx); begun || err != nil {
			return result, err
		}
	}

	if err := i.accept(event); err != nil {
		return Result{}, err
	}

	return i.resume(ctx)
}

// begin creates the export and works on it. It reports false, with the checkpoint read, where another invocation was faster.
func (i *invocation) begin(ctx context.Context) (result Result, begun bool, err error) {
	limit, stopped := i.resolve(ctx)

	switch {
	case stopped.err != nil:
		return Result{}, false, stopped.err
	case !stopped.none():
		i.state.checkpoint = Checkpoint{ExportID: i.id, Listing: i.listing} // there is none yet
		return i.handOver(stopped), true, nil
	}

	created, err := i.create(ctx, limit)

	switch {
	case err != nil || !created:
		return Result{}, false, err
	case i.state.checkpoint.Position.Done:
		result, err = i.finish(ctx)
	default:
		result, err = i.work(ctx)
	}

	return result, true, err
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

	reason := ReasonRateLimited
	if cp.Pending {
		reason = ReasonPending
	}

	return i.engine.result(cp, StatusContinue, reason, cp.NotBefore.Sub(at)), nil
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
	c := i.newCaller()

	stopped, err := i.read(ctx, w, c)
	i.count(c)

	stalled, counted, verdict := begun.Stalled, false, error(nil)
	if err == nil {
		if w.position.Pages == begun.Position.Pages {
			stalled, counted, verdict = stopped.judge(stalled)
		} else {
			stalled = 0
		}

		err = w.commit(ctx, w.last(stopped, c.limit, stalled))
	}

	switch {
	case errors.Is(err, errLost):
		return i.busy(), nil
	case err != nil:
		i.state.release(ctx, stopped.notBefore, c.limit)

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

// read reads and writes pages until the listing ends or the invocation has to stop: why no more pages came, and the error with
// which a write failed.
func (i *invocation) read(ctx context.Context, w *writer, c *caller) (stop, error) {
	reading, end := i.engine.untilStopping(ctx)
	defer end()

	f := i.newFetcher(c)
	stopped, err := i.readWindows(ctx, reading, w, f)

	i.stats.PagesFetched = f.pages
	if err != nil {
		stopped = stop{} // it ended the reading
	}

	// A wait that the API asked for binds the next invocation, however this one came to end within it.
	if stopped.notBefore.IsZero() && time.Now().Before(c.until) {
		stopped.notBefore = c.until
	}

	return stopped, err
}

// untilStopping is ctx, which the end of the process ends too, for what is asked of the API: what is stored is still to be stored
// then. end has to be called.
func (e *Engine) untilStopping(ctx context.Context) (asking context.Context, end func()) {
	asking, cancel := context.WithCancelCause(ctx)

	var watching sync.WaitGroup

	watching.Go(func() {
		select {
		case <-e.Stopping:
			cancel(errStopping)
		case <-asking.Done():
		}
	})

	return asking, func() {
		cancel(nil)
		watching.Wait()
	}
}

// readWindows reads one window of the query after the other. Most listings have a single one, which no job prepares.
func (i *invocation) readWindows(ctx, reading context.Context, w *writer, f *fetcher) (stopped stop, err error) {
	jobs, byJob := i.pages.(Jobs)
	if !byJob {
		return i.transfer(ctx, reading, w, f, i.pages)
	}

	for !w.position.Done && stopped.none() && err == nil {
		var pages Pages
		if pages, stopped, err = i.prepare(ctx, reading, jobs, w, f.caller); pages == nil {
			continue
		}

		stopped, err = i.transfer(ctx, reading, w, f, pages)
		if w.lost(stopped.err) {
			f.position = w.position
			stopped = w.resubmit(ctx, stopped.err.Error())
		}
	}

	return stopped, err
}

// transfer fetches the pages of a window and writes them, the next page being fetched while one is written. It returns once
// both have ended.
func (i *invocation) transfer(ctx, reading context.Context, w *writer, f *fetcher, source Pages) (stop, error) {
	reading, cancel := context.WithCancelCause(reading)
	defer cancel(nil)

	pages := make(chan fetched, pagesInFlight-2)

	f.free = make(chan *Page, pagesInFlight)
	for range pagesInFlight {
		f.free <- &Page{}
	}

	var (
		running sync.WaitGroup
		stopped stop
		failed  error
	)

	running.Go(func() { stopped = f.run(reading, source, pages) })

	for next := range pages {
		if failed == nil {
			if failed = w.take(ctx, next); failed != nil {
				cancel(failed)
			}
		}

		f.free <- next.page
	}

	running.Wait()

	return stopped, failed
}
