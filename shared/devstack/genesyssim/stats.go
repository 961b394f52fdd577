package genesyssim

import (
	"maps"
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
	// BadTokenRequests counts 401s for a token that is unknown, revoked, expired or idle for too long.
	BadTokenRequests int64 `json:"bad_token_requests"`
	// ExpiredTokenRequests counts those of them whose token was good once and ran out.
	ExpiredTokenRequests int64 `json:"expired_token_requests"`
	// EarlyRequests counts, by path, requests that came before the Retry-After of an earlier 429 or 503 to the same
	// token had passed (for the token endpoints, to anybody).
	EarlyRequests map[string]int64 `json:"early_requests"`
	// Pages and EntitiesServed count the pages that went out whole, and the entities in them.
	Pages          int64 `json:"pages"`
	EntitiesServed int64 `json:"entities_served"`
	// FaultsHit counts requests that a fault hit.
	FaultsHit int64 `json:"faults_hit"`
	// InFlightMax is the largest number of requests at one time.
	InFlightMax int64 `json:"in_flight_max"`
}

// ledger is the running count.
type ledger struct {
	mu       sync.Mutex
	stats    Stats
	inFlight int64
}

func newLedger() *ledger { return &ledger{stats: emptyStats()} }

func emptyStats() Stats {
	return Stats{Requests: make(map[string]int64), EarlyRequests: make(map[string]int64)}
}

func (l *ledger) begin(method, path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	countBounded(l.stats.Requests, method+" "+path)
	l.inFlight++
	l.stats.InFlightMax = max(l.stats.InFlightMax, l.inFlight)
}

func (l *ledger) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
}

// change applies a change to the counts.
func (l *ledger) change(apply func(*Stats)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	apply(&l.stats)
}

func (l *ledger) throttle()     { l.change(func(s *Stats) { s.Throttled++ }) }
func (l *ledger) tokenRequest() { l.change(func(s *Stats) { s.TokenRequests++ }) }
func (l *ledger) minted()       { l.change(func(s *Stats) { s.TokensMinted++ }) }
func (l *ledger) faultHit()     { l.change(func(s *Stats) { s.FaultsHit++ }) }

func (l *ledger) early(path string) {
	l.change(func(s *Stats) { countBounded(s.EarlyRequests, path) })
}

func (l *ledger) badToken(expired bool) {
	l.change(func(s *Stats) {
		s.BadTokenRequests++
		if expired {
			s.ExpiredTokenRequests++
		}
	})
}

func (l *ledger) served(pages, entities int) {
	l.change(func(s *Stats) {
		s.Pages += int64(pages)
		s.EntitiesServed += int64(entities)
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
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats = emptyStats()
	l.stats.InFlightMax = l.inFlight
}

func countBounded(counts map[string]int64, key string) {
	if _, known := counts[key]; !known && len(counts) >= maxDistinct {
		key = "other"
	}
	counts[key]++
}
