package lambdasim

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	invokeSync   = "RequestResponse"
	invokeAsync  = "Event"
	invokeDryRun = "DryRun"

	// maxAsyncPayload is Lambda's limit of an event, 256 KB. It became 1 MB in 2025; the smaller of the two is what every
	// region honours, and what fits here fits there.
	maxAsyncPayload = 256 << 10
)

// call is what a caller asked for.
type call struct {
	id            string
	kind          string
	trace         string
	clientContext string
	payload       []byte
	tail          bool
}

func (e *Endpoint) invoke(w http.ResponseWriter, r *http.Request) {
	f := e.requested(w, r)
	if f == nil {
		return
	}

	c, problem := readCall(w, r)
	if problem != nil {
		problem.write(w)

		return
	}
	c.id = w.Header().Get(headerRequestID)

	if !e.begin() {
		closedError().write(w)

		return
	}

	switch c.kind {
	case invokeDryRun:
		e.work.Done()
		w.WriteHeader(http.StatusNoContent)
	case invokeAsync:
		go func() {
			defer e.work.Done()
			e.deliver(f, c)
		}()
		w.WriteHeader(http.StatusAccepted)
	default:
		defer e.work.Done()
		e.respond(w, f, c)
	}
}

// respond runs a synchronous call. It goes on where the caller hangs up, as Lambda does.
func (e *Endpoint) respond(w http.ResponseWriter, f *function, c call) {
	if !f.admit() {
		throttledError().write(w)

		return
	}
	inv := c.invocation(f, 1)
	result := f.execute(e.lifetime, inv)
	f.release()

	if result.errorType != "" && e.closing() {
		closedError().write(w)

		return
	}

	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("X-Amz-Executed-Version", version)
	header.Set("X-Amzn-Trace-Id", inv.trace)
	if result.errorType != "" {
		header.Set("X-Amz-Function-Error", "Unhandled")
	}
	if c.tail {
		header.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(inv.log.bytes()))
	}
	_, _ = w.Write(result.payload)
}

func (c call) invocation(f *function, attempt int) *invocation {
	inv := newInvocation(c.id, attempt)
	inv.arn, inv.trace, inv.clientContext, inv.payload = f.arn(), c.trace, c.clientContext, c.payload

	return inv
}

// readCall reads and checks a request.
func readCall(w http.ResponseWriter, r *http.Request) (call, *apiError) {
	c := call{kind: r.Header.Get("X-Amz-Invocation-Type"), tail: r.Header.Get("X-Amz-Log-Type") == "Tail"}
	limit := maxPayload
	switch c.kind {
	case "":
		c.kind = invokeSync
	case invokeSync, invokeDryRun:
	case invokeAsync:
		limit = maxAsyncPayload
	default:
		return call{}, &apiError{
			status: http.StatusBadRequest, code: "InvalidParameterValueException",
			message: fmt.Sprintf("the invocation type %q is not one of RequestResponse, Event and DryRun", c.kind),
		}
	}

	var problem *apiError
	if c.payload, problem = readPayload(w, r, c.kind, limit); problem != nil {
		return call{}, problem
	}
	if c.clientContext, problem = readClientContext(r); problem != nil {
		return call{}, problem
	}

	c.trace = r.Header.Get("X-Amzn-Trace-Id")
	if !strings.Contains(c.trace, "Root=") {
		c.trace = newTrace(time.Now())
	}

	return c, nil
}

func readPayload(w http.ResponseWriter, r *http.Request, kind string, limit int) ([]byte, *apiError) {
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(limit)))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &apiError{
			status: http.StatusRequestEntityTooLarge, code: "RequestTooLargeException",
			message: fmt.Sprintf("the payload is too large for the %s invocation type (limit %d bytes)", kind, limit),
		}
	}
	if err != nil {
		return nil, &apiError{
			status: http.StatusBadRequest, code: "InvalidRequestContentException",
			message: "the request's body ended early",
		}
	}

	if len(payload) == 0 {
		return []byte("{}"), nil
	}
	if !json.Valid(payload) {
		return nil, &apiError{
			status: http.StatusBadRequest, code: "InvalidRequestContentException",
			message: "Could not parse request body into json",
		}
	}

	return payload, nil
}

func readClientContext(r *http.Request) (string, *apiError) {
	encoded := r.Header.Get("X-Amz-Client-Context")
	if encoded == "" {
		return "", nil
	}

	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !json.Valid(plain) || strings.ContainsAny(string(plain), "\r\n") {
		return "", &apiError{
			status: http.StatusBadRequest, code: "InvalidRequestContentException",
			message: "the client context is not base64 of JSON on one line",
		}
	}

	return string(plain), nil
}

// newUUID returns a random UUID, version 4.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80

	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newTrace returns an X-Ray trace header that is not sampled.
func newTrace(now time.Time) string {
	var b [20]byte
	_, _ = rand.Read(b[:])

	return fmt.Sprintf("Root=1-%08x-%x;Parent=%x;Sampled=0", now.Unix(), b[:12], b[12:])
}
