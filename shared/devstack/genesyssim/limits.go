package genesyssim

import (
	"net/http"
	"strconv"
	"time"
)

// window counts requests until it ends. The first request opens it, and the first after its end the next one.
type window struct {
	ends time.Time
	used int
}

// take counts a request, and reports whether the limit allowed it. A limit of 0 allows all.
func (w *window) take(limit int, length time.Duration, now time.Time) bool {
	if limit == 0 {
		return true
	}
	if !now.Before(w.ends) {
		*w = window{ends: now.Add(length)}
	}
	if w.used >= limit {
		return false
	}
	w.used++

	return true
}

// wholeSeconds rounds a wait up, to at least one second: who waits so long does not come early.
func wholeSeconds(wait time.Duration) int {
	return max(1, int((wait+time.Second-1)/time.Second))
}

// tellLimit sets the withdrawn rate-limit headers where they are asked for and something is limited.
func (s *Simulator) tellLimit(answer *reply, spent window) {
	if !s.config.RateLimitHeaders || spent.ends.IsZero() {
		return
	}
	answer.header.Set("inin-ratelimit-count", strconv.Itoa(s.config.perMinute(spent.used)))
	answer.header.Set("inin-ratelimit-allowed", strconv.Itoa(s.config.perMinute(s.config.RateLimit)))
	answer.header.Set("inin-ratelimit-reset", strconv.Itoa(wholeSeconds(time.Until(spent.ends))))
}

// noteRetryAfter remembers how long a caller has to wait. What is neither seconds nor a date binds nobody.
func (o *organisation) noteRetryAfter(caller string, status int, retryAfter string, now time.Time) {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return
	}
	if until, understood := retryAt(retryAfter, now); understood && until.After(o.waiting[caller]) {
		o.waiting[caller] = until
	}
}

// retryAt reads a Retry-After header: delay seconds or an HTTP date (RFC 9110, section 10.2.3).
func retryAt(value string, now time.Time) (time.Time, bool) {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return now.Add(time.Duration(seconds) * time.Second), true
	}
	date, err := http.ParseTime(value)

	return date, err == nil
}
