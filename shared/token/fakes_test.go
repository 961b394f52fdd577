package token_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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

	if fault := next(&p.readFaults); fault != nil {
		return token.Stored{}, fault
	}

	return p.peek()
}

// peek is what is stored; it is called with the lock, or where nobody else is at work.
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

	fault := next(&p.writeFaults)
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
	lifetime  time.Duration
	latency   time.Duration
	failures  []error // of the next requests, in order; nil grants
	meanwhile func()  // happens once, while the next request is under way

	mu      sync.Mutex
	sent    []string // the secret of each request
	granted int
}

func (e *endpoint) Issue(ctx context.Context, c token.Credentials) (token.Grant, error) {
	sentAt := time.Now()

	if err := retry.Sleep(ctx, e.latency); err != nil {
		return token.Grant{}, failure.Because(err, failure.UpstreamUnavailable, "no answer in time")
	}

	if happens := e.meanwhile; happens != nil {
		e.meanwhile = nil
		happens()
	}

	e.mu.Lock()
	defer e.mu.Unlock()

	e.sent = append(e.sent, c.ClientSecret.Reveal())
	if fault := next(&e.failures); fault != nil {
		return token.Grant{}, fault
	}

	e.granted++

	return token.Grant{Access: secret.New(access(e.granted)), Type: "bearer", ExpiresIn: e.lifetime, SentAt: sentAt}, nil
}

// next takes the first of a script, and is the zero value behind its end.
func next[T any](script *[]T) (first T) {
	if len(*script) > 0 {
		first, *script = (*script)[0], (*script)[1:]
	}

	return first
}

// access is the n-th token that an endpoint grants.
func access(n int) string { return fmt.Sprintf("granted-token-%d", n) }

// secrets are the client secrets that successive reads return; the last one stays.
type secrets struct {
	values []string
	faults []error // of the next reads, in order; nil lets a read pass

	mu    sync.Mutex
	reads int
}

func (s *secrets) Read(context.Context) (token.Credentials, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	value := s.values[min(s.reads, len(s.values)-1)]
	s.reads++

	if fault := next(&s.faults); fault != nil {
		return token.Credentials{}, fault
	}

	return token.Credentials{ClientID: "client", ClientSecret: secret.New(value)}, nil
}

// prober tries tokens on an API that rejects all, or says nothing of them.
type prober struct {
	err  error
	sent int
}

func (p *prober) Probe(context.Context, token.Token) (bool, error) {
	p.sent++

	return p.err == nil, p.err
}

// world is one parameter, one token endpoint and one rotator between them.
type world struct {
	t         *testing.T
	parameter *parameter
	endpoint  *endpoint
	secrets   *secrets
	rotator   *token.Rotator
	minted    int // that a step has compared already
}

func newWorld(t *testing.T) *world {
	t.Helper()

	w := &world{
		t:         t,
		parameter: &parameter{},
		endpoint:  &endpoint{lifetime: lifetime},
		secrets:   &secrets{values: []string{"first"}},
	}
	w.restart()

	return w
}

// inBubble runs a test in a bubble, with a world of its own.
func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t)) })
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
		w.t.Fatalf("the parameter has no token: %v", err)
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

// wantFailure checks a failure's kind, and that its text has the parts.
func wantFailure(t *testing.T, err error, want failure.Kind, parts ...string) {
	t.Helper()

	if got := failure.KindOf(err); got != want {
		t.Errorf("the failure is %q (%v), want %q", got, err, want)
	}
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want %q in it", err, part)
		}
	}
}
