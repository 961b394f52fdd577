package export

import (
	"context"
	"errors"
	"fmt"
	"time"

	"genesys-cloud-export/shared/retry"
)

// errBudgetSpent ends a request that the budget has no more time for.
var errBudgetSpent = errors.New("the invocation's time is spent")

// errPaced says that the export's share of the rate limit is used up for now.
var errPaced = errors.New("the export's share of the rate limit is used up for now")

// longPause is the longest wait between two requests that is not worth ending an invocation for.
const longPause = time.Second

// leastPage is the shortest time that a page is expected to take after a wait, before one was seen.
const leastPage = 250 * time.Millisecond

// halt is why a slice stopped fetching. The zero value: the last page was read.
type halt struct {
	reason    string        // a reason of a continue
	notBefore time.Time     // the API asked for no request until then; zero: it did not
	pause     time.Duration // how long the export's own pace has the next request wait, where that is long
	err       error         // a failure
}

// fetched is a page with the position behind it.
type fetched struct {
	page     *Page
	position Position
}

// fetcher reads one page after the other, until the listing ends or the slice has to stop.
type fetcher struct {
	*slice

	query    Query
	position Position
	slowest  time.Duration // the longest that a request for a page took in this slice
	limit    int           // the lowest rate limit that the API told, as in the checkpoint
	until    time.Time     // the end of the last wait that the API asked for
}

// run fetches into pages from free and sends them on. It never holds more than one page, and closes neither channel.
func (f *fetcher) run(ctx context.Context, free <-chan *Page, pages chan<- fetched) halt {
	first := f.Listing.First(f.query)

	for n := 0; !f.position.Done; n++ {
		if n > 0 && f.budget.Left() <= f.slowest {
			return halt{reason: ReasonBudget}
		}

		var page *Page
		select {
		case page = <-free:
		case <-ctx.Done():
			return halt{reason: ReasonBudget}
		}

		if err := f.fetch(ctx, page, n == 0); err != nil {
			return f.why(ctx, err)
		}

		f.stats.PagesFetched++

		position, err := f.position.advance(first, page, f.query.PageSize)
		if err != nil {
			return halt{err: err}
		}

		f.position = position

		select {
		case pages <- fetched{page, position}:
		case <-ctx.Done():
			return halt{reason: ReasonBudget}
		}
	}

	return halt{}
}

// fetch reads the page at the position, with retries. The slice's first page may take the time up to the deadline less a
// second, so that a slice whose time is short still makes progress; but no wait is begun that ends in the reserve.
func (f *fetcher) fetch(ctx context.Context, page *Page, first bool) error {
	limit := f.budget.Stop()
	if first {
		limit = f.budget.Latest()
	}

	ctx, cancel := context.WithDeadlineCause(ctx, limit, errBudgetSpent)
	defer cancel()

	fits := func(wait time.Duration) bool { return wait+max(f.slowest, leastPage) <= f.budget.Left() }

	sent := 0

	err := f.Retry.Do(ctx, fits, func(ctx context.Context) error {
		if err := f.await(ctx, fits); err != nil {
			return err
		}

		if sent++; sent > 1 {
			f.stats.RequestsRetried++
		}

		begun := time.Now()
		err := f.Listing.Fetch(ctx, f.query, f.position.Next, page)
		f.learn(page.Limit)

		f.until = time.Time{}
		if failed, transient := errors.AsType[*retry.TransientError](err); transient {
			if failed.Throttled {
				f.stats.RequestsThrottled++
			}

			if failed.Told {
				f.until = time.Now().Add(failed.After)
			}
		}

		if err == nil {
			f.slowest = max(f.slowest, time.Since(begun))
		}

		return err
	})

	// Whatever the time ran out in, a token that was being waited for included, it is the time that ran out. Where it did
	// not even suffice for the slice's first page, what took it is worth more than that.
	if err != nil && !first && errors.Is(context.Cause(ctx), errBudgetSpent) {
		return errBudgetSpent
	}

	return err
}

// await waits until the pace allows another request.
func (f *fetcher) await(ctx context.Context, fits func(time.Duration) bool) error {
	wait, claimed := f.pace().take(fits)
	if !claimed {
		return &retry.RefusedError{Err: errPaced, Wait: wait}
	}

	if wait == 0 {
		return nil
	}

	return retry.Sleep(ctx, wait)
}

// learn takes the rate limit that a reply told.
func (f *fetcher) learn(limit int) {
	if limit > 0 && (f.limit == 0 || limit < f.limit) {
		f.limit = limit
		f.pace().lower(limit)
	}
}

// why tells what the failure of a fetch means. The end of the invocation itself is the end of its time: what the stop then
// cannot write is the error by name.
func (f *fetcher) why(ctx context.Context, err error) halt {
	if errors.Is(err, errBudgetSpent) || ctx.Err() != nil {
		return halt{reason: ReasonBudget}
	}

	if refused, ok := errors.AsType[*retry.RefusedError](err); ok {
		if refused.Throttled {
			return halt{reason: ReasonRateLimited, notBefore: time.Now().Add(refused.Wait)}
		}

		if errors.Is(err, errPaced) && refused.Wait > longPause {
			return halt{reason: ReasonBudget, pause: refused.Wait} // waiting costs nothing outside
		}

		return halt{reason: ReasonBudget}
	}

	return halt{err: fmt.Errorf("read page %d: %w", f.position.Pages+1, err)}
}
