package genesyssim

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// FaultCount is one fault of the script in force, and what has become of it.
type FaultCount struct {
	Fault Fault `json:"fault"`
	Seen  int   `json:"seen"` // requests of its method and path since the script was put in place
	Hits  int   `json:"hits"` // those of them that it hit
}

// newScript is a script whose counts begin at nothing.
func newScript(faults []Fault) []FaultCount {
	counts := make([]FaultCount, len(faults))
	for i, fault := range faults {
		counts[i].Fault = fault
	}

	return counts
}

// nextFault counts a request and returns the fault that hits it, nil for none.
func (o *organisation) nextFault(method, path string) (hit *Fault) {
	for i := range o.script {
		c := &o.script[i]
		if !c.Fault.matches(method, path) {
			continue
		}
		c.Seen++
		if hit == nil && c.due() {
			c.Hits++
			hit = new(c.Fault)
		}
	}

	return hit
}

// due reports whether the request that was just counted is one to hit.
func (c *FaultCount) due() bool {
	first, every, times := max(1, c.Fault.Nth), max(1, c.Fault.Every), cmp.Or(c.Fault.Times, 1)

	return c.Seen >= first && (c.Seen-first)%every == 0 && (times < 0 || c.Hits < times)
}

// Faults returns the script in force, in its order, with the counts so far.
func (s *Simulator) Faults() (script []FaultCount) {
	s.change(func(o *organisation) { script = slices.Clone(o.script) })

	return script
}

// SetFaults replaces the script; its counts begin anew. A fault that could not happen is an error, and the old script stays.
func (s *Simulator) SetFaults(faults []Fault) error {
	for i, fault := range faults {
		if err := fault.validate(); err != nil {
			return fmt.Errorf("replace the fault script: fault %d: %w", i+1, err)
		}
	}
	s.change(func(o *organisation) { o.script = newScript(faults) })

	return nil
}

// scriptedReply makes the reply that the exchange's fault scripts, nil where it scripts none.
func (x *exchange) scriptedReply() *reply {
	f := x.fault
	switch {
	case f.Body != nil:
		return x.reply(cmp.Or(f.Status, http.StatusOK), "application/json", []byte(*f.Body))
	case !f.scripted():
		return nil
	}
	// An error of the endpoint's shape: what the fault leaves out is what usually goes with the status.
	status := cmp.Or(f.Status, http.StatusBadRequest)
	api, token := usualCodes(status)
	switch {
	case isTokenPath(x.request.URL.Path):
		return x.refuseToken(status, cmp.Or(f.Code, token), f.Message)
	case status == http.StatusTooManyRequests && f.Code == "":
		const usual = 30
		seconds, _ := strconv.Atoi(f.RetryAfter) // 0 where it is no number

		return x.refuse(errThrottled(cmp.Or(seconds, usual), f.Limit))
	default:
		return x.refuse(newError(status, cmp.Or(f.Code, api), cmp.Or(f.Message, "The request failed: "+http.StatusText(status))))
	}
}

// usualCodes are the codes that the API and the token endpoint give with a status.
func usualCodes(status int) (api, token string) {
	switch status {
	case http.StatusUnauthorized:
		return "bad.credentials", "invalid_client"
	case http.StatusForbidden:
		return "missing.permissions", "invalid_request"
	case http.StatusRequestEntityTooLarge:
		return "response.entity.too.large", "invalid_request"
	}
	token = "invalid_request"
	if status >= http.StatusInternalServerError {
		token = "server_error"
	}

	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "."), token
}

// decorate sets the headers that a fault adds to whatever the reply is.
func (f *Fault) decorate(header http.Header) {
	for name, value := range f.Headers {
		header.Set(name, value)
	}
	if f.RetryAfter != "" {
		header.Set("Retry-After", f.RetryAfter)
	}
}
