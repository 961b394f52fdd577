package lambdasim

import "time"

const (
	// Lambda tries a throttled event again after a second, then after longer and longer, for at most six hours; that
	// does not count against the retries.
	firstThrottleWait = time.Second
	maxThrottleWait   = 5 * time.Minute
	maxEventAge       = 6 * time.Hour
)

// deliver runs an event until it succeeds, its retries are spent, or it is too old. Every attempt has the same request id.
func (e *Endpoint) deliver(f *function, c call) {
	expiry := time.Now().Add(maxEventAge)

	for attempt := 1; ; attempt++ {
		if !e.admitEvent(f, expiry) {
			return
		}
		result := f.execute(e.lifetime, c.invocation(f, attempt))
		f.release()

		switch {
		case result.errorType == "" || e.closing():
			return
		case attempt > len(e.retryDelays):
			f.logger.Warn("an event was given up", "request_id", c.id, "attempts", attempt, "error_type", result.errorType)

			return
		}
		if !e.wait(e.retryDelays[attempt-1]) {
			return
		}
	}
}

// admitEvent waits until the function's concurrency admits the event, and reports false where it never did.
func (e *Endpoint) admitEvent(f *function, expiry time.Time) bool {
	for delay := firstThrottleWait; ; delay = min(2*delay, maxThrottleWait) {
		if f.admit() {
			return true
		}
		if time.Now().Add(delay).After(expiry) {
			f.logger.Warn("an event was given up, the function was throttled all the time", "max_age", maxEventAge)

			return false
		}
		if !e.wait(delay) {
			return false
		}
	}
}

// wait waits for delay and reports false where the endpoint was closed meanwhile.
func (e *Endpoint) wait(delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()

	select {
	case <-timer.C:
		return true
	case <-e.ending.Done():
		return false
	}
}
