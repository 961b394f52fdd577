package genesyssim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// apiError is a refusal in the API's words.
type apiError struct {
	status  int
	code    string
	message string
	allow   string // the Allow header of a 405
	limit   int    // the limit that a 429 is about; 0 leaves it out
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.message) }

func errNotFound(path string) *apiError {
	return &apiError{status: http.StatusNotFound, code: "not.found", message: "Nothing is served at " + path}
}

func errMethod(method, allow string) *apiError {
	message := "The method " + method + " is not allowed here"

	return &apiError{status: http.StatusMethodNotAllowed, code: "method.not.allowed", message: message, allow: allow}
}

func errBadRequest(message string) *apiError {
	return &apiError{status: http.StatusBadRequest, code: "bad.request", message: message}
}

func errInvalidValue(parameter, want string) *apiError {
	message := "The value of " + parameter + " is not valid: " + want

	return &apiError{status: http.StatusBadRequest, code: "invalid.value", message: message}
}

// errThrottled is a 429 as the platform words it.
func errThrottled(seconds, limit int) *apiError {
	return &apiError{
		status: http.StatusTooManyRequests, code: "too.many.requests.retry.after", limit: limit,
		message: fmt.Sprintf("Rate limit exceeded the maximum. Retry the request in [%d] seconds", seconds),
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

type limitBody struct {
	Key       string `json:"key"`
	Namespace string `json:"namespace"`
	Value     int    `json:"value"`
}

// refuse answers with the API's error body.
func (x *exchange) refuse(err *apiError) *reply {
	body := errorBody{
		Message: err.message, Code: err.code, Status: err.status, ContextID: x.correlationID, Details: []struct{}{}, Errors: []struct{}{},
	}
	if err.limit > 0 {
		body.Limit = &limitBody{Key: "user.rate.per.minute", Namespace: "directory", Value: err.limit}
	}
	answer := jsonReply(err.status, body)
	if err.allow != "" {
		answer.header.Set("Allow", err.allow)
	}

	return answer
}

// tokenRefusal answers with the token endpoint's error body.
func tokenRefusal(status int, name, description string) *reply {
	return jsonReply(status, struct {
		Error            string `json:"error"`
		Description      string `json:"description"`
		ErrorDescription string `json:"error_description"`
	}{name, description, description})
}

// badTokenRequest refuses a token request for its form.
func badTokenRequest(description string) *reply {
	return tokenRefusal(http.StatusBadRequest, "invalid_request", description)
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
