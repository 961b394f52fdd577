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

// noteRetryAfter remembers how long a caller has to wait: seconds, or until an HTTP date. Anything else binds nobody.
func (o *organisation) noteRetryAfter(caller string, status int, retryAfter string, now time.Time) {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return
	}
	until, _ := http.ParseTime(retryAfter) // the zero time where it is no date
	if seconds, err := strconv.ParseUint(retryAfter, 10, 31); err == nil {
		until = now.Add(time.Duration(seconds) * time.Second)
	}
	if until.After(o.waiting[caller]) {
		o.waiting[caller] = until
	}
}
