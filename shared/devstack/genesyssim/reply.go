package genesyssim

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzip"
)

// minCompressed is the size from which a body is worth compressing.
const minCompressed = 1024

// reply is what is to be sent, whole; how it arrives is up to the fault. Its headers are the exchange's.
type reply struct {
	status int
	body   []byte
	// pages and entities are what the reply adds to the counts once it was sent whole.
	pages, entities int
}

// reply makes a reply of JSON.
func (x *exchange) reply(status int, body []byte) *reply {
	x.header.Set("Content-Type", "application/json")
	return &reply{status: status, body: body}
}

// json answers with a value as the body.
func (x *exchange) json(status int, value any) *reply { return x.reply(status, marshal(value)) }

// marshal renders a value of this package's own, which cannot fail: paths that are no UTF-8 may be in it.
func marshal(value any) []byte {
	body, err := json.Marshal(value, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err != nil {
		panic(fmt.Sprintf("genesyssim: marshal a reply: %v", err))
	}

	return body
}

// send writes the reply, or what the exchange's fault leaves of it.
func (s *Simulator) send(x *exchange, answer *reply) {
	now := time.Now()
	x.fault.decorate(x.header)
	body := answer.body
	if len(body) >= minCompressed {
		x.header.Set("Vary", "Accept-Encoding")
		if strings.Contains(x.request.Header.Get("Accept-Encoding"), "gzip") {
			body = compress(body)
			x.header.Set("Content-Encoding", "gzip")
		}
	}
	// Accounted for before the client can know: it may act on the reply at once.
	s.change(func(o *organisation) {
		if answer.status == http.StatusTooManyRequests {
			o.stats.Throttled++
		}
		o.noteRetryAfter(x.caller(), answer.status, x.header.Get("Retry-After"), now)
	})
	if x.deliver(answer.status, body) {
		s.change(func(o *organisation) {
			o.stats.Pages += int64(answer.pages)
			o.stats.EntitiesServed += int64(answer.entities)
		})
	}
}

// deliver writes status and body in the way of the fault, and reports whether all went out as it should.
func (x *exchange) deliver(status int, body []byte) bool {
	truncated, reset := x.fault.Action == ActionTruncate, x.fault.Action == ActionResetBody
	if !truncated && status != http.StatusNoContent && status != http.StatusNotModified {
		x.header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if truncated || reset {
		body = body[:len(body)/2]
	}
	x.writer.WriteHeader(status)
	_, err := x.writer.Write(body)
	_ = http.NewResponseController(x.writer).Flush()
	if truncated {
		panic(http.ErrAbortHandler)
	}
	if reset {
		x.resetConnection()
	}

	return err == nil
}

// resetConnection ends the connection as a crashed peer does: by RST over TCP, of the stream alone over HTTP/2, by a plain close elsewhere.
func (x *exchange) resetConnection() {
	if conn, _, err := http.NewResponseController(x.writer).Hijack(); err == nil {
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn()
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// hang answers nothing until the client goes. The body is read first: before that, the server does not see it go.
func (x *exchange) hang() {
	_, _ = io.Copy(io.Discard, x.request.Body)
	<-x.request.Context().Done()
	panic(http.ErrAbortHandler)
}

// writers are gzip writers of a megabyte each, to be used again.
var writers = sync.Pool{New: func() any { //nolint:gochecknoglobals // it keeps nothing that matters
	writer, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for unknown levels alone

	return writer
}}

func compress(body []byte) []byte {
	var out bytes.Buffer
	writer := writers.Get().(*gzip.Writer) //nolint:forcetypeassert // it has nothing else
	defer writers.Put(writer)
	writer.Reset(&out)
	_, _ = writer.Write(body) // a buffer takes everything
	_ = writer.Close()

	return out.Bytes()
}

// apiError is a refusal in the API's words, and the body that says so.
type apiError struct {
	Message   string         `json:"message"`
	Code      string         `json:"code"`
	Status    int            `json:"status"`
	ContextID string         `json:"contextId"` // that of the exchange
	Details   []struct{}     `json:"details"`
	Errors    []struct{}     `json:"errors"`
	Limit     map[string]any `json:"limit,omitempty"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

func newError(status int, code, message string) *apiError {
	return &apiError{Status: status, Code: code, Message: message}
}

func errBadRequest(message string) *apiError {
	return newError(http.StatusBadRequest, "bad.request", message)
}

func errInvalidValue(parameter, want string) *apiError {
	return newError(http.StatusBadRequest, "invalid.value", "The value of "+parameter+" is not valid: "+want)
}

// errThrottled is a 429 as the platform words it. A limit of 0 is left out.
func errThrottled(seconds, limit int) *apiError {
	message := fmt.Sprintf("Rate limit exceeded the maximum. Retry the request in [%d] seconds", seconds)
	refusal := newError(http.StatusTooManyRequests, "too.many.requests.retry.after", message)
	if limit > 0 {
		refusal.Limit = map[string]any{"key": "user.rate.per.minute", "namespace": "directory", "value": limit}
	}

	return refusal
}

// refuse answers with the API's error body.
func (x *exchange) refuse(refusal *apiError) *reply {
	refusal.ContextID = x.correlationID
	return x.json(refusal.Status, refusal)
}

// refusePath answers a request to a path where nothing is.
func (x *exchange) refusePath() *reply {
	return x.refuse(newError(http.StatusNotFound, "not.found", "Nothing is served at "+x.request.URL.Path))
}

// refuseMethod answers a method that a path does not have.
func (x *exchange) refuseMethod(allowed string) *reply {
	x.header.Set("Allow", allowed)
	return x.refuse(newError(http.StatusMethodNotAllowed, "method.not.allowed", "The method "+x.request.Method+" is not allowed here"))
}

// refuseToken answers with the token endpoint's error body.
func (x *exchange) refuseToken(status int, code, description string) *reply {
	return x.json(status, struct {
		Error            string `json:"error"`
		Description      string `json:"description"`
		ErrorDescription string `json:"error_description"`
	}{code, description, description})
}
