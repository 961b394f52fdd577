package driver

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"genesys-cloud-export/shared/failure"
)

const (
	typeTimedOut = "Sandbox.Timedout"
	typeExit     = "Runtime.ExitError"
	// typeUnknown stands for a function error that carries no type.
	typeUnknown = "Unhandled"
)

// FunctionError is a failure of the function itself, as opposed to one of calling it.
type FunctionError struct {
	// Type is the error's type as Step Functions would see it: the functions' own (RateLimited, InvalidInput, …) or
	// Lambda's (Sandbox.Timedout, Runtime.ExitError, …). It is "Unhandled" where the function names none.
	Type string
	// Message is the function's message. The functions keep secrets and bodies out of it.
	Message string
}

// Error returns type and message.
func (e *FunctionError) Error() string {
	if e.Message == "" {
		return e.Type
	}

	return e.Type + ": " + e.Message
}

// Retryable reports whether the same event may well succeed later. Types that are not known are permanent.
func (e *FunctionError) Retryable() bool {
	return failure.Kind(e.Type).Retryable() || e.Type == typeTimedOut || e.Type == typeExit
}

// functionError reads a reply's error document. flagged tells that the reply's header said there is one; some versions of
// "sam local start-lambda" send none, and nothing at all for a function that was killed, so the body is looked at as well.
func functionError(payload []byte, flagged bool) *FunctionError {
	var document struct {
		Type    *string          `json:"errorType"`
		Message *string          `json:"errorMessage"`
		Status  *json.RawMessage `json:"status"`
	}
	readable := json.Unmarshal(payload, &document) == nil
	telling := readable && document.Status == nil && (document.Type != nil || document.Message != nil)

	switch {
	case !flagged && len(bytes.TrimSpace(payload)) == 0:
		return &FunctionError{Type: typeExit, Message: "the function ended without a reply"}
	case !flagged && !telling:
		return nil
	case !readable:
		return &FunctionError{Type: typeUnknown, Message: "the error document cannot be read"}
	}

	failed := &FunctionError{Type: typeUnknown}
	if document.Message != nil {
		failed.Message = *document.Message
	}
	switch {
	case document.Type != nil && *document.Type != "":
		failed.Type = *document.Type
	case strings.Contains(failed.Message, "Task timed out after "):
		failed.Type = typeTimedOut // Lambda has named no type in this case for years, and still may
	}

	return failed
}

// retryable reports whether a failed invocation is worth another attempt: the function's own judgement, throttling, and
// whatever went wrong between here and Lambda. What the caller did wrong stays wrong, and so does a reply that breaks the
// contract.
func retryable(err error) bool {
	if failed, ok := errors.AsType[*FunctionError](err); ok {
		return failed.Retryable()
	}
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return true
	}
	if reply, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status := reply.HTTPStatusCode()

		// 200 is a reply that was cut short.
		return status == http.StatusTooManyRequests || status >= http.StatusInternalServerError || status == http.StatusOK
	}

	return false
}
