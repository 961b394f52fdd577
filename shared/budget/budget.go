// Package budget knows how much of an invocation is left: the deadline that Lambda gave, less a reserve that is kept back
// for stopping in good order.
package budget

import (
	"context"
	"time"
)

const (
	// lastResort is what even the first page of an invocation leaves before the deadline, so that a stop can be tried.
	lastResort = time.Second
	// reserveShare bounds the reserve to this part of the time given, so that a short timeout still leaves work time.
	reserveShare = 3
	// withoutDeadline is what a context without a deadline is taken to have: Lambda's longest timeout. Lambda always sets one.
	withoutDeadline = 15 * time.Minute
)

// Budget is the time of one invocation. The zero value has nothing left.
type Budget struct{ deadline, stop time.Time }

// Of reads the invocation's deadline from ctx and keeps reserve back from it, at most a third of the time given.
func Of(ctx context.Context, reserve time.Duration) Budget {
	now := time.Now()

	deadline, bounded := ctx.Deadline()
	if !bounded {
		deadline = now.Add(withoutDeadline)
	}

	given := max(deadline.Sub(now), 0)

	return Budget{deadline: deadline, stop: deadline.Add(-min(max(reserve, 0), given/reserveShare))}
}

// Deadline is when Lambda kills the invocation.
func (b Budget) Deadline() time.Time { return b.deadline }

// Stop is when work has to end: the deadline less the reserve.
func (b Budget) Stop() time.Time { return b.stop }

// Latest is the deadline less a second, or Stop where that is later.
func (b Budget) Latest() time.Time {
	if latest := b.deadline.Add(-lastResort); latest.After(b.stop) {
		return latest
	}

	return b.stop
}

// Left is the time until Stop, and never negative.
func (b Budget) Left() time.Duration { return max(time.Until(b.stop), 0) }
