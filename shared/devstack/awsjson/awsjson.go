// Package awsjson is the server side of AWS's JSON 1.1 protocol, which Systems Manager and Secrets Manager speak: every
// request is a POST of one JSON object, and the X-Amz-Target header names the operation.
//
// Rules: member names are case-sensitive and unknown ones are ignored, as AWS does; a member of the wrong type is a
// SerializationException. Signatures are not checked. Errors are AWS's to the letter of their type; their messages are
// written for whoever reads them, and never hold a value that was sent.
package awsjson

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// contentType is what the protocol's requests and replies are.
const contentType = "application/x-amz-json-1.1"

// maxBody bounds a request's body in bytes; the largest legal one, a secret in base64, stays far below.
const maxBody = 1 << 20

// Error is a refusal as an AWS client sees it.
type Error struct {
	// Code is the error type, such as "ParameterNotFound".
	Code string
	// Message is the text that clients print.
	Message string
	// Status is the HTTP status; 0 means 400, which nearly every AWS JSON error has.
	Status int
}

// Error returns "code: message".
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an [Error] of status 400 whose message is formatted.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Operation answers one request body. What it returns is encoded as the reply's JSON object.
type Operation func(body []byte) (any, error)

// Typed makes an [Operation] of a function on Go types. A body that does not decode into In is a SerializationException.
func Typed[In, Out any](answer func(In) (Out, error)) Operation {
	return func(body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, serialization(err)
		}

		return answer(in)
	}
}

// serialization names the member that did not decode, and never its value.
func serialization(err error) *Error {
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok && semantic.GoType != nil {
		return Errorf("SerializationException", "the member at %q has the wrong type", semantic.JSONPointer)
	}
	if _, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return Errorf("SerializationException", "the body is not one JSON object")
	}

	return Errorf("SerializationException", "the body does not fit the operation")
}

// Service is an AWS service: an [http.Handler] over its operations.
type Service struct {
	// Target is the service's prefix in X-Amz-Target, such as "AmazonSSM".
	Target string
	// Operations maps the operation's name to what answers it.
	Operations map[string]Operation
}

// OperationName returns the operation that a request of the service asks for, or "" where it names none.
func OperationName(r *http.Request, target string) string {
	name, found := strings.CutPrefix(r.Header.Get("X-Amz-Target"), target+".")
	if !found {
		return ""
	}

	return name
}

// ServeHTTP answers one request. Every reply carries x-amzn-RequestId; a refusal also x-amzn-ErrorType.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amzn-RequestId", requestID())
	w.Header().Set("Content-Type", contentType)

	reply, err := s.answer(w, r)
	if err != nil {
		writeError(w, err)

		return
	}

	body, err := json.Marshal(reply)
	if err != nil {
		writeError(w, err)

		return
	}
	_, _ = w.Write(body)
}

func (s *Service) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != http.MethodPost {
		return nil, &Error{
			Code: "MethodNotAllowedException", Message: "this protocol knows POST alone",
			Status: http.StatusMethodNotAllowed,
		}
	}

	name := OperationName(r, s.Target)
	operation, found := s.Operations[name]
	if !found {
		return nil, Errorf("UnknownOperationException", "%s has no operation %q here", s.Target, name)
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, Errorf("SerializationException", "the body was cut short, or is over %d bytes", maxBody)
	}

	return operation(body)
}

func writeError(w http.ResponseWriter, err error) {
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		refusal = &Error{
			Code: "InternalServerError", Message: "an error on the server side",
			Status: http.StatusInternalServerError,
		}
	}

	body, err := json.Marshal(struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{refusal.Code, refusal.Message})
	if err != nil {
		body = []byte(`{"__type":"InternalServerError"}`)
	}

	w.Header().Set("X-Amzn-ErrorType", refusal.Code)
	status := refusal.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// requestID returns a random UUID of version 4, as AWS's request ids are.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80

	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
