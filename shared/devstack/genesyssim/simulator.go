// Package genesyssim simulates one Genesys Cloud organisation over HTTP: token endpoints, listings, limits, and by script everything
// that goes wrong there. README.md says what is served, and of each thing how sure it is.
//
// Rules: the simulator is strict where the platform's answer is unknown, so that a client's mistake is an error. It holds no entities,
// no pages and no cursors: a million users cost what ten cost. It starts no goroutine and asks the clock only when asked itself, so that
// it lives under the virtual time of testing/synctest. Tokens are random; all else follows from [Config]. No token, secret or entity is
// logged.
package genesyssim

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"genesys-cloud-export/shared/retry"
)

// The paths that are served; every other one is 404.
const (
	tokenPath         = "/oauth/token"        //nolint:gosec // a path, no credentials
	tutorialTokenPath = "/api/v2/oauth/token" //nolint:gosec // a path, no credentials
	tokensMePath      = "/api/v2/tokens/me"   //nolint:gosec // a path, no credentials
	usersQueryPath    = "/api/v2/users/query"
	apiPrefix         = "/api/v2/"
	adminPrefix       = "/_sim/"
)

// Simulator is one organisation: an [http.Handler] for concurrent use, which needs no closing. [New] makes it.
type Simulator struct {
	config   Config
	listings []Listing
	mu       sync.Mutex
	now      organisation
}

// New makes a simulator of the organisation that config describes. The error names every field that does not hold.
func New(config Config) (*Simulator, error) {
	config = config.withDefaults()
	s := &Simulator{config: config, listings: newListings(config), now: organisation{
		tokens: map[string]*token{}, waiting: map[string]time.Time{}, shifted: map[string]int{}, jobs: map[string]*job{},
		stats: Stats{Requests: map[string]int64{}, EarlyRequests: map[string]int64{}},
	}}
	if err := errors.Join(config.validate(s.listings), s.SetFaults(config.Faults)); err != nil {
		return nil, fmt.Errorf("configure the Genesys Cloud simulator: %w", err)
	}

	return s, nil
}

// exchange is one request on its way to a reply.
type exchange struct {
	request       *http.Request
	writer        http.ResponseWriter
	header        http.Header // of the reply
	correlationID string
	bearer        string
	fault         *Fault // the zero fault, which does nothing, where none hits
}

// ServeHTTP answers the token endpoints, the API, and under /_sim/ the admin API.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{request: r, writer: w, header: w.Header(), correlationID: newUUID(), bearer: bearerToken(r), fault: &Fault{}}
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		if answer := s.answerAdmin(x); answer != nil {
			s.send(x, answer)
		}

		return
	}
	now := time.Now()
	path := jobPath(r.URL.Path)
	s.change(func(o *organisation) { o.receive(x, path, now) })
	s.interfere(x)
	answer := s.answer(x)
	x.header.Set("ININ-Correlation-Id", x.correlationID)
	s.config.Logger.DebugContext(r.Context(), "request answered", "method", r.Method, "path", r.URL.Path,
		"status", answer.status, "correlation_id", x.correlationID, "fault", x.fault.Path != "")
	s.send(x, answer)
}

// receive counts a request to a path, and finds the fault that hits it.
func (o *organisation) receive(x *exchange, path string, now time.Time) {
	method := x.request.Method
	o.stats.Requests[method+" "+path]++
	if now.Before(o.waiting[x.caller()]) {
		o.stats.EarlyRequests[path]++
	}
	if fault := o.nextFault(method, path); fault != nil {
		o.stats.FaultsHit++
		x.fault = fault
	}
}

// interfere does what a fault does before there is a reply: delay, hang, reset, and revoke the calling token.
func (s *Simulator) interfere(x *exchange) {
	x.pause(time.Duration(x.fault.DelayMS) * time.Millisecond)
	switch x.fault.Action {
	case ActionReset:
		x.resetConnection()
	case ActionHang:
		x.hang()
	case ActionRevokeToken:
		s.change(func(o *organisation) { delete(o.tokens, x.bearer) })
	default:
	}
}

// answer makes the reply: the fault's own, or the organisation's.
func (s *Simulator) answer(x *exchange) *reply {
	if scripted := x.scriptedReply(); scripted != nil {
		return scripted
	}
	switch path := x.request.URL.Path; {
	case isTokenPath(path):
		return s.answerToken(x)
	case strings.HasPrefix(path, apiPrefix):
		x.pause(s.config.Latency)
		if refusal := s.admit(x); refusal != nil {
			return x.refuse(refusal)
		}

		return s.answerResource(x)
	default:
		return x.refusePath()
	}
}

// answerResource asks the resource at the request's path.
func (s *Simulator) answerResource(x *exchange) *reply {
	path, method := x.request.URL.Path, x.request.Method
	if path == tokensMePath {
		return s.answerTokensMe(x)
	}
	var allowed []string
	for _, of := range s.listings {
		history := of.Paging.history() && strings.HasPrefix(path+"/", of.Path+"/")
		switch there := history || of.Path == path; {
		case there && !history && of.method != method:
			allowed = append(allowed, of.method)
		case there && of.Permission != "" && slices.Contains(s.config.Forbidden, of.Name):
			return x.refuse(newError(http.StatusForbidden, "missing.permissions",
				"Unable to perform the requested action. You are missing the following permission(s): "+of.Permission))
		case history:
			return s.answerHistory(x, of)
		case there:
			return s.answerListing(x, of)
		}
	}
	if allowed == nil {
		return x.refusePath()
	}

	return x.refuseMethod(strings.Join(allowed, ", "))
}

// caller is whose Retry-After a request has to obey: the bearer token's, or that of all callers of the token endpoints.
func (x *exchange) caller() string {
	if isTokenPath(x.request.URL.Path) {
		return "client"
	}

	return "bearer " + x.bearer
}

func isTokenPath(path string) bool { return path == tokenPath || path == tutorialTokenPath }

// pause waits, and ends the request where its client went first.
func (x *exchange) pause(d time.Duration) {
	if retry.Sleep(x.request.Context(), d) != nil {
		panic(http.ErrAbortHandler)
	}
}

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

// noteRetryAfter remembers how long a caller has to wait: seconds, or until an HTTP date. Anything else binds nobody.
func (o *organisation) noteRetryAfter(caller string, status int, retryAfter string, now time.Time) {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return
	}
	until, _ := http.ParseTime(retryAfter) // the zero time where it is no date
	if seconds, err := strconv.ParseUint(retryAfter, 10, 31); err == nil {
		until = now.Add(time.Duration(seconds) * time.Second)
	}
	if until.After(o.waiting[caller]) {
		o.waiting[caller] = until
	}
}
