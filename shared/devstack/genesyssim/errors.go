package genesyssim

import (
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// apiError is a refusal in the API's words, and the body that says so.
type apiError struct {
	Message   string     `json:"message"`
	Code      string     `json:"code"`
	Status    int        `json:"status"`
	ContextID string     `json:"contextId"` // that of the exchange
	Details   []struct{} `json:"details"`
	Errors    []struct{} `json:"errors"`
	Limit     *limitBody `json:"limit,omitempty"`

	header http.Header // what goes with it
}

type limitBody struct {
	Key       string `json:"key"`
	Namespace string `json:"namespace"`
	Value     int    `json:"value"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

func errNotFound(path string) *apiError {
	return &apiError{Status: http.StatusNotFound, Code: "not.found", Message: "Nothing is served at " + path}
}

func errMethod(method, allow string) *apiError {
	return &apiError{
		Status: http.StatusMethodNotAllowed, Code: "method.not.allowed", Message: "The method " + method + " is not allowed here",
		header: http.Header{"Allow": {allow}},
	}
}

func errBadRequest(message string) *apiError {
	return &apiError{Status: http.StatusBadRequest, Code: "bad.request", Message: message}
}

func errInvalidValue(parameter, want string) *apiError {
	message := "The value of " + parameter + " is not valid: " + want

	return &apiError{Status: http.StatusBadRequest, Code: "invalid.value", Message: message}
}

// errThrottled is a 429 as the platform words it. A limit of 0 is left out.
func errThrottled(seconds, limit int) *apiError {
	refusal := &apiError{
		Status: http.StatusTooManyRequests, Code: "too.many.requests.retry.after",
		Message: fmt.Sprintf("Rate limit exceeded the maximum. Retry the request in [%d] seconds", seconds),
	}
	if limit > 0 {
		refusal.Limit = &limitBody{Key: "user.rate.per.minute", Namespace: "directory", Value: limit}
	}

	return refusal
}

// refuse answers with the API's error body.
func (x *exchange) refuse(refusal *apiError) *reply {
	refusal.ContextID = x.correlationID
	answer := jsonReply(refusal.Status, refusal)
	for name, values := range refusal.header {
		answer.header[name] = values
	}

	return answer
}

// tokenRefusal answers with the token endpoint's error body.
func tokenRefusal(status int, code, description string) *reply {
	return jsonReply(status, struct {
		Error            string `json:"error"`
		Description      string `json:"description"`
		ErrorDescription string `json:"error_description"`
	}{code, description, description})
}

// badTokenRequest refuses a token request for its form.
func badTokenRequest(description string) *reply {
	return tokenRefusal(http.StatusBadRequest, "invalid_request", description)
}

// jsonReply renders value as the body.
func jsonReply(status int, value any) *reply {
	return newReply(status, "application/json", marshal(value))
}

// marshal renders a value of this package's own, which cannot fail: paths that are no UTF-8 may be in it.
func marshal(value any) []byte {
	body, err := json.Marshal(value, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err != nil {
		panic(fmt.Sprintf("genesyssim: marshal a reply: %v", err))
	}

	return body
}
