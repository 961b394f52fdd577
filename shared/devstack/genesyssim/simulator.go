package genesyssim

import (
	"context"
	"crypto/rand"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The paths that are served; every other one is 404.
const (
	tokenPath         = "/oauth/token"        //nolint:gosec // a path, no credentials
	tutorialTokenPath = "/api/v2/oauth/token" //nolint:gosec // a path, no credentials
	tokensMePath      = "/api/v2/tokens/me"   //nolint:gosec // a path, no credentials
	usersQueryPath    = "/api/v2/users/query"
	usersPath         = "/api/v2/users"
	apiPrefix         = "/api/v2/"
	adminPrefix       = "/_sim/"
)

// Simulator is one Genesys Cloud organisation behind an [http.Handler]. Make it with [New]; it is safe for concurrent
// use, starts no goroutine and needs no closing.
type Simulator struct {
	config  Config
	log     *slog.Logger
	people  *population
	cursors *cursorCodec
	tokens  *tokenStore
	limits  *windows
	minting *windows
	gates   *gates
	script  *script
	stats   *ledger
	pages   *lastPages
	gzip    *compressor
	page    func() (*template.Template, error)
}

// New makes a simulator of the organisation that config describes. The error names every field that does not hold.
func New(config Config) (*Simulator, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("configure the Genesys Cloud simulator: %w", err)
	}
	cursors, err := newCursorCodec(config.Seed, config.Users)
	if err != nil {
		return nil, fmt.Errorf("configure the Genesys Cloud simulator: %w", err)
	}

	return &Simulator{
		config:  config,
		log:     config.Logger,
		people:  newPopulation(config.Seed, config.Users),
		cursors: cursors,
		tokens:  newTokenStore(config),
		limits:  newWindows(config.RateLimit, config.RateWindow),
		minting: newWindows(config.TokenRateLimit, config.RateWindow),
		gates:   newGates(),
		script:  newScript(config.Faults),
		stats:   newLedger(),
		pages:   newLastPages(),
		gzip:    newCompressor(config.NoCompression),
		page:    sync.OnceValues(parsePage),
	}, nil
}

// exchange is one request on its way to a reply.
type exchange struct {
	request       *http.Request
	correlationID string
	bearer        string
	fault         *Fault
}

// ServeHTTP answers the token endpoints, the API, and under /_sim/ the admin API.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		s.serveAdmin(w, r)

		return
	}

	ctx := r.Context()
	s.stats.begin(r.Method, r.URL.Path)
	defer s.stats.end()

	x := &exchange{request: r, correlationID: newUUID(), bearer: bearerToken(r)}
	if s.gates.closed(x.gateKey(), time.Now()) {
		s.stats.early(r.URL.Path)
	}
	x.fault = s.script.next(r.Method, r.URL.Path)
	if x.fault != nil {
		s.stats.faultHit()
		s.interfere(ctx, w, x)
	}

	answer := s.answer(ctx, x)
	answer.header.Set("ININ-Correlation-Id", x.correlationID)
	s.log.DebugContext(ctx, "request answered", "method", r.Method, "path", r.URL.Path,
		"status", answer.status, "correlation_id", x.correlationID, "fault", x.fault != nil)
	s.send(ctx, w, x, answer)
}

// interfere does what a fault does before there is a reply: delay, hang, reset, and kill the calling token.
func (s *Simulator) interfere(ctx context.Context, w http.ResponseWriter, x *exchange) {
	pauseOrAbort(ctx, time.Duration(x.fault.DelayMS)*time.Millisecond)
	switch x.fault.Action {
	case ActionReset:
		resetConnection(w)
	case ActionHang:
		hang(ctx, x.request.Body)
	case ActionRevokeToken:
		s.tokens.revoke(x.bearer)
	case ActionExpire:
		s.tokens.expire(x.bearer, time.Now())
	default:
	}
}

// answer makes the reply: the fault's own, or the organisation's.
func (s *Simulator) answer(ctx context.Context, x *exchange) *reply {
	if x.fault != nil {
		if scripted := x.scriptedReply(); scripted != nil {
			return scripted
		}
	}

	switch path := x.request.URL.Path; {
	case path == tokenPath, path == tutorialTokenPath:
		return s.answerToken(x)
	case strings.HasPrefix(path, apiPrefix):
		pauseOrAbort(ctx, s.config.Latency)

		return s.answerAPI(x)
	default:
		return x.refuse(errNotFound(path))
	}
}

// answerAPI checks the bearer token and its limit, then asks the resource.
func (s *Simulator) answerAPI(x *exchange) *reply {
	if err := s.authenticate(x.bearer, x.request.Header.Get("Authorization") != ""); err != nil {
		return x.refuse(err)
	}
	spent := s.limits.take(x.bearer, time.Now())
	answer := s.answerWithin(x, spent)
	s.tellLimit(answer, spent)

	return answer
}

// answerWithin asks the resource unless the limit is used up.
func (s *Simulator) answerWithin(x *exchange, spent allowance) *reply {
	if spent.refused {
		return x.throttled(spent.resets, s.config.perMinute(s.config.RateLimit))
	}

	method := x.request.Method
	switch path := x.request.URL.Path; path {
	case tokensMePath:
		return s.answerTokensMe(x)
	case usersQueryPath:
		switch method {
		case http.MethodGet:
			return s.answerUsersQuery(x)
		case http.MethodPost:
			return s.answerTutorialQuery(x)
		}

		return x.refuse(errMethod(method, "GET, POST"))
	case usersPath:
		if method != http.MethodGet {
			return x.refuse(errMethod(method, "GET"))
		}

		return s.answerUsers(x)
	default:
		return x.refuse(errNotFound(path))
	}
}

// gateKey tells whose Retry-After a request is bound by: the bearer token's, or the token endpoint's callers'.
func (x *exchange) gateKey() string {
	if isTokenPath(x.request.URL.Path) {
		return "client"
	}

	return "bearer " + x.bearer
}

func isTokenPath(path string) bool { return path == tokenPath || path == tutorialTokenPath }

// bearerToken returns the request's bearer token, "" where there is none.
func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}

	return strings.TrimSpace(token)
}

// pause waits, and reports false where ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// pauseOrAbort waits, and ends the request where its client went first.
func pauseOrAbort(ctx context.Context, d time.Duration) {
	if !pause(ctx, d) {
		panic(http.ErrAbortHandler)
	}
}

// newUUID returns a random UUID of version 4.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead

	return string(appendUUID(nil, b))
}
