package genesyssim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// apiError is a refusal in the API's words.
type apiError struct {
	status  int
	code    string
	message string
	allow   string // the Allow header of a 405
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.message) }

func errNotFound(path string) *apiError {
	return &apiError{status: http.StatusNotFound, code: "not.found", message: "Nothing is served at " + path}
}

func errMethod(method, allow string) *apiError {
	return &apiError{
		status: http.StatusMethodNotAllowed, code: "method.not.allowed", allow: allow,
		message: "The method " + method + " is not allowed here",
	}
}

func errBadRequest(message string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "bad.request", message: message}
}

func errInvalidValue(parameter, want string) *apiError {
	return &apiError{
		status: http.StatusBadRequest, code: "invalid.value",
		message: "The value of " + parameter + " is not valid: " + want,
	}
}

// errorBody is the shape of every error of the API.
type errorBody struct {
	Message   string     `json:"message"`
	Code      string     `json:"code"`
	Status    int        `json:"status"`
	ContextID string     `json:"contextId"`
	Details   []struct{} `json:"details"`
	Errors    []struct{} `json:"errors"`
	Limit     *limitBody `json:"limit,omitempty"`
}

// limitBody says which limit a 429 is about.
type limitBody struct {
	Key       string `json:"key"`
	Namespace string `json:"namespace"`
	Value     int    `json:"value"`
}

// tokenErrorBody is the shape of every error of the token endpoint.
type tokenErrorBody struct {
	Error            string `json:"error"`
	Description      string `json:"description"`
	ErrorDescription string `json:"error_description"`
}

// refuse answers with the API's error body.
func (x *exchange) refuse(err *apiError) *reply {
	answer := jsonReply(err.status, errorBody{
		Message: err.message, Code: err.code, Status: err.status, ContextID: x.correlationID,
		Details: []struct{}{}, Errors: []struct{}{},
	})
	if err.allow != "" {
		answer.header.Set("Allow", err.allow)
	}

	return answer
}

// throttled answers 429 as the platform does: whole seconds, in the header and in the message, and the limit of a minute.
func (x *exchange) throttled(wait time.Duration, limit int) *reply {
	seconds := wholeSeconds(wait)
	answer := jsonReply(http.StatusTooManyRequests, x.throttledBody(seconds, limit))
	answer.header.Set("Retry-After", strconv.Itoa(seconds))

	return answer
}

// throttledBody is the body of a 429; limit 0 leaves the member out.
func (x *exchange) throttledBody(seconds, limit int) errorBody {
	body := errorBody{
		Message:   fmt.Sprintf("Rate limit exceeded the maximum. Retry the request in [%d] seconds", seconds),
		Code:      "too.many.requests.retry.after",
		Status:    http.StatusTooManyRequests,
		ContextID: x.correlationID,
		Details:   []struct{}{}, Errors: []struct{}{},
	}
	if limit > 0 {
		body.Limit = &limitBody{Key: "user.rate.per.minute", Namespace: "directory", Value: limit}
	}

	return body
}

// tokenRefusal answers with the token endpoint's error body.
func tokenRefusal(status int, name, description string) *reply {
	return jsonReply(status, tokenErrorBody{Error: name, Description: description, ErrorDescription: description})
}

// jsonReply renders value as the body.
func jsonReply(status int, value any) *reply {
	return newReply(status, "application/json", marshal(value))
}

// marshal renders a value of this package's own, which cannot fail. Markup stays as it is.
func marshal(value any) []byte {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(fmt.Sprintf("genesyssim: marshal a reply: %v", err))
	}

	return bytes.TrimSuffix(body.Bytes(), []byte("\n"))
}
