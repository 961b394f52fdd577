package token_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
)

var errCallersTime = errors.New("the caller's time is spent")

// stuck is a rotator that does not answer before the caller's time ends, and then says so in the caller's words.
type stuck struct{}

func (stuck) Ask(ctx context.Context, _ int64) error {
	<-ctx.Done()

	return context.Cause(ctx)
}

// wantUnavailable checks for TokenUnavailable that says part, and that is not the end of the caller's time itself.
func wantUnavailable(t *testing.T, err error, part string) {
	t.Helper()

	wantFailure(t, err, failure.TokenUnavailable, part)
	if errors.Is(err, errCallersTime) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v wraps the cause of the end: the caller would take it for that", err)
	}
}

// within returns a context of so much time, whose end has the caller's own cause.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()

	ctx, cancel := context.WithTimeoutCause(t.Context(), d, errCallersTime)
	t.Cleanup(cancel)

	return ctx
}

func TestACallerWhoseTimeEndsFirstDoesNotWaitForTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader := newWorld(t).readers(1, stuck{})[0]
		long := within(t, time.Minute)
		go func() { _, _ = reader.Token(long) }()
		synctest.Wait()
		began := time.Now()

		_, err := reader.Token(within(t, time.Second))

		wantUnavailable(t, err, "this call's turn")
		if took := time.Since(began); took != time.Second {
			t.Errorf("it ended after %s, want its own second", took)
		}
		<-long.Done()
	})
}

func TestATokenInMemoryIsHandedOutAlsoWhereTheCallersTimeHasEnded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		reader := w.readers(1, newReserved(w.rotator))[0]
		_, err := reader.Token(t.Context())

		for range 30 {
			_, ended := reader.Token(within(t, 0))
			err = errors.Join(err, ended)
		}

		if err != nil {
			t.Error(err)
		}
	})
}

func TestTheEndOfOneCallersTimeIsNotTheOthers(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		w.endpoint.latency = 5 * time.Second
		reader := w.readers(1, newReserved(w.rotator))[0]
		go func() { _, _ = reader.Token(within(t, time.Second)) }()
		synctest.Wait()

		got, err := reader.Token(t.Context())

		if err != nil || got.Version != 1 {
			t.Errorf("version %d, error %v, want the token although the call that was first had no time left", got.Version, err)
		}
	})
}

func TestTheEndOfTheCallersTimeIsTokenUnavailableAndNotItsCause(t *testing.T) {
	t.Parallel()

	for name, rotator := range map[string]token.Asker{
		"the rotator failed":              stuck{},
		"the rotator was busy until":      &answers{errs: []error{token.ErrRotatorBusy}},
		"which is a fresh one, and the t": nil, // the stored token was rejected
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, w *world) {
				reader := w.readers(1, rotator)[0]
				if rotator == nil {
					w.rotate(token.Rotation{})
					w.rejects(reader)
				}
				began := time.Now()

				_, err := reader.Token(within(t, time.Second))

				wantUnavailable(t, err, name)
				if took := time.Since(began); took != time.Second {
					t.Errorf("it ended after %s, want the caller's second", took)
				}
			})
		})
	}
}
