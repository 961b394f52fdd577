package genesyssim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// script counts requests for each fault, and picks the one that hits.
type script struct {
	mu      sync.Mutex
	entries []*scriptEntry
}

type scriptEntry struct {
	fault Fault
	seen  int
	hits  int
}

func newScript(faults []Fault) *script {
	s := &script{}
	s.replace(faults)

	return s
}

// replace puts another script in place; its counts begin at nothing.
func (s *script) replace(faults []Fault) {
	entries := make([]*scriptEntry, len(faults))
	for i, fault := range faults {
		entries[i] = &scriptEntry{fault: fault}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = entries
}

// next counts a request and returns the fault that hits it, nil for none.
func (s *script) next(method, path string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()

	var hit *Fault
	for _, entry := range s.entries {
		if !entry.matches(method, path) {
			continue
		}
		entry.seen++
		if hit == nil && entry.due() {
			entry.hits++
			hit = &entry.fault
		}
	}

	return hit
}

// FaultCount is one fault of the script in force, and what has become of it.
type FaultCount struct {
	Fault Fault `json:"fault"`
	// Seen is how many requests of its method and path came since the script was put in place.
	Seen int `json:"seen"`
	// Hits is how many of them it hit.
	Hits int `json:"hits"`
}

// Faults returns the script in force, in its order, with the counts so far.
func (s *Simulator) Faults() []FaultCount { return s.script.counts() }

func (s *script) counts() []FaultCount {
	s.mu.Lock()
	defer s.mu.Unlock()

	counts := make([]FaultCount, len(s.entries))
	for i, entry := range s.entries {
		counts[i] = FaultCount{Fault: entry.fault, Seen: entry.seen, Hits: entry.hits}
	}

	return counts
}

// contains reports whether the script has a fault of this action.
func (s *script) contains(action Action) bool {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.ContainsFunc(s.entries, func(e *scriptEntry) bool { return e.fault.Action == action })
}

func (e *scriptEntry) matches(method, path string) bool {
	return (e.fault.Method == "" || e.fault.Method == method) && e.fault.hitsPath(path)
}

// due reports whether the request that was just counted is one to hit.
func (e *scriptEntry) due() bool {
	first, every, times := max(1, e.fault.Nth), max(1, e.fault.Every), e.fault.Times
	if times == 0 {
		times = 1
	}

	return e.seen >= first && (e.seen-first)%every == 0 && (times < 0 || e.hits < times)
}

// SetFaults replaces the script of faults; its counts begin anew. A fault that could not happen is an error, and the old
// script stays.
func (s *Simulator) SetFaults(faults []Fault) error {
	for i, fault := range faults {
		if err := fault.validate(); err != nil {
			return fmt.Errorf("replace the fault script: fault %d: %w", i+1, err)
		}
	}
	s.script.replace(slices.Clone(faults))

	return nil
}

// scriptedReply makes the reply that the exchange's fault scripts, nil where it scripts none.
func (x *exchange) scriptedReply() *reply {
	f := x.fault
	switch {
	case f.Action == ActionHTML:
		return newReply(orElse(f.Status, http.StatusOK), "text/html; charset=utf-8",
			[]byte("<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"))
	case f.Action == ActionRedirect:
		answer := newReply(orElse(f.Status, http.StatusFound), "", nil)
		answer.header.Set("Location", f.Location)

		return answer
	case f.Body != nil:
		return newReply(orElse(f.Status, http.StatusOK), "application/json", []byte(*f.Body))
	case f.Code != "" || f.Status != 0:
		return x.scriptedError(orElse(f.Status, http.StatusBadRequest))
	default:
		return nil
	}
}

// scriptedError makes an error of the endpoint's shape; what the fault leaves out is what usually goes with the status.
func (x *exchange) scriptedError(status int) *reply {
	f := x.fault
	if isTokenPath(x.request.URL.Path) {
		code := f.Code
		if code == "" {
			code = usualTokenError(status)
		}

		return tokenRefusal(status, code, f.Message)
	}
	if status == http.StatusTooManyRequests && f.Code == "" {
		const usual = 30
		seconds, err := strconv.Atoi(f.RetryAfter)
		if err != nil {
			seconds = usual
		}

		return jsonReply(status, x.throttledBody(seconds, f.Limit))
	}
	refusal := &apiError{status: status, code: f.Code, message: f.Message}
	if refusal.code == "" {
		refusal.code = usualCode(status)
	}
	if refusal.message == "" {
		refusal.message = "The request failed: " + http.StatusText(status)
	}

	return x.refuse(refusal)
}

func usualTokenError(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "invalid_client"
	case status >= http.StatusInternalServerError:
		return "server_error"
	default:
		return "invalid_request"
	}
}

func usualCode(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "bad.credentials"
	case http.StatusForbidden:
		return "missing.permissions"
	case http.StatusRequestEntityTooLarge:
		return "response.entity.too.large"
	default:
		return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", ".")
	}
}

// decorate sets the headers that a fault adds to whatever the reply is.
func (f *Fault) decorate(header http.Header, now time.Time) {
	for name, value := range f.Headers {
		header.Set(name, value)
	}
	if f.RetryAfter != "" {
		header.Set("Retry-After", f.RetryAfter)
	}
	if f.RetryAfterIn != nil {
		at := now.Add(time.Duration(*f.RetryAfterIn) * time.Second)
		header.Set("Retry-After", at.UTC().Format(http.TimeFormat))
	}
}

func orElse(value, otherwise int) int {
	if value != 0 {
		return value
	}

	return otherwise
}
