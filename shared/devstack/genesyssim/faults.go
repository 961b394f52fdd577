package genesyssim

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Action is what a [Fault] does besides answering with a status.
type Action string

// The actions. Those on the connection go with a scripted status and body too.
const (
	ActionReset           Action = "reset"              // the connection is reset before the headers
	ActionResetBody       Action = "reset_body"         // it is reset after half the body
	ActionTruncate        Action = "truncate"           // a chunked body ends in the middle, without its last chunk
	ActionShortLength     Action = "short_length"       // Content-Length promises more than comes
	ActionCutGzip         Action = "cut_gzip"           // half of a gzip stream, complete as HTTP
	ActionHang            Action = "hang"               // nothing, until the client goes
	ActionDrip            Action = "drip"               // the body byte by byte, drip_ms apart
	ActionHTML            Action = "html"               // 200 with a web page
	ActionRedirect        Action = "redirect"           // 302 (or status) to location
	ActionRevokeToken     Action = "revoke_token"       // the calling token is revoked, then the request is looked at
	ActionExpire          Action = "expire"             // the calling token expires now, then the request is looked at
	ActionEmptyPage       Action = "empty_page"         // no entities; by cursor, the next link is new and loses nobody
	ActionNullEntities    Action = "null_entities"      // "entities":null
	ActionEntitiesObject  Action = "entities_object"    // "entities":{}
	ActionRepeatPage      Action = "repeat_page"        // the body of the page before, of the same path
	ActionNextURI         Action = "next_uri"           // the next link is next_uri
	ActionDropNext        Action = "drop_next"          // the page has no next link
	ActionNextPageURIOnly Action = "next_page_uri_only" // the next link is in nextPageUri alone
	ActionCursorOnly      Action = "cursor_only"        // there is a cursor and no link
	ActionLinksDisagree   Action = "links_disagree"     // nextUri, nextPageUri and cursor lead to three places
	ActionEntity          Action = "entity"             // the page has one raw entity more
)

// Actions lists the actions.
func Actions() []Action {
	return []Action{
		ActionReset, ActionResetBody, ActionTruncate, ActionShortLength, ActionCutGzip, ActionHang, ActionDrip, ActionHTML,
		ActionRedirect, ActionRevokeToken, ActionExpire, ActionEmptyPage, ActionNullEntities, ActionEntitiesObject,
		ActionRepeatPage, ActionNextURI, ActionDropNext, ActionNextPageURIOnly, ActionCursorOnly, ActionLinksDisagree,
		ActionEntity,
	}
}

// Fault is one thing that goes wrong: which requests it hits, and what happens to them. Where several faults of a script
// would hit one request, the first of them does; the others have counted it, and hit the next that they may.
type Fault struct {
	// Method restricts the fault to a method; "" is any.
	Method string `json:"method,omitempty"`
	// Path is the path that is hit, or with a * at its end all that begin so. Required.
	Path string `json:"path"`
	// Nth is the first request that is hit, counted from 1 among those of Method and Path; 0 is 1.
	Nth int `json:"nth,omitempty"`
	// Times is how many requests are hit; 0 is 1, and -1 is all.
	Times int `json:"times,omitempty"`
	// Every hits only each so-many-th request from Nth on; 0 is 1.
	Every int `json:"every,omitempty"`

	// Action is what happens; "" is nothing but what the fields below say.
	Action Action `json:"action,omitempty"`
	// Status answers with this status, before token and limits are looked at. With neither Body nor Code the body is
	// what the endpoint says with this status.
	Status int `json:"status,omitempty"`
	// Headers are set on the reply, scripted or not.
	Headers map[string]string `json:"headers,omitempty"`
	// Body is the reply's body as it is; without Status the status is 200.
	Body *string `json:"body,omitempty"`
	// Code and Message make an error body of the endpoint's shape; without Status the status is 400.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Limit is the limit.value of a 429's body; 0 leaves the limit out.
	Limit int `json:"limit,omitempty"`
	// RetryAfter is put into the header Retry-After as it is.
	RetryAfter string `json:"retry_after,omitempty"`
	// RetryAfterIn is put there as the HTTP date so many seconds from now; negative is in the past.
	RetryAfterIn *int `json:"retry_after_in,omitempty"`
	// DelayMS waits so many milliseconds first.
	DelayMS int `json:"delay_ms,omitempty"`
	// DripMS is the time between two bytes of [ActionDrip].
	DripMS int `json:"drip_ms,omitempty"`
	// Location is where [ActionRedirect] leads to.
	Location string `json:"location,omitempty"`

	// NextURI replaces the page's next link, and the cursor by the one in it. {self} in it stands for the page's own
	// link, {next} for the link that it replaces.
	NextURI *string `json:"next_uri,omitempty"`
	// Entity is JSON text, or what claims to be, that is added behind the page's entities.
	Entity string `json:"entity,omitempty"`
	// EntityBase64 is the same for bytes that no JSON string holds.
	EntityBase64 []byte `json:"entity_base64,omitempty"`
	// EntityBytes adds an entity of so many bytes.
	EntityBytes int `json:"entity_bytes,omitempty"`
	// EntityDepth adds an entity of so many objects in one another.
	EntityDepth int `json:"entity_depth,omitempty"`

	// Note says in words what the fault is there for. It changes nothing.
	Note string `json:"note,omitempty"`
}

