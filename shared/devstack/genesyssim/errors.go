package genesyssim

import (
	"fmt"
	"net/http"
)

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
