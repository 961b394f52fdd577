package retry_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/retry"

	"github.com/google/go-cmp/cmp"
)

var (
	errBroken    = errors.New("the connection broke")
	errThrottled = errors.New("a rate limit is reached")
	errWrong     = errors.New("the request is wrong")
)

func always(time.Duration) bool { return true }

func broken() error    { return &retry.TransientError{Err: errBroken} }
func throttled() error { return &retry.TransientError{Err: errThrottled, Throttled: true} }

func told(after time.Duration) error {
	return &retry.TransientError{Err: errThrottled, Throttled: true, Told: true, After: after}
}

// script is an attempt that returns its outcomes one after the other, and remembers when it was called.
type script struct {
	outcomes []error
	begun    time.Time
	at       []time.Duration
}

func newScript(outcomes ...error) *script { return &script{outcomes: outcomes, begun: time.Now()} }

func (s *script) attempt(context.Context) error {
	s.at = append(s.at, time.Since(s.begun))
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

	policy := retry.Policy{Base: time.Second, Cap: 30 * time.Second, Attempts: 3}

	type row struct {
		policy   retry.Policy
		outcomes []error
		want     error // nil: success
		calls    int
	}

	each(t, map[string]row{
		"success at once":                              {policy, []error{nil}, nil, 1},
		"success on the last attempt":                  {policy, []error{broken(), broken(), nil}, nil, 3},
		"attempts spent":                               {policy, []error{broken()}, errBroken, 3},
		"what does not pass is not tried again":        {policy, []error{errWrong}, errWrong, 1},
		"what does not pass ends the retries":          {policy, []error{broken(), errWrong, nil}, errWrong, 2},
		"rate limits are not counted":                  {policy, append(slices.Repeat([]error{throttled()}, 20), nil), nil, 21},
		"rate limits between failures are not counted": {policy, []error{broken(), throttled(), broken(), throttled(), broken(), nil}, errBroken, 5},
		"one attempt only":                             {retry.Policy{Base: 1, Cap: 1, Attempts: 1}, []error{broken(), nil}, errBroken, 1},
		"a policy of no attempts still makes one":      {retry.Policy{}, []error{broken(), nil}, errBroken, 1},
	}, func(t *testing.T, test row) {
		s := newScript(test.outcomes...)
		err := test.policy.Do(t.Context(), always, s.attempt)

		if !errors.Is(err, test.want) || (test.want == nil) != (err == nil) {
			t.Errorf("got error %v, want %v", err, test.want)
		}
		if len(s.at) != test.calls {
			t.Errorf("called %d times, want %d", len(s.at), test.calls)
		}
	})
}

func TestNoAttemptBeginsBeforeRetryAfterHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScript(told(7*time.Second), told(time.Hour), nil)
		if err := (retry.Policy{Base: time.Second, Cap: time.Minute, Attempts: 1}).Do(t.Context(), always, s.attempt); err != nil {
			t.Fatalf("Do: %v", err)
		}

		if first, second := s.at[1], s.at[2]-s.at[1]; first < 7*time.Second || first > 7700*time.Millisecond ||
			second < time.Hour || second > time.Hour+time.Second {
			t.Errorf("waited %s and %s, want 7 s to 7.7 s and 1 h to 1 h and 1 s", first, second)
		}
	})
}

func TestBackoffGrowsWithEveryFailureInARow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Duration
		s := newScript(broken())
		err := retry.Policy{Base: time.Second, Cap: 4 * time.Second, Attempts: 6}.Do(t.Context(), func(wait time.Duration) bool {
			asked = append(asked, wait)
			return true
		}, s.attempt)

		if !errors.Is(err, errBroken) {
			t.Errorf("got error %v, want %v", err, errBroken)
		}

		// Every wait that is begun was asked for, and lasts as long as it was said to.
		waited := make([]time.Duration, 0, len(asked))
		for i := range asked {
			waited = append(waited, s.at[i+1]-s.at[i])
		}
		if diff := cmp.Diff(asked, waited); diff != "" {
			t.Errorf("waits (-asked +waited):\n%s", diff)
		}

		for i, bound := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second, 4 * time.Second} {
			if asked[i] > bound {
				t.Errorf("wait %d is %s, want at most %s", i+1, asked[i], bound)
			}
		}
	})
}

