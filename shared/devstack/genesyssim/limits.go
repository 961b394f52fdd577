package genesyssim

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// windows counts requests in a fixed window for each key. A window begins with the key's first request.
type windows struct {
	limit  int
	length time.Duration
	mu     sync.Mutex
	open   map[string]*window
}

type window struct {
	ends time.Time
	used int
}

func newWindows(limit int, length time.Duration) *windows {
	return &windows{limit: limit, length: length, open: make(map[string]*window)}
}

// allowance is what a key has used of its window.
type allowance struct {
	used    int
	resets  time.Duration // until the window ends; 0 where nothing is limited
	refused bool          // the limit was used up: the request did not count
}

// take counts a request of key, or refuses it where the limit is used up.
func (w *windows) take(key string, now time.Time) allowance {
	if w.limit == 0 {
		return allowance{}
	}
	w.mu.Lock()
	defer w.mu.Unlock()

	current, found := w.open[key]
	if !found || !now.Before(current.ends) {
		w.prune(now)
		current = &window{ends: now.Add(w.length)}
		w.open[key] = current
	}
	refused := current.used >= w.limit
	if !refused {
		current.used++
	}

	return allowance{used: current.used, resets: current.ends.Sub(now), refused: refused}
}

// prune forgets windows that ended, so that tokens which come and go do not add up.
func (w *windows) prune(now time.Time) {
	for key, old := range w.open {
		if !now.Before(old.ends) {
			delete(w.open, key)
		}
	}
}

// wholeSeconds rounds a wait up, to at least one second: who waits so long does not come early.
func wholeSeconds(wait time.Duration) int {
	return max(1, int((wait+time.Second-1)/time.Second))
}

// tellLimit sets the withdrawn rate-limit headers where they are asked for and something is limited.
func (s *Simulator) tellLimit(answer *reply, spent allowance) {
	if !s.config.RateLimitHeaders || spent.resets == 0 {
		return
	}
	answer.header.Set("inin-ratelimit-count", strconv.Itoa(s.config.perMinute(spent.used)))
	answer.header.Set("inin-ratelimit-allowed", strconv.Itoa(s.config.perMinute(s.config.RateLimit)))
	answer.header.Set("inin-ratelimit-reset", strconv.Itoa(wholeSeconds(spent.resets)))
}

// gates remembers until when each caller was told to stay away.
type gates struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func newGates() *gates { return &gates{until: make(map[string]time.Time)} }

// closed reports whether key was told to stay away longer than now.
func (g *gates) closed(key string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()

	until, told := g.until[key]
	if told && !now.Before(until) {
		delete(g.until, key)
	}

	return told && now.Before(until)
}

// note remembers a reply's Retry-After. What is neither seconds nor a date binds nobody.
func (g *gates) note(key string, status int, retryAfter string, now time.Time) {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return
	}
	until, understood := retryAt(retryAfter, now)
	if !understood {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until[key]) {
		g.until[key] = until
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
