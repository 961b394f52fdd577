package token_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/token"
)

var errCallersTime = errors.New("the caller's time is spent")

// stuck is a rotator that does not answer before the caller's time ends, and then says so in the caller's words.
type stuck struct{}

func (stuck) Ask(ctx context.Context, _ int64) error {
	<-ctx.Done()

	return context.Cause(ctx)
}

// within returns a context of so much time, whose end has the caller's own cause.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()

	ctx, cancel := context.WithTimeoutCause(t.Context(), d, errCallersTime)
	t.Cleanup(cancel)

	return ctx
}

func TestTheCallersOfOneReaderShareOneRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := slowWorld(t)
		lambda := newReserved(w.rotator)
		reader := w.readers(1, lambda)[0]
		all := make([]*token.Reader, 50)
		for i := range all {
			all[i] = reader
		}

		wantAll(t, w.together(all), 1, 1)

		if len(lambda.asks) != 1 || w.parameter.reads > 5 {
			t.Errorf("50 callers asked %d times and read %d times, want one to do it for all", len(lambda.asks), w.parameter.reads)
		}
	})
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

		wantUnavailable(t, err, "another call")
		if took := time.Since(began); took != time.Second {
			t.Errorf("it ended after %s, want its own second", took)
		}
		<-long.Done()
	})
}

func TestTheEndOfOneCallersTimeIsNotTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
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
		"the rotator": stuck{}, "the rotator was busy": &answers{errs: []error{token.ErrRotatorBusy}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)

				_, err := w.readers(1, rotator)[0].Token(within(t, time.Second))

				wantUnavailable(t, err, name)
			})
		})
	}

	t.Run("a fresh one", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.rotate(token.Rotation{})
			reader := w.readers(1, nil)[0]
			w.rejects(reader)

			_, err := reader.Token(within(t, time.Second))

			wantUnavailable(t, err, "a fresh one")
		})
	})
}
