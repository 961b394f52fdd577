package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"genesys-cloud-export/shared/budget"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

const (
	leastPage     = 250 * time.Millisecond // the shortest time that a page is expected to take after a wait, before one was seen
	progressEvery = 5 * time.Second        // how often it is logged how far the reading is
)

var (
	errBudgetSpent = errors.New("the invocation's time is spent") // ends a request that the budget has no more time for
	errPaced       = errors.New("the export's share of the rate limit is used up for now")
)

// final is a failure of the token or of a store. What caused it is hidden: it may be the end of the time, or something that
// passes, and then decides nothing.
type final struct{ failed error }

// Error returns the text of the failure.
func (f final) Error() string { return f.failed.Error() }

// fetched is a page with the position behind it.
type fetched struct {
	page     *Page
	position Position
}

// fetcher reads one page after the other, until the listing ends or the invocation has to stop.
type fetcher struct {
	pages   Pages
	retry   retry.Policy
	pacer   *pacer
	budget  budget.Budget
	logger  *slog.Logger
	listing string
	id      string

	pageSize int
	position Position
	slowest  time.Duration // the longest that a request for a page took in this invocation
	limit    int           // the lowest rate limit that the API gave, as in the checkpoint
	until    time.Time     // the end of the last wait that the API asked for
	before   time.Duration // what the invocation took before the reading began
	begun    time.Time     // when the reading began
	failed   failure.Kind  // what the last request met, where a later one may get the page
	logged   time.Time     // when it was last logged how far the reading is

	fetched, throttled, retried int64 // as in [Stats]
}

func (i *invocation) newFetcher() *fetcher {
	cp := i.state.checkpoint
	f := &fetcher{
		pages: i.pages, retry: i.engine.Retry, pacer: i.engine.pacer, budget: i.budget, logger: i.engine.Logger,
		listing: i.listing, id: i.id, pageSize: cp.Query.PageSize, position: cp.Position, limit: learnable(cp.Limit),
		before: time.Since(i.begun), begun: time.Now(), logged: time.Now(),
	}
	f.pacer.lower(f.listing, f.limit)

	return f
}

// run fetches into pages from free and sends them on. It never keeps more than one page, and closes neither channel.
func (f *fetcher) run(ctx context.Context, free <-chan *Page, pages chan<- fetched) stop {
	first := f.pages.First()

	for n := 0; !f.position.Done; n++ {
		if n > 0 && f.budget.Left() <= f.slowest {
			return stop{reason: ReasonBudget}
		}

		var page *Page
		select {
		case page = <-free:
		case <-ctx.Done():
			return stop{reason: ReasonBudget}
		}

		if err := f.fetch(ctx, page, n == 0); err != nil {
			return f.why(ctx, err, n == 0)
		}

		position, err := f.position.advance(first, page, f.pageSize)
		if err != nil {
			return stop{err: err}
		}

		f.position = position
		f.fetched++
		f.log(ctx, page)

		select {
		case pages <- fetched{page, position}:
		case <-ctx.Done():
			return stop{reason: ReasonBudget}
		}
	}

	return stop{}
}

// log logs what was replaced in a page that was read, and every few seconds how far the reading is.
func (f *fetcher) log(ctx context.Context, page *Page) {
	if page.Replaced > 0 {
		f.logger.WarnContext(ctx, `unpaired surrogate escapes are exported as \ufffd`, slog.String("export_id", f.id),
			slog.Int64("page", f.position.Pages), slog.Int("entity", page.ReplacedIn), slog.Int("replaced", page.Replaced))
	}

	if time.Since(f.logged) >= progressEvery {
		f.logged = time.Now()
		f.logger.InfoContext(ctx, "reading", slog.String("export_id", f.id),
			slog.Int64("pages", f.position.Pages), slog.Int64("records", f.position.Records))
	}
}

// fits reports whether a page fits into the time that is left after a wait.
func (f *fetcher) fits(wait time.Duration) bool {
	return wait+max(f.slowest, leastPage) <= f.budget.Left()
}

