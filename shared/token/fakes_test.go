package token_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

// buffer is the rotators' buffer in these tests; a token of lifetime has a third of its life as the effective one.
const (
	buffer   = 300 * time.Second
	lifetime = 600 * time.Second
)

// parameter behaves as Parameter Store does: it keeps a document, versions count up, and the last write wins.
type parameter struct {
	latency time.Duration
	// faults of the next calls, in order; nil lets a call pass.
	readFaults  []error
	writeFaults []writeFault
	// sealed: what is stored cannot be decrypted, whoever wrote it.
	sealed bool

	mu      sync.Mutex
	value   []byte
	version int64
	written time.Time
	reads   int
	writes  int
}

// remove deletes the parameter; the next write makes version 1.
func (p *parameter) remove() {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.value, p.version = nil, 0
}

// writeFault is how a write fails: before it was done, or after it, the reply lost.
type writeFault struct {
	err  error
	done bool
}

func (p *parameter) Read(ctx context.Context) (token.Stored, error) {
	if err := retry.Sleep(ctx, p.latency); err != nil {
		return token.Stored{}, err
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	p.reads++

	if len(p.readFaults) > 0 {
		fault := p.readFaults[0]
		p.readFaults = p.readFaults[1:]

		if fault != nil {
			return token.Stored{}, fault
		}
	}

	return p.peek()
}

// peek is what is stored; it is called with the lock held, or where nobody else is at work.
func (p *parameter) peek() (token.Stored, error) {
	if p.version == 0 {
		return token.Stored{}, token.ErrNotStored
	}

	stored := token.Stored{Version: p.version}
	if p.sealed {
		return stored, fmt.Errorf("decrypt: %w", &token.SealedError{Key: "alias/tokens", Written: p.written})
	}

	var err error
	if stored.Token, err = token.Decode(p.value); err != nil {
		return stored, fmt.Errorf("decode: %w", err)
	}

	return stored, nil
}

func (p *parameter) Write(ctx context.Context, t token.Token) (int64, error) {
	if err := retry.Sleep(ctx, p.latency); err != nil {
		return 0, err
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	p.writes++

	var fault writeFault
	if len(p.writeFaults) > 0 {
		fault, p.writeFaults = p.writeFaults[0], p.writeFaults[1:]
	}

	if fault.err != nil && !fault.done {
		return 0, fault.err
	}

	value, err := token.Encode(t)
	if err != nil {
		return 0, err
	}

	p.value, p.written = value, time.Now()
	p.version++

	return p.version, fault.err
}

// endpoint behaves as the token endpoint does: each request it grants is another token.
type endpoint struct {
	lifetime time.Duration
	latency  time.Duration
	failures []error // of the next requests, in order; nil grants

	mu       sync.Mutex
	requests []token.Credentials
	granted  int
}

func (e *endpoint) Issue(ctx context.Context, c token.Credentials) (token.Grant, error) {
	sentAt := time.Now()

	if err := retry.Sleep(ctx, e.latency); err != nil {
		return token.Grant{}, failure.Because(err, failure.UpstreamUnavailable, "no answer in time")
	}

	e.mu.Lock()
	defer e.mu.Unlock()

	e.requests = append(e.requests, c)

	if len(e.failures) > 0 {
		fault := e.failures[0]
		e.failures = e.failures[1:]

		if fault != nil {
			return token.Grant{}, fault
		}
	}

	e.granted++

	return token.Grant{Access: secret.New(access(e.granted)), Type: "bearer", ExpiresIn: e.lifetime, SentAt: sentAt}, nil
}

// access is the n-th token that an endpoint grants.
func access(n int) string { return fmt.Sprintf("granted-token-%d", n) }

// secrets are the credentials that successive reads return; the last one stays.
type secrets struct {
	values []token.Credentials

	mu    sync.Mutex
	reads int
}

func (s *secrets) Read(context.Context) (token.Credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	value := s.values[min(s.reads, len(s.values)-1)]
	s.reads++

	return value, nil
}

func credentials(value string) token.Credentials {
	return token.Credentials{ClientID: "client", ClientSecret: secret.New(value)}
}

// world is one parameter, one token endpoint and one rotator between them.
type world struct {
	t         *testing.T
	parameter *parameter
	endpoint  *endpoint
	secrets   *secrets
	rotator   *token.Rotator
}

func newWorld(t *testing.T) *world {
	t.Helper()

	w := &world{
		t:         t,
		parameter: &parameter{},
		endpoint:  &endpoint{lifetime: lifetime},
		secrets:   &secrets{values: []token.Credentials{credentials("first")}},
	}
	w.restart()

	return w
}

// restart puts a new process in the rotator's place.
func (w *world) restart() { w.rotator = w.process() }

// process is one more rotator process on the same parameter.
func (w *world) process() *token.Rotator {
	return &token.Rotator{Store: w.parameter, Credentials: w.secrets, Issuer: w.endpoint, Buffer: buffer}
}

// rotate fails the test where the rotation fails.
func (w *world) rotate(asked token.Rotation) token.Outcome {
	w.t.Helper()

	outcome, err := w.rotator.Rotate(w.t.Context(), asked)
	if err != nil {
		w.t.Fatalf("rotate %+v: %v", asked, err)
	}

	return outcome
}

// stored fails the test where nothing readable is stored.
func (w *world) stored() token.Stored {
	w.t.Helper()

	stored, err := w.parameter.peek()
	if err != nil {
		w.t.Fatalf("the parameter holds no token: %v", err)
	}

	return stored
}

// wantStored checks which of the endpoint's grants is stored, and as which version.
func (w *world) wantStored(grant int, version int64) {
	w.t.Helper()

	stored := w.stored()
	if got, want := stored.Access.Reveal(), access(grant); got != want || stored.Version != version {
		w.t.Errorf("stored is %q as version %d, want %q as version %d", got, stored.Version, want, version)
	}
}

// wantGranted checks how many tokens were minted.
func (w *world) wantGranted(want int) {
	w.t.Helper()

	if got := w.endpoint.granted; got != want {
		w.t.Errorf("%d tokens were minted, want %d", got, want)
	}
}

// wantKind checks a failure's kind.
func wantKind(t *testing.T, err error, want failure.Kind) {
	t.Helper()

	if got := failure.KindOf(err); got != want {
		t.Errorf("the failure is %q (%v), want %q", got, err, want)
	}
}

// wantUnavailable checks for TokenUnavailable that says part, and that is not the end of the caller's time itself.
func wantUnavailable(t *testing.T, err error, part string) {
	t.Helper()

	wantKind(t, err, failure.TokenUnavailable)
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error %v, want %q in it", err, part)
	}
	if errors.Is(err, errCallersTime) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v wraps the cause of the end: the caller would take it for that", err)
	}
}
