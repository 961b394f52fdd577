// Package retry is the wait policy: what a server asks for with Retry-After comes first, else exponential backoff with
// full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), and a wait that does not fit
// into the time left is refused instead of begun.
package retry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// TransientError marks a failed attempt that a later one may not meet.
type TransientError struct {
	Err       error         // what failed
	Throttled bool          // a rate limit was met, which says nothing against the request itself
	After     time.Duration // the wait that the server asked for, from now on; 0: none
	Limit     int           // the rate limit that the server named, in requests a minute; 0: none
}

// Error returns the text of what failed.
func (t *TransientError) Error() string { return t.Err.Error() }

// Unwrap returns what failed.
func (t *TransientError) Unwrap() error { return t.Err }

// RefusedError is returned where the next attempt would start too late.
type RefusedError struct {
	Err       error         // the last attempt's failure
	Wait      time.Duration // how long the next attempt has to be put off
	Throttled bool          // a server asked for the wait, or a rate limit caused it
}

// Error names the failure and the wait.
func (r *RefusedError) Error() string {
	return fmt.Sprintf("%v; the next attempt is due in %s, which does not fit into the time left", r.Err, r.Wait.Round(time.Millisecond))
}

// Unwrap returns the last attempt's failure.
func (r *RefusedError) Unwrap() error { return r.Err }

// Policy says how often and how patiently something is tried again.
type Policy struct {
	// Base is the upper bound of the first backoff; it doubles with every failure.
	Base time.Duration
	// Cap bounds every backoff. It does not bound what a server asks for.
	Cap time.Duration
	// Attempts is how often a request is sent at most, the first time included. Attempts that were throttled are not
	// counted: only the time left bounds them.
	Attempts int
}

// maxSpread is the most that is added to a wait which a server asked for, so that its callers do not come at once.
const maxSpread = time.Second

// Backoff returns how long to wait after that many failures in a row, at least 1: up to Base, which doubles each time, or Cap.
func (p Policy) Backoff(failures int) time.Duration {
	bound := p.Cap
	// The cap is halved instead of the base doubled for the comparison: that cannot overflow.
	if shift := failures - 1; p.Base <= p.Cap>>shift {
		bound = p.Base << shift
	}

	return upTo(bound)
}

// wait is what the server asked for and a little more, at most [Longest], or a backoff where it asked for none.
func (p Policy) wait(failures int, after time.Duration) time.Duration {
	if after > 0 {
		return min(after+upTo(min(after/10, maxSpread)), Longest)
	}

	return p.Backoff(failures)
}

// Do calls attempt until it succeeds, fails with no [TransientError], or has spent its attempts; then it returns attempt's error.
// Where a wait does not fit (fits says no, or ctx would end before it), or ctx ends during it, it returns [*RefusedError].
func (p Policy) Do(ctx context.Context, fits func(time.Duration) bool, attempt func(context.Context) error) error {
	spent := 0
	for failures := 1; ; failures++ {
		err := attempt(ctx)

		failed, transient := errors.AsType[*TransientError](err)
		if !transient {
			return err
		}

		if !failed.Throttled {
			if spent++; spent >= p.Attempts {
				return err
			}
		}

		wait := p.wait(failures, failed.After)
		refused := &RefusedError{Err: err, Wait: wait, Throttled: failed.Throttled || failed.After > 0}

		if !fits(wait) || endsBefore(ctx, wait) {
			return refused
		}

		begun := time.Now()
		if Sleep(ctx, wait) != nil {
			refused.Wait = max(wait-time.Since(begun), 0)
			return refused
		}
	}
}

// endsBefore reports whether ctx ends before a wait from now on does.
func endsBefore(ctx context.Context, wait time.Duration) bool {
	deadline, set := ctx.Deadline()

	return set && !time.Now().Add(wait).Before(deadline)
}

// Sleep waits for d, or until ctx ends and then returns the cause. Where both have ended, as in a freeze, it returns the cause.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-timer.C:
	case <-ctx.Done():
	}

	return context.Cause(ctx)
}

func upTo(bound time.Duration) time.Duration {
	return time.Duration(rand.Int64N(int64(bound) + 1)) //nolint:gosec // spreading callers needs no secrecy
}
