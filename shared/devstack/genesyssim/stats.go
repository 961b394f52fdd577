package genesyssim

import (
	"maps"
	"net/http"
	"sync"
)

// maxDistinct bounds the maps of [Stats]: what comes after so many different keys is counted under "other".
const maxDistinct = 1000

// Stats is what the simulator saw since it began, or since the counts were reset. Admin requests are not counted.
type Stats struct {
	// Requests counts requests by "METHOD path".
	Requests map[string]int64 `json:"requests"`
	// Throttled counts replies with status 429, scripted ones included.
	Throttled int64 `json:"throttled"`
	// TokenRequests counts requests that reached a token endpoint, answered well or not; those that a fault answered
	// are in Requests alone.
	TokenRequests int64 `json:"token_requests"`
	// TokensMinted counts tokens.
	TokensMinted int64 `json:"tokens_minted"`
	// BadTokenRequests counts 401s for a token that is unknown, revoked, expired, idle for too long or too fresh.
	BadTokenRequests int64 `json:"bad_token_requests"`
	// EarlyRequests counts, by path, requests that came before the Retry-After of an earlier 429 or 503 to the same
	// token had passed (for the token endpoints, to anybody).
	EarlyRequests map[string]int64 `json:"early_requests"`
	// Pages and EntitiesServed count the pages that went out whole, and the entities in them.
	Pages          int64 `json:"pages"`
	EntitiesServed int64 `json:"entities_served"`
	// FaultsHit counts requests that a fault hit.
	FaultsHit int64 `json:"faults_hit"`
}

// ledger is the running count.
type ledger struct {
	mu    sync.Mutex
	stats Stats
}

func newLedger() *ledger {
	l := &ledger{}
	l.reset()

	return l
}

// change applies a change to the counts.
func (l *ledger) change(apply func(*Stats)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	apply(&l.stats)
}

// received counts a request: whether it came before a Retry-After had passed, and whether a fault hit it.
func (l *ledger) received(r *http.Request, early, hit bool) {
	l.change(func(s *Stats) {
		countBounded(s.Requests, r.Method+" "+r.URL.Path)
		if early {
			countBounded(s.EarlyRequests, r.URL.Path)
		}
		if hit {
			s.FaultsHit++
		}
	})
}

func (l *ledger) snapshot() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.stats
	now.Requests, now.EarlyRequests = maps.Clone(now.Requests), maps.Clone(now.EarlyRequests)

	return now
}

func (l *ledger) reset() {
	l.change(func(s *Stats) { *s = Stats{Requests: make(map[string]int64), EarlyRequests: make(map[string]int64)} })
}

func countBounded(counts map[string]int64, key string) {
	if _, known := counts[key]; !known && len(counts) >= maxDistinct {
		key = "other"
	}
	counts[key]++
}
