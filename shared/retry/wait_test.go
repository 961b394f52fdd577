package retry_test

import (
	"math"
	"testing"
	"time"

	"genesys-cloud-export/shared/retry"

	"pgregory.net/rapid"
)

const (
	// draws is how often a jittered wait is drawn where its spread is looked at. The chance that 2,000 uniform draws all
	// miss a tenth of their range is (9/10)^2000, less than 1 in 10^91.
	draws = 2000
	tenth = 10
)

// spread returns the least and the greatest of many waits, and of as many backoffs where those are what is waited.
func spread(p retry.Policy, failures int, failed retry.TransientError) (least, most time.Duration) {
	least = math.MaxInt64
	for range draws {
		wait := p.WaitAfter(failures, &failed)
		least, most = min(least, wait), max(most, wait)

		if !failed.Told {
			backoff := p.Backoff(failures)
			least, most = min(least, backoff), max(most, backoff)
		}
	}

	return least, most
}

func TestAWaitIsSpreadOverTheWholeOfItsBounds(t *testing.T) {
	t.Parallel()

	policy := retry.Policy{Base: time.Second, Cap: 30 * time.Second}
	told := func(after time.Duration) retry.TransientError { return retry.TransientError{Told: true, After: after} }

	for name, test := range map[string]struct {
		policy   retry.Policy
		failures int
		failed   retry.TransientError
		from, to time.Duration
	}{
		"a policy of zero waits not at all":  {retry.Policy{}, 1, retry.TransientError{}, 0, 0},
		"the first backoff":                  {policy, 1, retry.TransientError{}, 0, time.Second},
		"the second doubles":                 {policy, 2, retry.TransientError{}, 0, 2 * time.Second},
		"the fifth doubles again":            {policy, 5, retry.TransientError{}, 0, 16 * time.Second},
		"the sixth meets the cap":            {policy, 6, retry.TransientError{}, 0, 30 * time.Second},
		"the thousandth stays at the cap":    {policy, 1000, retry.TransientError{}, 0, 30 * time.Second},
		"the greatest number there is":       {policy, math.MaxInt, retry.TransientError{}, 0, 30 * time.Second},
		"a base of the cap":                  {retry.Policy{Base: time.Minute, Cap: time.Minute}, 1, retry.TransientError{}, 0, time.Minute},
		"a base above the cap":               {retry.Policy{Base: time.Hour, Cap: time.Minute}, 3, retry.TransientError{}, 0, time.Minute},
		"a long base after many failures":    {retry.Policy{Base: 30 * time.Second, Cap: time.Minute}, 30, retry.TransientError{}, 0, time.Minute},
		"a rate limit without Retry-After":   {policy, 3, retry.TransientError{Throttled: true}, 0, 4 * time.Second},
		"a Retry-After that lies behind":     {policy, 2, told(0), 0, 2 * time.Second},
		"a Retry-After of one second":        {policy, 1, told(time.Second), time.Second, 1100 * time.Millisecond},
		"a Retry-After beyond the cap":       {policy, 1, told(time.Hour), time.Hour, time.Hour + time.Second},
		"a Retry-After after many failures":  {policy, 9, told(5 * time.Second), 5 * time.Second, 5500 * time.Millisecond},
		"an After that nobody told is none":  {policy, 1, retry.TransientError{After: time.Hour}, 0, time.Second},
		"a Retry-After of a day":             {policy, 1, told(retry.Longest), retry.Longest, retry.Longest},
		"a Retry-After of a year":            {policy, 1, told(365 * retry.Longest), retry.Longest, retry.Longest},
		"a Retry-After whose spread is full": {policy, 1, told(10 * time.Second), 10 * time.Second, 11 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			least, most := spread(test.policy, test.failures, test.failed)
			if least < test.from || most > test.to {
				t.Errorf("waits from %s to %s, want none outside %s to %s", least, most, test.from, test.to)
			}

			near := (test.to - test.from) / tenth
			if least > test.from+near || most < test.to-near {
				t.Errorf("waits from %s to %s, want them spread over %s to %s", least, most, test.from, test.to)
			}
		})
	}
}

func TestAWaitIsNeverNegativeNorBeyondItsBoundsNorBeforeRetryAfter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		long := rapid.Int64Range(0, int64(24*time.Hour))
		policy := retry.Policy{
			Base: time.Duration(long.Draw(t, "base")),
			Cap:  time.Duration(long.Draw(t, "cap")),
		}
		failed := retry.TransientError{
			Throttled: rapid.Bool().Draw(t, "throttled"),
			Told:      rapid.Bool().Draw(t, "told"),
			After:     time.Duration(rapid.Int64Range(0, int64(365*24*time.Hour)).Draw(t, "after")),
		}
		failures := rapid.IntRange(1, 100).Draw(t, "failures")

		wait := policy.WaitAfter(failures, &failed)

		from, to := time.Duration(0), policy.Cap
		if failed.Told && failed.After > 0 {
			from, to = min(failed.After, retry.Longest), min(failed.After+time.Second, retry.Longest)
		}

		if wait < from || wait > to {
			t.Fatalf("got %s, want it within %s to %s", wait, from, to)
		}
	})
}
