// Package awsjson is the server side of AWS's JSON 1.1 protocol, which Systems Manager and Secrets Manager speak: every
// request is a POST of one JSON object, and the X-Amz-Target header names the operation.
//
// Rules: an operation or a member that a service does not have here is refused, not ignored; the refusal says what there is, and
// who has more. Signatures are not checked. Errors have AWS's types; their messages never hold a value that was sent.
package awsjson

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

// elsewhere ends every refusal of what AWS has and the services here do not.
const elsewhere = "moto and LocalStack have the others"

// apiError is an error as an AWS client sees it.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

// Errorf makes an error of an AWS type, which goes out with status 400. Any other error goes out as InternalServerError, without its
// text.
func Errorf(code, format string, args ...any) error {
	return &apiError{code: code, message: fmt.Sprintf(format, args...)}
}

// Region is where everything is.
const Region = "eu-central-1"

// ARN returns the name of a service's resource, of the account 000000000000.
func ARN(service, resource string) string {
	return "arn:aws:" + service + ":" + Region + ":000000000000:" + resource
}

// Reply is the JSON object that answers a request.
type Reply map[string]any

// Operation answers one request body. What it returns is encoded as the reply.
type Operation func(body []byte) (any, error)

// Typed makes an [Operation] of a function on a Go type. A body that does not decode into it is a SerializationException, a
// member that it does not have a ValidationException.
func Typed[In any](answer func(In) (Reply, error)) Operation {
	return func(body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in, json.RejectUnknownMembers(true)); err != nil {
			return nil, undecoded(err)
		}

		return answer(in)
	}
}

// undecoded names the member that did not decode, and never its value.
func undecoded(err error) error {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	switch {
	case ok && errors.Is(err, json.ErrUnknownName):
		return Errorf("ValidationException", "this local operation has no member %q: %s", semantic.JSONPointer, elsewhere)
	case ok:
		return Errorf("SerializationException", "the member %q has the wrong type", semantic.JSONPointer)
	default:
		return Errorf("SerializationException", "the body is not one JSON object")
	}
}

// Service is an AWS service over its operations. It answers one request at a time, so that operations need no lock.
type Service struct {
	Target     string               // its prefix in X-Amz-Target, such as "AmazonSSM"
	Operations map[string]Operation // by name

	mu sync.Mutex
}

// OperationName returns the operation that a request of the service asks for, or "" where it names none.
func OperationName(r *http.Request, target string) string {
	_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), target+".")
	return name
}

// ServeHTTP answers one request. Every reply carries x-amzn-RequestId; a refusal also x-amzn-ErrorType.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amzn-RequestId", rand.Text())
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")

	reply, err := s.answer(r)
	refused, known := errors.AsType[*apiError](err)

	switch {
	case err == nil:
		_, _ = w.Write(reply)
	case known:
		Refuse(w, http.StatusBadRequest, refused.code, refused.message)
	default:
		Refuse(w, http.StatusInternalServerError, "InternalServerError", "an error on the server side")
	}
}

// Refuse answers with an error of AWS.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	body, _ := json.Marshal(Reply{"__type": code, "message": message}, json.Deterministic(true))
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-ErrorType", code)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (s *Service) answer(r *http.Request) ([]byte, error) {
	name := OperationName(r, s.Target)
	operation, found := s.Operations[name]
	if !found {
		return nil, Errorf("UnknownOperationException", "this local %s has no operation %q, only %s: %s",
			s.Target, name, strings.Join(slices.Sorted(maps.Keys(s.Operations)), ", "), elsewhere)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, Errorf("SerializationException", "the body was cut short")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	reply, err := operation(body)
	if err != nil {
		return nil, err
	}

	return json.Marshal(reply)
}
