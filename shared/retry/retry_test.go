package retry_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/retry"

	"github.com/google/go-cmp/cmp"
)

var (
	errBroken = errors.New("the connection broke")
	errWrong  = errors.New("the request is wrong")

	errPassing   error = &retry.TransientError{Err: errBroken}
	errThrottled error = &retry.TransientError{Err: errBroken, Throttled: true}
)

func always(time.Duration) bool { return true }

func throttledFor(after time.Duration) error {
	return &retry.TransientError{Err: errBroken, Throttled: true, After: after}
}

// script is an attempt that returns its outcomes one after the other, and remembers when and with what it was called.
type script struct {
	outcomes []error
	begun    time.Time
	at       []time.Duration
	ctx      context.Context
}

func newScript(outcomes ...error) *script { return &script{outcomes: outcomes, begun: time.Now()} }

func (s *script) attempt(ctx context.Context) error {
	s.at, s.ctx = append(s.at, time.Since(s.begun)), ctx
	// The last outcome repeats.
	return s.outcomes[min(len(s.at), len(s.outcomes))-1]
}

// each checks every row in a parallel subtest of the row's name, under virtual time.
func each[Row any](t *testing.T, rows map[string]Row, check func(t *testing.T, row Row)) {
	t.Helper()

	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { check(t, row) })
		})
	}
}

func TestDoCallsAsOftenAsThePolicyAndTheFailureAllow(t *testing.T) {
	t.Parallel()

	type row struct {
		attempts int
		outcomes []error
		want     error // nil: success
		calls    int
	}

	each(t, map[string]row{
		"success at once":                              {3, []error{nil}, nil, 1},
		"success on the last attempt":                  {3, []error{errPassing, errPassing, nil}, nil, 3},
		"attempts spent":                               {3, []error{errPassing}, errBroken, 3},
		"what does not pass is not tried again":        {3, []error{errWrong}, errWrong, 1},
		"what does not pass ends the retries":          {3, []error{errPassing, errWrong, nil}, errWrong, 2},
		"rate limits are not counted":                  {3, append(slices.Repeat([]error{errThrottled}, 20), nil), nil, 21},
		"rate limits between failures are not counted": {3, []error{errPassing, errThrottled, errPassing, errThrottled, errPassing, nil}, errBroken, 5},
		"one attempt only":                             {1, []error{errPassing, nil}, errBroken, 1},
		"a policy of no attempts still makes one":      {0, []error{errPassing, nil}, errBroken, 1},
	}, func(t *testing.T, row row) {
		s, waits := newScript(row.outcomes...), 0
		policy := retry.Policy{Base: time.Second, Cap: 30 * time.Second, Attempts: row.attempts}
		err := policy.Do(t.Context(), func(time.Duration) bool {
			waits++
			return true
		}, s.attempt)

		_, refused := errors.AsType[*retry.RefusedError](err)
		if refused || !errors.Is(err, row.want) || (row.want == nil) != (err == nil) {
			t.Errorf("got error %v, want %v", err, row.want)
		}
		if len(s.at) != row.calls || waits != row.calls-1 || s.ctx != t.Context() {
			t.Errorf("called %d times after %d waits, want %d, a wait before each but the first, and Do's context", len(s.at), waits, row.calls)
		}
	})
}

func TestAnAttemptBeginsWhenTheWaitThatFitsHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked, waited []time.Duration
		s := newScript(errPassing, errPassing, errPassing, errPassing, throttledFor(7*time.Second), throttledFor(time.Hour), nil)
		err := retry.Policy{Base: time.Second, Cap: 4 * time.Second, Attempts: 5}.Do(t.Context(), func(wait time.Duration) bool {
			asked = append(asked, wait)
			return true
		}, s.attempt)
		if err != nil {
			t.Fatal(err)
		}

		for i := range asked {
			waited = append(waited, s.at[i+1]-s.at[i])
		}
		if diff := cmp.Diff(asked, waited); diff != "" {
			t.Errorf("waits (-asked +waited):\n%s", diff)
		}

		for i, bounds := range [][2]time.Duration{
			{0, time.Second},
			{0, 2 * time.Second},
			{0, 4 * time.Second},
			{0, 4 * time.Second},
			{7 * time.Second, 7700 * time.Millisecond},
			{time.Hour, time.Hour + time.Second},
		} {
			if waited[i] < bounds[0] || waited[i] > bounds[1] {
				t.Errorf("wait %d is %s, want %s to %s", i+1, waited[i], bounds[0], bounds[1])
			}
		}
	})
}

