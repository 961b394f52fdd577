package retry_test

import (
	"math"
	"testing"
	"time"

	"genesys-cloud-export/shared/retry"

	"pgregory.net/rapid"
)

// draws is how often a jittered wait is drawn where its spread is looked at. The chance that 2,000 uniform draws all miss a
// tenth of their range is (9/10)^2000, less than 1 in 10^91.
const draws = 2000

func TestAWaitIsSpreadOverTheWholeOfItsBounds(t *testing.T) {
	t.Parallel()

	type row struct {
		policy          retry.Policy
		failures        int
		after, from, to time.Duration
	}

	policy := retry.Policy{Base: time.Second, Cap: 30 * time.Second}

	each(t, map[string]row{
		"a policy of zero waits not at all":  {retry.Policy{}, 1, 0, 0, 0},
		"the first backoff":                  {policy, 1, 0, 0, time.Second},
		"the second doubles":                 {policy, 2, 0, 0, 2 * time.Second},
		"the fifth doubles again":            {policy, 5, 0, 0, 16 * time.Second},
		"the sixth meets the cap":            {policy, 6, 0, 0, 30 * time.Second},
		"the greatest number there is":       {policy, math.MaxInt, 0, 0, 30 * time.Second},
		"a base above the cap":               {retry.Policy{Base: time.Hour, Cap: time.Minute}, 3, 0, 0, time.Minute},
		"a Retry-After of one second":        {policy, 1, time.Second, time.Second, 1100 * time.Millisecond},
		"a Retry-After whose spread is full": {policy, 1, 10 * time.Second, 10 * time.Second, 11 * time.Second},
		"a Retry-After after many failures":  {policy, 9, 5 * time.Second, 5 * time.Second, 5500 * time.Millisecond},
		"a Retry-After beyond the cap":       {policy, 1, time.Hour, time.Hour, time.Hour + time.Second},
		"a Retry-After of a day":             {policy, 1, retry.Longest, retry.Longest, retry.Longest},
		"a Retry-After of a year":            {policy, 1, 365 * retry.Longest, retry.Longest, retry.Longest},
	}, func(t *testing.T, row row) {
		least, most := time.Duration(math.MaxInt64), time.Duration(0)
		for range draws {
			wait := row.policy.WaitAfter(row.failures, row.after)
			least, most = min(least, wait), max(most, wait)
		}

		tenth := (row.to - row.from) / 10
		if least < row.from || least > row.from+tenth || most > row.to || most < row.to-tenth {
			t.Errorf("waits from %s to %s, want them spread over %s to %s", least, most, row.from, row.to)
		}
	})
}

func TestAWaitIsNeverNegativeNorBeyondItsBoundsNorBeforeRetryAfter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		upTo := func(most time.Duration, name string) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(most)).Draw(t, name))
		}
		policy := retry.Policy{Base: upTo(24*time.Hour, "base"), Cap: upTo(24*time.Hour, "cap")}
		failures, after := rapid.IntRange(1, 100).Draw(t, "failures"), upTo(365*24*time.Hour, "after")

		from, to := time.Duration(0), policy.Cap
		if after > 0 {
			from, to = min(after, retry.Longest), min(after+time.Second, retry.Longest)
		}

		if wait := policy.WaitAfter(failures, after); wait < from || wait > to {
			t.Fatalf("got %s, want it within %s to %s", wait, from, to)
		}
		if backoff := policy.Backoff(failures); backoff < 0 || backoff > policy.Cap {
			t.Fatalf("the backoff is %s, want at most %s", backoff, policy.Cap)
		}
	})
}
