package export

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxBurst is how many requests may follow each other at once after a pause, out of what the pause left unused.
	maxBurst = 10
	// burstShare keeps a burst to this part of what is allowed in a minute, so that it stays even with a low limit.
	burstShare = 24
)

// pacer spreads requests evenly, so that an export asks for no more than its share of the rate limit that it knows, and
// leaves the token's other users theirs. A limit that was learned only ever lowers it, as long as the process lives.
//
// A nil pacer waits for nothing. It may be used by many at once.
type pacer struct {
	mu      sync.Mutex
	limit   int // requests a minute
	share   int // percent
	limiter *rate.Limiter
}

// newPacer returns the pacer of an export that may use share percent of limit requests a minute. It begins with one
// request at hand and no burst: an invocation does not know what the one before has just used.
func newPacer(limit, share int) *pacer {
	p := &pacer{limit: limit, share: share}
	p.limiter = rate.NewLimiter(p.rate(), p.burst())
	p.limiter.ReserveN(time.Now(), p.burst()-1)

	return p
}

// rate is how many requests a second are allowed.
func (p *pacer) rate() rate.Limit { return rate.Limit(float64(p.limit) * float64(p.share) / 100 / 60) }

func (p *pacer) burst() int { return min(max(p.limit*p.share/100/burstShare, 1), maxBurst) }

// lower takes a limit that the API told, in requests a minute, or that an earlier invocation was told. 0 is none.
func (p *pacer) lower(limit int) {
	if p == nil || limit <= 0 {
		return
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	if limit < p.limit {
		p.limit = limit
		p.limiter.SetBurst(p.burst())
		p.limiter.SetLimit(p.rate())
	}
}

// take claims the next request and returns how long it has to wait. Where fits refuses that wait, nothing is claimed.
func (p *pacer) take(fits func(time.Duration) bool) (wait time.Duration, claimed bool) {
	if p == nil {
		return 0, true
	}

	claim := p.limiter.Reserve()

	wait = claim.Delay()
	if wait > 0 && !fits(wait) {
		claim.Cancel()
		return wait, false
	}

	return wait, true
}
