package token_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"

	"pgregory.net/rapid"
)

// timeout is what Lambda gives one invocation of the rotator.
const timeout = 30 * time.Second

// move is one thing that a schedule does: let a process do its next call to the outside, or change the world.
type move struct {
	Process  int           // which process goes on, where nothing below is set
	Pass     time.Duration // time passes
	Lifetime time.Duration // the OAuth client's setting changes
	Crash    bool          // Process is killed where it stands; a new one takes its place
	Delete   bool          // the parameter is deleted: the next write makes version 1 again
}

// plan is what a property draws: what each process is asked in turn, and in which order their calls cross.
type plan struct {
	Asked [][]token.Rotation
	Moves []move
}

func drawPlan(t *rapid.T) plan {
	asked := rapid.Custom(func(t *rapid.T) token.Rotation {
		switch rapid.IntRange(0, 5).Draw(t, "what") {
		case 0:
			return token.Rotation{Force: true}
		case 1, 2:
			// A version near those that a short schedule reaches: stored, stale, or still to come.
			return token.Rotation{RejectedVersion: rapid.Int64Range(1, 5).Draw(t, "rejected")}
		default:
			return token.Rotation{}
		}
	})

	next := rapid.Custom(func(t *rapid.T) move {
		s := move{Process: rapid.IntRange(0, 1).Draw(t, "process")}
		switch rapid.IntRange(0, 12).Draw(t, "move") {
		case 0, 1:
			longest := rapid.SampledFrom([]int{10, 400}).Draw(t, "longest")
			s.Pass = time.Duration(rapid.IntRange(1, longest).Draw(t, "seconds")) * time.Second
		case 2:
			s.Lifetime = rapid.SampledFrom([]time.Duration{300 * time.Second, lifetime, 24 * time.Hour}).Draw(t, "lifetime")
		case 3:
			s.Crash = true
		case 4:
			s.Delete = true
		}

		return s
	})

	return plan{
		Asked: rapid.SliceOfN(rapid.SliceOfN(asked, 1, 4), 2, 2).Draw(t, "asked"),
		Moves: rapid.SliceOfN(next, 0, 60).Draw(t, "moves"),
	}
}

// stage is a store and a token endpoint whose every call waits for the schedule. One goroutine runs at a time, so nothing
// in it needs a lock.
type stage struct {
	lifetime time.Duration
	stored   token.Stored
	latest   int64 // the highest version that there ever was
	granted  int
	expiries map[string]time.Time // of every token that was granted
	problems []string
}

// process is one rotator's view of the stage. It implements the rotator's three interfaces.
type process struct {
	*stage

	turn   chan struct{}
	killed chan struct{}
	asked  token.Rotation
	first  token.Stored // what the rotation found at its beginning, and may replace by force or rejection
	begun  bool
	seen   token.Stored // by the last read
	// rejected is what an event reported last while it was stored. A rotation that fails leaves it to the next one.
	rejected token.Stored
}