// ParseFaults reads a script of JSON lines, one fault a line; empty lines are passed over. An unknown field, or a fault
// that could not happen, is an error that names the line.
func ParseFaults(r io.Reader) ([]Fault, error) {
	var faults []Fault
	lines := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return nil, fmt.Errorf("read line %d of the fault script: %w", number, err)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			fault, problem := parseFault(line)
			if problem != nil {
				return nil, fmt.Errorf("line %d of the fault script: %w", number, problem)
			}
			faults = append(faults, fault)
		}
		if ended {
			return faults, nil
		}
	}
}

func parseFault(line []byte) (Fault, error) {
	var fault Fault
	if err := decodeStrictly(bytes.NewReader(line), &fault); err != nil {
		return fault, err
	}

	return fault, fault.validate()
}

// validate reports what is missing, contradicts itself or could never happen.
func (f *Fault) validate() error {
	switch {
	case !strings.HasPrefix(f.Path, "/"):
		return fmt.Errorf("field path is %q: give the path that is hit", f.Path)
	case f.Nth < 0, f.Every < 0, f.Times < -1, f.DelayMS < 0, f.DripMS < 0, f.EntityBytes < 0, f.EntityDepth < 0:
		return errors.New("a number is negative: only times and retry_after_in may be")
	case f.Status != 0 && (f.Status < http.StatusOK || f.Status > 599):
		return fmt.Errorf("field status is %d: give 200 to 599", f.Status)
	case f.Action != "" && !slices.Contains(Actions(), f.Action):
		return fmt.Errorf("field action is %q: there is no such action", f.Action)
	case f.Action == ActionDrip && f.DripMS == 0:
		return errors.New("field drip_ms is missing: say how far apart the bytes are")
	case f.Action == ActionRedirect && f.Location == "":
		return errors.New("field location is missing: say where the redirect leads to")
	case f.Action == ActionNextURI && f.NextURI == nil:
		return errors.New("field next_uri is missing: give the link")
	case f.Action == ActionEntity && f.entityFields() == 0:
		return errors.New("field entity is missing: give it, entity_base64, entity_bytes or entity_depth")
	case f.entityFields() > 1:
		return errors.New("the entity is given twice: give one of entity, entity_base64, entity_bytes, entity_depth")
	case f.shapesPage() && !f.hitsListing():
		return fmt.Errorf("path %s has no pages: this fault goes with %s or %s", f.Path, usersQueryPath, usersPath)
	case f.shapesPage() && f.scripted():
		return errors.New("a scripted reply has no page: give either status, body or code, or a change to the page")
	case f.idle():
		return errors.New("the fault does nothing: give an action, status, body, code, headers or delay_ms")
	}

	return nil
}

func (f *Fault) scripted() bool { return f.Status != 0 || f.Body != nil || f.Code != "" }

func (f *Fault) entityFields() int {
	n := 0
	for _, given := range []bool{f.Entity != "", len(f.EntityBase64) > 0, f.EntityBytes > 0, f.EntityDepth > 0} {
		if given {
			n++
		}
	}

	return n
}

func (f *Fault) idle() bool {
	return f.Action == "" && !f.scripted() && len(f.Headers) == 0 && f.RetryAfter == "" && f.RetryAfterIn == nil &&
		f.DelayMS == 0 && !f.shapesPage()
}

// shapesPage reports whether the fault changes a page of a listing.
func (f *Fault) shapesPage() bool {
	switch f.Action {
	case ActionEmptyPage, ActionNullEntities, ActionEntitiesObject, ActionRepeatPage, ActionNextURI, ActionDropNext,
		ActionNextPageURIOnly, ActionCursorOnly, ActionLinksDisagree, ActionEntity:
		return true
	default:
		return f.NextURI != nil || f.entityFields() > 0
	}
}

func (f *Fault) hitsListing() bool { return f.hitsPath(usersQueryPath) || f.hitsPath(usersPath) }

func (f *Fault) hitsPath(path string) bool {
	if prefix, open := strings.CutSuffix(f.Path, "*"); open {
		return strings.HasPrefix(path, prefix)
	}

	return path == f.Path
}
