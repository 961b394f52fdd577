package lambdasim

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"

	smithyrand "github.com/aws/smithy-go/rand"
)

const (
	headerRequestID = "X-Amzn-Requestid"
	invokeSync      = "RequestResponse"
)

// apiError is an error as the Lambda API answers it.
type apiError struct {
	status        int
	code, message string
}

// write answers the error. The API spells the message's name differently from error to error, so both are there.
func (a *apiError) write(w http.ResponseWriter) {
	body, _ := json.Marshal(map[string]string{"Message": a.message, "message": a.message}) //nolint:errchkjson // it is text alone
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", a.code)
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
}

func (e *Endpoint) unknown(w http.ResponseWriter, r *http.Request) {
	(&apiError{
		http.StatusNotFound, "UnknownOperationException",
		"the local Lambda knows Invoke alone, and not " + r.Method + " " + r.URL.Path + ": moto and LocalStack know more",
	}).write(w)
}

func (e *Endpoint) invoke(w http.ResponseWriter, r *http.Request) {
	answer, refused := e.call(w, r)
	if refused != nil {
		refused.write(w)

		return
	}
	w.Header().Set("Content-Type", "application/json")
	if answer.failed {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	}
	_, _ = w.Write(answer.body)
}

// call runs the invocation that is asked for.
func (e *Endpoint) call(w http.ResponseWriter, r *http.Request) (reply, *apiError) {
	name := r.PathValue("name")
	f := e.find(name)
	if f == nil {
		return reply{}, &apiError{http.StatusNotFound, "ResourceNotFoundException", "Function not found: " + name}
	}
	payload, refused := readPayload(r)
	if refused != nil {
		return reply{}, refused
	}
	closed := &apiError{http.StatusInternalServerError, "ServiceException", "the local Lambda is closed"}
	if !e.begin() {
		return reply{}, closed
	}
	defer e.work.Done()
	if !f.concurrency.TryAcquire(1) {
		return reply{}, &apiError{http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded."}
	}
	defer f.concurrency.Release(1)
	answer := f.run(&invocation{id: w.Header().Get(headerRequestID), arn: f.arn(), payload: payload, finished: make(chan struct{})})
	if answer.failed && e.ending.Err() != nil {
		return reply{}, closed
	}

	return answer, nil
}

// readPayload refuses what the endpoint does not do, rather than pass it over.
func readPayload(r *http.Request) ([]byte, *apiError) {
	bad := func(code, message string) ([]byte, *apiError) {
		return nil, &apiError{http.StatusBadRequest, code, message}
	}
	h := r.Header
	if cmp.Or(h.Get("X-Amz-Invocation-Type"), invokeSync) != invokeSync || h.Get("X-Amz-Log-Type") == "Tail" ||
		h.Get("X-Amz-Client-Context") != "" || r.URL.Query().Has("Qualifier") {
		return bad("InvalidParameterValueException",
			"the local Lambda runs "+invokeSync+" alone, without a log's tail, a client context or a qualifier: LocalStack has more")
	}
	payload, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		return bad("InvalidRequestContentException", "the request's body ended early")
	case len(payload) == 0:
		return []byte("{}"), nil
	case !json.Valid(payload):
		return bad("InvalidRequestContentException", "Could not parse request body into json")
	default:
		return payload, nil
	}
}

func newUUID() string {
	id, _ := smithyrand.NewUUID(rand.Reader).GetUUID() // this reader never fails

	return id
}