func (s *stage) problem(format string, args ...any) {
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

func (p *process) await(ctx context.Context) error {
	select {
	case <-p.turn:
		return nil
	case <-p.killed:
		return context.Canceled
	case <-ctx.Done():
		return ctx.Err()
	}
}

type (
	storeOf       struct{ *process }
	credentialsOf struct{ *process }
)

func (s storeOf) Read(ctx context.Context) (token.Stored, error) {
	if err := s.await(ctx); err != nil {
		return token.Stored{}, err
	}

	s.seen = s.stored
	if !s.begun {
		s.begun, s.first = true, s.stored
		if s.asked.RejectedVersion == s.stored.Version {
			s.rejected = s.stored
		}
	}

	if s.stored.Version == 0 {
		return token.Stored{}, token.ErrNotStored
	}

	return s.stored, nil
}

// Write checks what a rotator may do. The time between its last read and its write cannot be closed, since Parameter
// Store has no conditional write; what another process stored in that gap does not count.
func (s storeOf) Write(ctx context.Context, t token.Token) (int64, error) {
	if err := s.await(ctx); err != nil {
		return 0, err
	}

	old := s.stored
	crossed := !old.Is(s.seen)
	setOut := old.Is(s.first) && (s.asked.Force || old.Is(s.rejected))

	if old.Version != 0 && old.ExpiresAt.After(t.ExpiresAt) && !crossed && !setOut {
		s.problem("version %d, which expires at %s, was replaced by a token that expires at %s, asked was %+v",
			old.Version, old.ExpiresAt, t.ExpiresAt, s.asked)
	}

	if t.Remaining(time.Now()) <= 0 {
		s.problem("a token that expired at %s was written", t.ExpiresAt)
	}

	if s.asked.RejectedVersion == old.Version && setOut && old.Access.Equal(t.Access) {
		s.problem("version %d was rejected, and the same token was written again", old.Version)
	}

	s.stored = token.Stored{Token: t, Version: old.Version + 1}
	s.latest = max(s.latest, s.stored.Version)

	return s.stored.Version, nil
}

func (c credentialsOf) Read(context.Context) (token.Credentials, error) {
	return token.Credentials{ClientID: "client", ClientSecret: secret.New("secret")}, nil
}

func (p *process) Issue(ctx context.Context, _ token.Credentials) (token.Grant, error) {
	sentAt, lifetime := time.Now(), p.lifetime
	if err := p.await(ctx); err != nil {
		return token.Grant{}, err
	}

	p.granted++
	p.expiries[access(p.granted)] = sentAt.Add(lifetime)

	return token.Grant{Access: secret.New(access(p.granted)), Type: "bearer", ExpiresIn: lifetime, SentAt: sentAt}, nil
}

// start starts a process that answers its events one after the other, each within Lambda's timeout.
func (s *stage) start(ctx context.Context, events []token.Rotation) *process {
	p := &process{stage: s, turn: make(chan struct{}), killed: make(chan struct{})}
	rotator := &token.Rotator{Store: storeOf{p}, Credentials: credentialsOf{p}, Issuer: p, Buffer: buffer}

	go func() {
		for _, asked := range events {
			p.asked, p.begun = asked, false

			invocation, cancel := context.WithTimeout(ctx, timeout)
			outcome, err := rotator.Rotate(invocation, asked)
			late := invocation.Err() != nil
			cancel()

			select {
			case <-p.killed:
				return
			default:
			}

			switch {
			case ctx.Err() != nil:
				return
			case err != nil && late:
			case err != nil:
				s.problem("rotate %+v: %v", asked, err)
			case outcome.Stored.Version == 0, outcome.Stored.Access.Empty():
				s.problem("rotate %+v ended well and reports no token: %+v", asked, outcome)
			case outcome.Stored.Version > s.latest:
				s.problem("rotate %+v reports version %d, the latest is %d", asked, outcome.Stored.Version, s.latest)
			}
		}
	}()

	return p
}

// play runs a plan to its end and returns what broke the invariant.
func play(t *testing.T, p plan) []string {
	s := &stage{lifetime: lifetime, expiries: make(map[string]time.Time)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	processes := make([]*process, len(p.Asked))
	for i, events := range p.Asked {
		processes[i] = s.start(ctx, events)
	}
	synctest.Wait()

	for _, move := range p.Moves {
		switch {
		case move.Pass != 0:
			time.Sleep(move.Pass)
		case move.Lifetime != 0:
			s.lifetime = move.Lifetime
		case move.Crash:
			close(processes[move.Process].killed)
			synctest.Wait()
			processes[move.Process] = s.start(ctx, p.Asked[move.Process])
		case move.Delete:
			s.stored = token.Stored{}
		default:
			processes[move.Process].goOn()
		}
		synctest.Wait()
	}

	// Both finish what they are at; a last rotation with nobody else about then leaves a token that is not due.
	for _, process := range processes {
		for process.goOn() {
			synctest.Wait()
		}
	}
	last := s.start(ctx, []token.Rotation{{}})
	synctest.Wait()
	for last.goOn() {
		synctest.Wait()
	}

	if now := time.Now(); s.stored.Due(now, buffer) || s.stored.Remaining(now) <= 0 {
		s.problem("at the end version %d has %s left", s.stored.Version, s.stored.Remaining(now))
	}
	if stored, granted := s.stored.ExpiresAt, s.expiries[s.stored.Access.Reveal()]; stored.After(granted) {
		s.problem("the stored token is said to expire at %s and does at %s", stored, granted)
	}

	return s.problems
}

// goOn lets the process do the call that it stands at, and reports false where it stands at none.
func (p *process) goOn() bool {
	select {
	case p.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func TestATokenWithTimeLeftIsStoredHoweverTwoRotatorsCross(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(rt *rapid.T) {
		drawn := drawPlan(rt)

		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = play(t, drawn) })

		for _, problem := range problems {
			rt.Errorf("%s", problem)
		}
	})
}
