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

// patience is the longest wait after throttling that an invocation sits out once it has read a page. A longer one is handed over:
// the next invocation's beginning is billed for a fraction of it. Before its first page an invocation waits for as long as fits, since an
// end without one counts as no progress.
const patience = 10 * time.Second

// leastCall is the shortest time that a request is expected to take after a wait, before one was answered.
const leastCall = 250 * time.Millisecond

var (
	errBudgetSpent = errors.New("the invocation's time is spent") // ends a request that the budget has no more time for
	// errPaced refuses a wait for the export's own pace that does not fit into the time left.
	errPaced = errors.New("the export's pace asks for a longer wait than the time left")
)

// final is a failure of the token or of a store. Its cause is hidden, and decides nothing, even where that passes by itself.
type final struct{ failed error }

// Error returns the text of the failure.
func (f final) Error() string { return f.failed.Error() }

// caller sends an invocation's requests to the API: by the pace, with retries, and within the invocation's time.
type caller struct {
	retry   retry.Policy
	pacer   *pacer
	budget  budget.Budget
	logger  *slog.Logger
	listing string
	id      string

	sent     time.Time     // when the request under way was sent, or the next one, if it was sent ahead; zero: neither
	slowest  time.Duration // the longest that a request took in this invocation
	limit    int           // the lowest rate limit that the API gave, as in the checkpoint
	until    time.Time     // the end of the last wait that the API asked for
	before   time.Duration // what the invocation took before its requests began
	begun    time.Time     // when they began
	failed   failure.Kind  // what the last request met, where a later one may succeed
	answered bool          // whether a request of this invocation was answered
	pages    int64         // that were read

	throttled, retried int64 // as in [Stats]
}

func (i *invocation) newCaller() *caller {
	c := &caller{
		retry: i.engine.Retry, pacer: i.engine.pacer, budget: i.budget, logger: i.engine.Logger, listing: i.listing, id: i.id,
		limit: learnable(i.state.checkpoint.Limit), before: time.Since(i.begun), begun: time.Now(),
	}
	c.pacer.lower(c.listing, c.limit)

	return c
}

// fits reports whether a request fits into the time that is left after a wait.
func (c *caller) fits(wait time.Duration) bool {
	return wait+max(c.slowest, leastCall) < c.budget.Left()
}

// do calls request, which sends one request or takes the reply to one that was sent ahead, with retries by policy. The stop
// is why no request succeeded; doing says in its failure what was being done. An invocation's first request may use the
// reserve, up to the deadline less a second, so that a short invocation makes progress too; no wait may.
func (c *caller) do(ctx context.Context, policy retry.Policy, doing string, request func(context.Context) error) stop {
	defer func() { c.sent = time.Time{} }() // where the time ended before what was sent ahead was taken

	first := !c.answered
	if !first && c.budget.Left() <= c.slowest {
		return stop{reason: ReasonBudget, blames: c.timeTaker()}
	}

	limit := c.budget.Stop()
	if first {
		limit = c.budget.Latest()
	}

	bounded, cancel := context.WithDeadlineCause(ctx, limit, errBudgetSpent)
	defer cancel()

	sent := 0

	sitsOut := func(wait time.Duration) bool {
		asked := c.failed == failure.RateLimited || !c.until.IsZero()

		return c.fits(wait) && (wait <= patience || c.pages == 0 || !asked)
	}

	err := policy.Do(bounded, sitsOut, func(ctx context.Context) error {
		if err := c.await(ctx); err != nil {
			return err
		}

		if sent++; sent > 1 {
			c.retried++
		}

		return c.send(ctx, request)
	})
	if err == nil {
		c.answered = true
		return stop{}
	}

	// Whatever the time ran out in, it is the time that ran out; but of an invocation's first request, what took it says more.
	if !first && errors.Is(context.Cause(bounded), errBudgetSpent) {
		err = errBudgetSpent
	}

	return c.why(ctx, err, first, doing)
}

// once is the policy of a request that is sent again after throttling alone.
func (c *caller) once() retry.Policy {
	once := c.retry
	once.Attempts = 1

	return once
}

// send sends one request.
func (c *caller) send(ctx context.Context, request func(context.Context) error) error {
	c.failed, c.until = "", time.Time{}

	if c.sent.IsZero() {
		c.sent = time.Now()
	}

	err := request(ctx)
	took := time.Since(c.sent)
	c.sent = time.Time{}

	if err == nil {
		c.slowest = max(c.slowest, took)
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

	c.met(failed)

	return err
}

// met takes what a failure that may pass says of the requests to come; nil: nothing.
func (c *caller) met(failed *retry.TransientError) {
	if failed == nil {
		return
	}

	c.failed = failure.UpstreamUnavailable
	if failed.Throttled {
		c.failed = failure.RateLimited
		c.throttled++
		c.learn(failed.Limit)
	}

	if failed.After > 0 {
		c.until = due(failed.After)
	}
}

// await waits until the pace allows another request. One that was sent ahead did so itself.
func (c *caller) await(ctx context.Context) error {
	if !c.sent.IsZero() {
		return nil
	}

	wait, claimed := c.pacer.take(c.listing, c.fits)

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
func (c *caller) learn(limit int) {
	if limit = learnable(limit); limit > 0 && (c.limit == 0 || limit < c.limit) {
		c.limit = limit
		c.pacer.lower(c.listing, limit)
	}
}

// why is what the failure of a request means. An invocation that got nothing ends as what it waited for, also at its time's end.
func (c *caller) why(ctx context.Context, err error, first bool, doing string) stop {
	named, isFinal := errors.AsType[final](err)
	refused, isRefused := errors.AsType[*retry.RefusedError](err)

	switch {
	case errors.Is(context.Cause(ctx), errStopping):
		return stop{reason: ReasonBudget}
	case isFinal && (first || ctx.Err() == nil):
		return stop{err: failed(named.failed, doing)}
	case isFinal, ctx.Err() != nil, errors.Is(err, errBudgetSpent):
		return stop{reason: ReasonBudget, blames: c.timeTaker()}
	case errors.Is(err, errPaced) && !first && !c.fits(0):
		return stop{reason: ReasonBudget, blames: c.timeTaker()} // no request would fit, paced or not
	case errors.Is(err, errPaced), isRefused && refused.Throttled:
		// Where the pace is the export's own, a request that failed before it is what counts, if anything.
		return stop{reason: ReasonRateLimited, notBefore: due(refused.Wait), blames: c.failed}
	case isRefused:
		return stop{reason: ReasonBudget, blames: c.failed}
	default:
		return stop{err: failed(err, doing)}
	}
}

// timeTaker is what most of the invocation's time went to: the API, or what came before it.
func (c *caller) timeTaker() failure.Kind {
	if time.Since(c.begun) > c.before {
		return failure.UpstreamUnavailable
	}

	return failure.NoProgress
}

// failed says what could not be done.
func failed(err error, doing string) error {
	if failure.KindOf(err) == "" {
		err = failure.Because(err, failure.UpstreamUnavailable, "the request failed and does not say why: invoke again")
	}

	return fmt.Errorf("%s: %w", doing, err)
}
