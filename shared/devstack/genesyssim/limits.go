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

// take counts a request of key, or reports how long its window still lasts where the limit is used up.
func (w *windows) take(key string, now time.Time) (wait time.Duration, limited bool) {
	if w.limit == 0 {
		return 0, false
	}
	w.mu.Lock()
	defer w.mu.Unlock()

	current, found := w.open[key]
	if !found || !now.Before(current.ends) {
		w.prune(now)
		current = &window{ends: now.Add(w.length)}
		w.open[key] = current
	}
	if current.used >= w.limit {
		return current.ends.Sub(now), true
	}
	current.used++

	return 0, false
}

// prune forgets windows that ended, so that tokens which come and go do not add up.
func (w *windows) prune(now time.Time) {
	for key, old := range w.open {
		if !now.Before(old.ends) {
			delete(w.open, key)
		}
	}
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
