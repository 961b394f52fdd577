package genesyssim

import (
	"maps"
	"time"
)

// organisation is what changes while the simulator runs. [Simulator.change] is the way to it.
type organisation struct {
	disabled bool
	tokens   map[string]*token
	waiting  map[string]time.Time // until when a caller has to wait by a Retry-After
	script   []FaultCount
	shifted  map[string]int  // how many of a listing's entities faults removed at its front, less those that they added
	jobs     map[string]*job // by id
	stats    Stats
}

func newOrganisation(config Config) organisation {
	return organisation{
		tokens: map[string]*token{}, waiting: map[string]time.Time{}, script: newScript(config.Faults),
		shifted: map[string]int{}, jobs: map[string]*job{}, stats: Stats{Requests: map[string]int64{}, EarlyRequests: map[string]int64{}},
	}
}

// change reads or changes what may change while the simulator runs.
func (s *Simulator) change(do func(*organisation)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(&s.now)
}

// Stats is what the simulator saw since it began, admin requests aside. A request is early if it comes before the Retry-After of a 429
// or 503 to the same token, or to anybody at a token endpoint, has passed.
type Stats struct {
	Requests         map[string]int64 `json:"requests"`           // by "METHOD path"
	Throttled        int64            `json:"throttled"`          // replies with status 429, scripted ones included
	TokenRequests    int64            `json:"token_requests"`     // that a token endpoint answered, well or not, and no fault
	TokensMinted     int64            `json:"tokens_minted"`      // tokens
	BadTokenRequests int64            `json:"bad_token_requests"` // 401s: unknown, revoked, expired, idle for too long
	EarlyRequests    map[string]int64 `json:"early_requests"`     // by path
	Pages            int64            `json:"pages"`              // that went out whole
	EntitiesServed   int64            `json:"entities_served"`    // in those pages
	FaultsHit        int64            `json:"faults_hit"`         // requests that a fault hit
}

// Stats returns a copy of the counts.
func (s *Simulator) Stats() (counts Stats) {
	s.change(func(o *organisation) {
		counts = o.stats
		counts.Requests, counts.EarlyRequests = maps.Clone(counts.Requests), maps.Clone(counts.EarlyRequests)
	})

	return counts
}
