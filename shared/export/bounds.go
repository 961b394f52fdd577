package export

import "time"

// Times and limits come from the API, other clocks, and documents that anybody may edit. None counts beyond what can be meant.
const (
	maxWait  = 24 * time.Hour   // the longest wait that counts, and the largest wait_seconds; a longer one counts as this
	maxLease = 20 * time.Minute // Lambda's longest timeout and five minutes for clocks; a longer lease counts as expired
	maxBusy  = 15 * time.Minute // the longest wait for a lease: Lambda's longest timeout
	maxAhead = 24 * time.Hour   // how far ahead a completion may lie that counts

	leastLimit = 10 // the lowest rate limit that is learned, in requests a minute; a lower one counts as this
)

// leased reports whether somebody works on the export at that time, as far as the lease can be meant.
func (cp Checkpoint) leased(at time.Time) bool {
	return cp.Owner != "" && cp.LeaseUntil.After(at) && !cp.LeaseUntil.After(at.Add(maxLease))
}

// due is the time after a wait from now on, which counts up to maxWait.
func due(wait time.Duration) time.Time { return time.Now().Add(min(wait, maxWait)) }

// seconds is a wait in whole seconds, rounded up, so that whoever obeys it is not early.
func seconds(wait time.Duration) int64 {
	return int64((min(max(wait, 0), maxWait) + time.Second - 1) / time.Second)
}

// learnable is the rate limit that counts where the API gave this one, in requests a minute; 0 is none.
func learnable(limit int) int {
	if limit <= 0 {
		return 0
	}

	return max(limit, leastLimit)
}

// now is the time as documents carry it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// notEarlier is t as documents carry it, rounded up: a request that waits for it is not early.
func notEarlier(t time.Time) time.Time {
	return t.Add(time.Millisecond - 1).UTC().Truncate(time.Millisecond)
}
