package export

import (
	"cmp"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxBurst = 10 // how many requests may follow each other at once after a pause, out of what the pause left unused
	// burstShare keeps a burst to this part of what is allowed in a minute, so that it stays even with a low limit.
	burstShare = 24
)

// pacer spreads requests evenly, so that exports ask for no more than their share of the rate limit that is known, and
// leave the token's other users theirs. The requests of all listings count, as they use one token. A limit that a listing
// learned binds that listing alone, and is only ever lowered, as long as the process lives.
//
// A nil pacer waits for nothing. It may be used by many at once.
type pacer struct {
	mu      sync.Mutex
	limit   int            // the token's, in requests a minute
	learned map[string]int // the listings', in requests a minute, where they are lower
	share   int            // percent
	limiter *rate.Limiter
}

// newPacer returns the pacer of exports that may use share percent of limit requests a minute, and nil where there is no
// limit. It begins with one request at hand and no burst: an invocation does not know what the one before has just used.
func newPacer(limit, share int) *pacer {
	if limit <= 0 {
		return nil
	}

	p := &pacer{limit: limit, learned: make(map[string]int), share: share}
	p.limiter = rate.NewLimiter(p.rate(limit), p.burst(limit))
	p.limiter.ReserveN(time.Now(), p.burst(limit)-1)

	return p
}

// rate is how many requests a second are allowed by a limit.
func (p *pacer) rate(limit int) rate.Limit {
	return rate.Limit(float64(limit) * float64(p.share) / 100 / 60)
}

func (p *pacer) burst(limit int) int { return min(max(limit*p.share/100/burstShare, 1), maxBurst) }

// of is the limit that binds a listing.
func (p *pacer) of(listing string) int { return cmp.Or(p.learned[listing], p.limit) }

// lower takes a limit, in requests a minute, that the API gave a listing, in an earlier invocation too. 0 is none.
func (p *pacer) lower(listing string, limit int) {
	if p == nil || limit <= 0 {
		return
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	p.learned[listing] = min(limit, p.of(listing))
}

// take claims the next request of a listing and returns how long it has to wait. Where fits refuses that wait, nothing is
// claimed.
func (p *pacer) take(listing string, fits func(time.Duration) bool) (wait time.Duration, claimed bool) {
	if p == nil {
		return 0, true
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	p.limiter.SetBurst(p.burst(p.of(listing)))
	p.limiter.SetLimit(p.rate(p.of(listing)))

	claim := p.limiter.Reserve()

	if wait = claim.Delay(); wait > 0 && !fits(wait) {
		claim.Cancel()
		return wait, false
	}

	return wait, true
}
