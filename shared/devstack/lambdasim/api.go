package lambdasim

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const (
	headerRequestID = "X-Amzn-Requestid"

	invokeSync  = "RequestResponse"
	invokeAsync = "Event"

	// maxPayload is Lambda's limit of a synchronous request, 6 MB.
	maxPayload = 6 << 20
)

// apiError is an error as the Lambda API answers it; a nil pointer means none.
type apiError struct {
	status  int
	code    string
	message string
	reason  string
}

// write answers the error. The API spells the message's name differently from error to error, so both are there.
func (a apiError) write(w http.ResponseWriter) {
	body, err := json.Marshal(map[string]string{"Message": a.message, "message": a.message, "Reason": a.reason})
	if err != nil {
		panic("encode an answer of strings: " + err.Error())
	}

	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", a.code)
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
}

func (e *Endpoint) unknown(w http.ResponseWriter, r *http.Request) {
	apiError{
		status: http.StatusNotFound, code: "UnknownOperationException",
		message: "the local Lambda knows Invoke alone, and not " + r.Method + " " + r.URL.Path + ": moto and LocalStack know more",
	}.write(w)
}

// find returns the function of a name or an ARN, with or without its version; nil where there is none.
func (e *Endpoint) find(name string) *function {
	name = strings.TrimSuffix(name, ":"+version)
	for _, f := range e.functions {
		if name == f.Name || name == f.arn() {
			return f
		}
	}

	return nil
}

func (e *Endpoint) invoke(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if qualifier := r.URL.Query().Get("Qualifier"); qualifier != "" {
		name += ":" + qualifier
	}

	f := e.find(name)
	if f == nil {
		apiError{status: http.StatusNotFound, code: "ResourceNotFoundException", message: "Function not found: " + name}.write(w)

		return
	}

	kind := cmp.Or(r.Header.Get("X-Amz-Invocation-Type"), invokeSync)
	payload, problem := readCall(w, r, kind)
	if problem == nil && !e.begin() {
		problem = closedError()
	}
	if problem != nil {
		problem.write(w)

		return
	}

	inv := newInvocation(w.Header().Get(headerRequestID), f.arn(), payload)
	if kind == invokeSync {
		defer e.work.Done()
		e.respond(w, f, inv)

		return
	}

	// What comes of it is nobody's business: there are no retries and no destinations here.
	go func() {
		defer e.work.Done()
		f.deliver(inv)
	}()
	w.WriteHeader(http.StatusAccepted)
}

// respond runs a synchronous invocation and answers what came of it.
func (e *Endpoint) respond(w http.ResponseWriter, f *function, inv *invocation) {
	answer, admitted := f.try(inv)
	if !admitted {
		apiError{
			status: http.StatusTooManyRequests, code: "TooManyRequestsException", message: "Rate Exceeded.",
			reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
		}.write(w)

		return
	}
	if answer.failed && e.ending.Err() != nil {
		closedError().write(w)

		return
	}

	w.Header().Set("Content-Type", "application/json")
	if answer.failed {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	}
	_, _ = w.Write(answer.body)
}

func closedError() *apiError {
	return &apiError{status: http.StatusInternalServerError, code: "ServiceException", message: "the local Lambda is closed"}
}

// readCall returns the payload. It refuses what the endpoint does not do, rather than pass it over.
func readCall(w http.ResponseWriter, r *http.Request, kind string) ([]byte, *apiError) {
	bad := func(code, message string) ([]byte, *apiError) {
		return nil, &apiError{status: http.StatusBadRequest, code: code, message: message}
	}

	switch {
	case kind != invokeSync && kind != invokeAsync:
		return bad("InvalidParameterValueException", fmt.Sprintf("the invocation type %q is neither %s nor %s", kind, invokeSync, invokeAsync))
	case r.Header.Get("X-Amz-Log-Type") == "Tail":
		return bad("InvalidParameterValueException", "the local Lambda returns no log: it stands where the functions' logs go")
	case r.Header.Get("X-Amz-Client-Context") != "":
		return bad("InvalidParameterValueException", "the local Lambda passes no client context on")
	}

	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &apiError{
			status: http.StatusRequestEntityTooLarge, code: "RequestTooLargeException",
			message: fmt.Sprintf("the payload is larger than %d bytes", maxPayload),
		}
	}

	switch {
	case err != nil:
		return bad("InvalidRequestContentException", "the request's body ended early")
	case len(payload) == 0:
		return []byte("{}"), nil
	case !json.Valid(payload):
		return bad("InvalidRequestContentException", "Could not parse request body into json")
	}

	return payload, nil
}

// newUUID returns a random UUID, version 4.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80

	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