// fetch reads the page at the position, with retries. The invocation's first page may take the time up to the deadline less
// a second, so that an invocation whose time is short still makes progress; but no wait is begun that ends in the reserve.
func (f *fetcher) fetch(ctx context.Context, page *Page, first bool) error {
	limit := f.budget.Stop()
	if first {
		limit = f.budget.Latest()
	}

	ctx, cancel := context.WithDeadlineCause(ctx, limit, errBudgetSpent)
	defer cancel()

	sent := 0

	err := f.retry.Do(ctx, f.fits, func(ctx context.Context) error {
		if err := f.await(ctx); err != nil {
			return err
		}

		if sent++; sent > 1 {
			f.retried++
		}

		return f.request(ctx, page)
	})

	// Whatever the time ran out in, a token that was being waited for included, it is the time that ran out. Where it did
	// not even suffice for the invocation's first page, what took it is worth more than that.
	if err != nil && !first && errors.Is(context.Cause(ctx), errBudgetSpent) {
		return errBudgetSpent
	}

	return err
}

// request sends one request for the page.
func (f *fetcher) request(ctx context.Context, page *Page) error {
	f.failed, f.until = "", time.Time{}

	begun := time.Now()
	err := f.pages.Fetch(ctx, f.position.Next, page)
	f.learn(page.Limit)

	if err == nil {
		f.slowest = max(f.slowest, time.Since(begun))
		return nil
	}

	failed, transient := errors.AsType[*retry.TransientError](err)
	if named, ok := errors.AsType[*failure.Error](err); ok && (!transient || !errors.Is(failed, named)) {
		// Whatever caused it, something that passes included. Of the token and the stores it is final; all others are the API's.
		if named.Kind == failure.TokenUnavailable || named.Kind == failure.StorageUnavailable {
			return final{err}
		}

		return err
	}

	if !transient {
		return err
	}

	f.failed = failure.UpstreamUnavailable
	if failed.Throttled {
		f.failed = failure.RateLimited
		f.throttled++
	}

	if failed.After > 0 {
		f.until = due(failed.After)
	}

	return err
}

// await waits until the pace allows another request.
func (f *fetcher) await(ctx context.Context) error {
	wait, claimed := f.pacer.take(f.listing, f.fits)

	switch {
	case !claimed:
		return &retry.RefusedError{Err: errPaced, Wait: wait}
	case wait == 0:
		return nil
	default:
		return retry.Sleep(ctx, wait)
	}
}

// learn takes the rate limit that a reply gave.
func (f *fetcher) learn(limit int) {
	if limit = learnable(limit); limit > 0 && (f.limit == 0 || limit < f.limit) {
		f.limit = limit
		f.pacer.lower(f.listing, limit)
	}
}

// why is what the failure of a fetch means. What names itself comes before the end of the time, which may have caused it:
// an invocation that got no page ends as what it waited for.
func (f *fetcher) why(ctx context.Context, err error, first bool) stop {
	named, isFinal := errors.AsType[final](err)
	refused, isRefused := errors.AsType[*retry.RefusedError](err)

	switch {
	case errors.Is(context.Cause(ctx), errStopping):
		return stop{reason: ReasonBudget}
	case isFinal && (first || ctx.Err() == nil):
		return stop{err: f.failure(named.failed)}
	case isFinal, ctx.Err() != nil, errors.Is(err, errBudgetSpent):
		return stop{reason: ReasonBudget, blames: f.timeTaker()}
	case errors.Is(err, errPaced) && !first && !f.fits(0):
		return stop{reason: ReasonBudget} // no page would fit, paced or not
	case errors.Is(err, errPaced), isRefused && refused.Throttled:
		// Where the pace is the export's own, a request that failed before it is what counts, if anything.
		return stop{reason: ReasonRateLimited, notBefore: due(refused.Wait), blames: f.failed}
	case isRefused:
		return stop{reason: ReasonBudget, blames: f.failed}
	default:
		return stop{err: f.failure(err)}
	}
}

// timeTaker is what most of the invocation's time went to: the API, or what came before it.
func (f *fetcher) timeTaker() failure.Kind {
	if time.Since(f.begun) > f.before {
		return failure.UpstreamUnavailable
	}

	return failure.NoProgress
}

// failure says which page could not be read.
func (f *fetcher) failure(err error) error {
	if failure.KindOf(err) == "" {
		err = failure.Because(err, failure.UpstreamUnavailable, "the request failed and does not say why: invoke again")
	}

	return fmt.Errorf("read page %d: %w", f.position.Pages+1, err)
}
