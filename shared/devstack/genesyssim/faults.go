package genesyssim

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Action is what a [Fault] does besides answering with a status.
type Action string

// The actions. Those on the connection go with a scripted status and body too.
const (
	ActionReset       Action = "reset"        // the connection is reset before the headers
	ActionResetBody   Action = "reset_body"   // it is reset after half the body
	ActionTruncate    Action = "truncate"     // a chunked body ends in the middle, without its last chunk
	ActionHang        Action = "hang"         // nothing, until the client goes
	ActionRevokeToken Action = "revoke_token" // the calling token is revoked, then the request is looked at
	ActionEmptyPage   Action = "empty_page"   // no entities; by cursor, the next link is new and loses nobody
)

// Actions lists the actions.
func Actions() []Action {
	return []Action{ActionReset, ActionResetBody, ActionTruncate, ActionHang, ActionRevokeToken, ActionEmptyPage}
}

// Fault is one thing that goes wrong: which requests it hits, and what happens to them. Where several faults of a script
// would hit one request, the first of them does; the others have counted it, and hit the next that they may.
type Fault struct {
	Method string `json:"method,omitempty"` // the method that is hit; "" is any
	Path   string `json:"path"`             // the path that is hit, or with a * at its end all that begin so; required
	Nth    int    `json:"nth,omitzero"`     // the first request that is hit, counted from 1 among those of Method and Path; 0 is 1
	Times  int    `json:"times,omitzero"`   // how many requests are hit; 0 is 1, and -1 is all
	Every  int    `json:"every,omitzero"`   // only each so-many-th request from Nth on; 0 is 1

	// A reply is scripted where Status, Body or Code is given. It is made before token and limits are looked at.

	Action     Action            `json:"action,omitempty"`      // beside what the other fields say
	Status     int               `json:"status,omitzero"`       // with neither Body nor Code: an error, as the endpoint says it
	Headers    map[string]string `json:"headers,omitempty"`     // are set on the reply, scripted or not
	Body       *string           `json:"body,omitzero"`         // as it is; JSON with status 200, unless they are given
	Code       string            `json:"code,omitempty"`        // of an error in the endpoint's form, of status 400 unless given
	Message    string            `json:"message,omitempty"`     // of such an error
	Limit      int               `json:"limit,omitzero"`        // limit.value of a 429's body; 0 leaves it out
	RetryAfter string            `json:"retry_after,omitempty"` // the header Retry-After as it is
	DelayMS    int               `json:"delay_ms,omitzero"`     // how long to wait first

	// These change a page of a listing, in the order Drop, Set. In Set, {self}, {next} and {cursor} become the page's own link,
	// its next link, and the cursor in that.

	Set    map[string]jsontext.Value `json:"set,omitempty"`    // members, entities included, and their values in JSON
	Drop   []string                  `json:"drop,omitempty"`   // members that are taken away
	Entity string                    `json:"entity,omitempty"` // what is added behind the entities, JSON or not

	// These change what the organisation has, before the reply is made.

	Shift int    `json:"shift,omitzero"` // so many of the listing's first entities are gone; negative: so many new ones come first
	Job   string `json:"job,omitempty"`  // the state that the submitted job ends in; GONE: nobody knows it then

	Note string `json:"note,omitempty"` // what the fault is there for, in words
}

// ParseFaults reads JSON, one fault a line. An unknown field, or a fault that could not happen, is an error that names the line.
func ParseFaults(r io.Reader) ([]Fault, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read the fault script: %w", err)
	}
	var faults []Fault
	for i, line := range bytes.Split(text, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var fault Fault
		if err := errors.Join(decodeStrictly(bytes.NewReader(line), &fault), fault.validate()); err != nil {
			return nil, fmt.Errorf("line %d of the fault script: %w", i+1, err)
		}
		faults = append(faults, fault)
	}

	return faults, nil
}