func TestAWaitThatDoesNotFitIsRefusedAtOnce(t *testing.T) {
	t.Parallel()

	never := func(time.Duration) bool { return false }

	type row struct {
		failed     retry.TransientError
		throttled  bool
		from, upTo time.Duration
	}

	each(t, map[string]row{
		"a broken connection":           {retry.TransientError{Err: errBroken}, false, 0, time.Second},
		"a rate limit":                  {retry.TransientError{Err: errBroken, Throttled: true}, true, 0, time.Second},
		"a rate limit with Retry-After": {retry.TransientError{Err: errBroken, Throttled: true, Told: true, After: time.Hour}, true, time.Hour, time.Hour + time.Second},
		"a 503 with Retry-After":        {retry.TransientError{Err: errBroken, Told: true, After: time.Minute}, true, time.Minute, time.Minute + time.Second},
	}, func(t *testing.T, test row) {
		s := newScript(&test.failed)
		err := retry.Policy{Base: time.Second, Cap: time.Second, Attempts: 5}.Do(t.Context(), never, s.attempt)

		refused, ok := errors.AsType[*retry.RefusedError](err)
		if !ok {
			t.Fatalf("got error %v, want a refusal", err)
		}
		if refused.Throttled != test.throttled {
			t.Errorf("Throttled: got %v, want %v", refused.Throttled, test.throttled)
		}
		if refused.Wait < test.from || refused.Wait > test.upTo {
			t.Errorf("Wait: got %s, want %s to %s", refused.Wait, test.from, test.upTo)
		}
		if !errors.Is(err, errBroken) {
			t.Errorf("the attempt's failure is lost: %v", err)
		}
		if waited := time.Since(s.begun); waited != 0 || len(s.at) != 1 {
			t.Errorf("waited %s and called %d times, want 0 and 1", waited, len(s.at))
		}
	})
}

func TestSpentAttemptsAreToldBeforeAWaitIsRefused(t *testing.T) {
	t.Parallel()

	s := newScript(broken())
	err := retry.Policy{Base: time.Second, Cap: time.Second, Attempts: 1}.Do(t.Context(), func(time.Duration) bool {
		t.Error("asked whether a wait fits that nobody needs")
		return false
	}, s.attempt)

	if _, refused := errors.AsType[*retry.RefusedError](err); refused || !errors.Is(err, errBroken) {
		t.Errorf("got error %v, want the attempt's own", err)
	}
}

func TestAWaitThatIsCutShortTellsTheFailureThatItFollowed(t *testing.T) {
	t.Parallel()

	type row struct {
		failed    error
		throttled bool
	}

	each(t, map[string]row{
		"a broken connection":           {&retry.TransientError{Err: errBroken}, false},
		"a rate limit with Retry-After": {&retry.TransientError{Err: errBroken, Throttled: true, Told: true, After: time.Minute}, true},
		"a 503 with Retry-After":        {&retry.TransientError{Err: errBroken, Told: true, After: time.Minute}, true},
	}, func(t *testing.T, test row) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var wait time.Duration
		fits := func(asked time.Duration) bool {
			wait = asked
			time.AfterFunc(wait/4, func() { cancel(io.ErrClosedPipe) })

			return true
		}

		s := newScript(test.failed)
		err := retry.Policy{Base: time.Hour, Cap: time.Hour, Attempts: 5}.Do(ctx, fits, s.attempt)

		refused, ok := errors.AsType[*retry.RefusedError](err)
		if !ok || !errors.Is(err, errBroken) || errors.Is(err, io.ErrClosedPipe) {
			t.Fatalf("got error %v, want a refusal around %v", err, errBroken)
		}
		if waited := time.Since(s.begun); waited != wait/4 || refused.Wait != wait-waited || refused.Throttled != test.throttled {
			t.Errorf("ended after %s of %s with %s to wait, throttled %v; want a quarter, the rest and %v",
				waited, wait, refused.Wait, refused.Throttled, test.throttled)
		}
		if len(s.at) != 1 {
			t.Errorf("called %d times, want once", len(s.at))
		}
	})
}

func TestNoWaitIsBegunThatOutlastsTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, left := range []time.Duration{time.Second, time.Minute} {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			s := newScript(told(time.Minute))
			err := retry.Policy{Attempts: 5}.Do(ctx, always, s.attempt)
			cancel()

			refused, ok := errors.AsType[*retry.RefusedError](err)
			if !ok || !refused.Throttled || refused.Wait < time.Minute {
				t.Errorf("with %s left: got error %v, want a refusal of the whole minute", left, err)
			}
			if waited := time.Since(s.begun); waited != 0 || len(s.at) != 1 {
				t.Errorf("with %s left: waited %s and called %d times, want 0 and 1", left, waited, len(s.at))
			}
		}
	})
}

// A frozen process is thawed with its timer and its deadline behind it, and which of them is seen first is chance.
func TestASleepThatBothTimeAndContextEndInIsCutShort(t *testing.T) {
	t.Parallel()

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrClosedPipe)

	for range 100 {
		if err := retry.Sleep(ctx, 0); !errors.Is(err, io.ErrClosedPipe) {
			t.Fatalf("got %v, want %v", err, io.ErrClosedPipe)
		}
	}
}

func TestAnAttemptGetsTheContextOfDo(t *testing.T) {
	t.Parallel()

	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "here")

	err := retry.Policy{}.Do(ctx, always, func(ctx context.Context) error {
		if ctx.Value(key{}) != "here" {
			t.Error("the attempt has another context")
		}

		return nil
	})
	if err != nil {
		t.Errorf("Do: %v", err)
	}
}

func TestSleepLastsForItsTimeOrUntilTheContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if err := retry.Sleep(t.Context(), time.Minute); err != nil || time.Since(begun) != time.Minute {
			t.Errorf("slept %s and got %v, want 1m0s and no error", time.Since(begun), err)
		}

		for _, d := range []time.Duration{0, -time.Hour} {
			begun = time.Now()
			if err := retry.Sleep(t.Context(), d); err != nil || time.Since(begun) != 0 {
				t.Errorf("Sleep(%s) took %s and got %v, want none and no error", d, time.Since(begun), err)
			}
		}

		ctx, cancel := context.WithCancelCause(t.Context())
		begun = time.Now()
		time.AfterFunc(time.Second, func() { cancel(io.ErrClosedPipe) })
		if err := retry.Sleep(ctx, time.Hour); !errors.Is(err, io.ErrClosedPipe) || time.Since(begun) != time.Second {
			t.Errorf("slept %s and got %v, want 1s and the cause", time.Since(begun), err)
		}
		if err := retry.Sleep(ctx, time.Hour); !errors.Is(err, io.ErrClosedPipe) || time.Since(begun) != time.Second {
			t.Errorf("an ended context let it sleep until %s and got %v", time.Since(begun), err)
		}
	})
}

func TestTheErrorsTellWhatFailed(t *testing.T) {
	t.Parallel()

	transient := &retry.TransientError{Err: errBroken}
	if transient.Error() != errBroken.Error() || !errors.Is(transient, errBroken) {
		t.Errorf("a transient error tells %q", transient)
	}

	refused := &retry.RefusedError{Err: transient, Wait: 90*time.Second + 300*time.Microsecond}
	if !errors.Is(refused, errBroken) || !strings.HasPrefix(refused.Error(), errBroken.Error()+"; ") || !strings.Contains(refused.Error(), "1m30s,") {
		t.Errorf("a refusal tells %q", refused)
	}
}