func TestAWaitThatDoesNotFitOrIsCutShortIsRefusedWithTheFailureBeforeIt(t *testing.T) {
	t.Parallel()

	type row struct {
		failed     error
		throttled  bool
		from, upTo time.Duration
	}

	each(t, map[string]row{
		"a broken connection":           {errPassing, false, 0, time.Second},
		"a rate limit":                  {errThrottled, true, 0, time.Second},
		"a rate limit with Retry-After": {throttledFor(time.Hour), true, time.Hour, time.Hour + time.Second},
		"a 503 with Retry-After":        {&retry.TransientError{Err: errBroken, After: time.Minute}, true, time.Minute, time.Minute + time.Second},
	}, func(t *testing.T, row row) {
		refuse := func(ctx context.Context, fits func(time.Duration) bool) (left, waited time.Duration) {
			s := newScript(row.failed)
			err := retry.Policy{Base: time.Second, Cap: time.Second, Attempts: 5}.Do(ctx, fits, s.attempt)

			refused, ok := errors.AsType[*retry.RefusedError](err)
			only := errors.Is(err, errBroken) && !errors.Is(err, io.ErrClosedPipe) // not the context's cause
			if !ok || !only || refused.Throttled != row.throttled || len(s.at) != 1 {
				t.Fatalf("got %v (%+v) after %d calls, want a refusal around %v after 1", err, refused, len(s.at), errBroken)
			}

			return refused.Wait, time.Since(s.begun)
		}

		wait, waited := refuse(t.Context(), func(time.Duration) bool { return false })
		if wait < row.from || wait > row.upTo || waited != 0 {
			t.Errorf("what does not fit: %s to wait after %s, want %s to %s at once", wait, waited, row.from, row.upTo)
		}

		ending, cancel := context.WithTimeout(t.Context(), row.from)
		defer cancel()
		if wait, waited = refuse(ending, always); wait < row.from || wait > row.upTo || waited != 0 {
			t.Errorf("what outlasts its context: %s to wait after %s, want %s to %s at once", wait, waited, row.from, row.upTo)
		}

		cut, end := context.WithCancelCause(t.Context())
		var asked time.Duration
		left, waited := refuse(cut, func(wait time.Duration) bool {
			asked = wait
			time.AfterFunc(wait/4, func() { end(io.ErrClosedPipe) })

			return true
		})
		if waited != asked/4 || left != asked-waited {
			t.Errorf("what is cut short ended after %s of %s with %s to wait, want a quarter and the rest", waited, asked, left)
		}
	})
}

func TestSleepLastsForItsTimeOrUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sleep := func(ctx context.Context, d, want time.Duration, cause error) {
			begun := time.Now()
			if err := retry.Sleep(ctx, d); !errors.Is(err, cause) || (err == nil) != (cause == nil) || time.Since(begun) != want {
				t.Errorf("slept %s of %s and got %v, want %s and %v", time.Since(begun), d, err, want, cause)
			}
		}

		sleep(t.Context(), time.Minute, time.Minute, nil)
		sleep(t.Context(), 0, 0, nil)
		sleep(t.Context(), -time.Hour, 0, nil)

		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(io.ErrClosedPipe) })
		sleep(ctx, time.Hour, time.Second, io.ErrClosedPipe)
		sleep(ctx, time.Hour, 0, io.ErrClosedPipe)

		// A frozen process is thawed with its timer and its deadline behind it, and which of them is seen first is chance.
		for range 100 {
			sleep(ctx, 0, 0, io.ErrClosedPipe)
		}
	})
}

func TestTheErrorsTellWhatFailed(t *testing.T) {
	t.Parallel()

	refused := &retry.RefusedError{Err: errPassing, Wait: 90*time.Second + 300*time.Microsecond}
	const want = "the connection broke; the next attempt is due in 1m30s, which does not fit into the time left"

	if errPassing.Error() != errBroken.Error() || !errors.Is(refused, errBroken) || refused.Error() != want {
		t.Errorf("the errors tell %q and %q", errPassing, refused)
	}
}