// validate reports what is missing, contradicts itself or could never happen.
func (f *Fault) validate() error {
	switch {
	case !strings.HasPrefix(f.Path, "/"):
		return fmt.Errorf("field path is %q: give the path that is hit", f.Path)
	case f.Nth < 0, f.Every < 0, f.Times < -1, f.DelayMS < 0:
		return errors.New("a number is negative: only times and shift may be")
	case f.Status != 0 && (f.Status < http.StatusOK || f.Status > 599):
		return fmt.Errorf("field status is %d: give 200 to 599", f.Status)
	case f.Action != "" && !slices.Contains(Actions(), f.Action):
		return fmt.Errorf("field action is %q: there is no such action", f.Action)
	case f.Job != "" && jobStates()[f.Job] == "":
		return fmt.Errorf("field job is %q: there is no such state", f.Job)
	case f.shapesPage() && isTokenPath(f.Path):
		return fmt.Errorf("path %s has no pages: this fault goes with a listing", f.Path)
	case f.shapesPage() && f.scripted():
		return errors.New("a scripted reply has no page: give either status, body or code, or a change to the page")
	case f.idle():
		return errors.New("the fault does nothing: give an action, status, body, code, headers or delay_ms")
	}

	return nil
}

func (f *Fault) scripted() bool { return f.Status != 0 || f.Body != nil || f.Code != "" }

func (f *Fault) idle() bool {
	return f.Action == "" && !f.scripted() && len(f.Headers) == 0 && f.RetryAfter == "" &&
		f.DelayMS == 0 && f.Job == "" && !f.shapesPage()
}

// shapesPage reports whether the fault changes a page of a listing.
func (f *Fault) shapesPage() bool {
	return f.Action == ActionEmptyPage || f.Shift != 0 || len(f.Set)+len(f.Drop)+len(f.Entity) > 0
}

// matches reports whether the fault is about a method and a path.
func (f *Fault) matches(method, path string) bool {
	prefix, open := strings.CutSuffix(f.Path, "*")
	return (f.Method == "" || f.Method == method) && (path == f.Path || open && strings.HasPrefix(path, prefix))
}

// FaultCount is one fault of the script in force, and what has become of it.
type FaultCount struct {
	Fault Fault `json:"fault"`
	Seen  int   `json:"seen"` // requests of its method and path since the script was put in place
	Hits  int   `json:"hits"` // those of them that it hit
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
	script := make([]FaultCount, len(faults))
	for i, fault := range faults {
		if err := fault.validate(); err != nil {
			return fmt.Errorf("put the fault script in place: fault %d: %w", i+1, err)
		}
		script[i].Fault = fault
	}
	s.change(func(o *organisation) { o.script = script })

	return nil
}

// scriptedReply makes the reply that the exchange's fault scripts, nil where it scripts none.
func (x *exchange) scriptedReply() *reply {
	f := x.fault
	switch {
	case f.Body != nil:
		return x.reply(cmp.Or(f.Status, http.StatusOK), []byte(*f.Body))
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
	switch {
	case status == http.StatusUnauthorized:
		return "bad.credentials", "invalid_client"
	case status == http.StatusForbidden:
		return "missing.permissions", "invalid_request"
	case status == http.StatusRequestEntityTooLarge:
		return "response.entity.too.large", "invalid_request"
	case status < http.StatusInternalServerError:
		token = "invalid_request"
	default:
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

// bend drops and sets members as a fault says.
func (p *page) bend(fault *Fault) {
	p.members = slices.DeleteFunc(p.members, func(m member) bool { return slices.Contains(fault.Drop, m.name) })
	fill := strings.NewReplacer("{self}", p.self, "{next}", p.next, "{cursor}", p.cursor)
	for _, name := range slices.Sorted(maps.Keys(fault.Set)) {
		value := []byte(fill.Replace(string(fault.Set[name])))
		if i := slices.IndexFunc(p.members, func(m member) bool { return m.name == name }); i >= 0 {
			p.members[i].value = value
		} else {
			p.members = append(p.members, member{name, value})
		}
	}
}
