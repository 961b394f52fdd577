package genesys

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// apiError is the body of an error reply: the API's {"message","code","limit",…}, or the token endpoint's
// {"error","description","error_description"}. It is nil where the body is no JSON object. Its texts come from outside:
// print them through [printable] only.
type apiError map[string]any

// text is a field that is a string, and "" where there is none.
func (e apiError) text(name string) string {
	text, _ := e[name].(string)
	return text
}

// inForm reports whether the body is an error in the API's own form, and not a gateway's or a proxy's.
func (e apiError) inForm() bool { return e.text("code") != "" || e.text("message") != "" }

// readError reads an error reply's body. One that breaks off is an error where the body decides what the reply means.
func readError(reply *http.Response) (apiError, error) {
	raw, err := io.ReadAll(io.LimitReader(reply.Body, errorBodyLimit))
	if err != nil && !countsByStatus(reply.StatusCode) {
		return nil, err
	}

	var body apiError
	if json.Unmarshal(raw, &body) != nil {
		return nil, nil //nolint:nilnil,nilerr // no JSON object is no error of the API, whatever the cause
	}

	return body, nil
}

// countsByStatus reports whether a reply means the same whatever its body.
func countsByStatus(status int) bool {
	return status >= http.StatusMultipleChoices && status < http.StatusBadRequest || status >= http.StatusInternalServerError ||
		status == http.StatusRequestTimeout || status == http.StatusRequestEntityTooLarge || status == http.StatusTooManyRequests
}

// learnedLimit is the rate limit, in requests a minute, in the body of a 429 whose key says that it is one a minute; else 0.
// The headers that the vendor withdrew in June 2021 teach nothing: one would slow the process for as long as it lives.
func learnedLimit(body apiError) int {
	limit := apiError{}
	if given, ok := body["limit"].(map[string]any); ok {
		limit = given
	}

	value, _ := limit["value"].(float64)
	if !strings.HasSuffix(limit.text("key"), ".per.minute") || value <= 0 {
		return 0
	}

	const most = 1 << 30 // no limit is lowered to it, and it is an int everywhere

	return int(min(max(value, 1), most))
}

// printable is a code or an id from outside, or "unknown" where it looks otherwise or repeats a secret that the request carried.
func printable(text string, secrets ...string) string {
	if len(text) <= 40 && charset.Only(text, charset.Alphanumeric+"._-") && !slices.ContainsFunc(secrets, func(secret string) bool { return repeats(text, secret) }) {
		return text
	}

	return "unknown"
}

// echo is how many characters of a secret in a row, or all where it has fewer, are a repetition and no chance.
const echo = 8

// repeats reports whether text holds a secret, or a good part of one, in capitals or not.
func repeats(text, secret string) bool {
	text, secret = strings.ToLower(text), strings.ToLower(secret)

	part := min(len(secret), echo)
	if part == 0 {
		return false
	}

	for from := range len(text) - part + 1 {
		if strings.Contains(secret, text[from:from+part]) {
			return true
		}
	}

	return false
}

// correlationID is what the vendor's support asks for; the second header is the newer one.
func correlationID(reply *http.Response, secrets ...string) string {
	for _, name := range []string{"Inin-Correlation-Id", "Genesys-Correlation-Id"} {
		if id := reply.Header.Get(name); id != "" {
			return printable(id, secrets...)
		}
	}

	return "none"
}

// farOff is how far a server's clock may be from ours. AWS refuses a clock that is 15 minutes off, so ours is not.
const farOff = 15 * time.Minute

// clockOf is what a date in a reply counts from: the reply's Date, so that a clock that is off here changes no wait. It is our
// clock where the Date is absent, wrong, or that of a reply which a cache has kept.
func clockOf(reply *http.Response) time.Time {
	now := time.Now()
	date, err := http.ParseTime(reply.Header.Get("Date"))
	age := reply.Header.Get("Age")

	if err != nil || date.Sub(now).Abs() > farOff || age != "" && age != "0" {
		return now
	}

	return date
}

// transient makes a retryable failure of a reply, with the wait that its Retry-After asks for.
func transient(reply *http.Response, throttled bool, failed *failure.Error) *retry.TransientError {
	after := retry.ParseAfter(reply.Header.Values("Retry-After"), clockOf(reply))

	return &retry.TransientError{Err: failed, Throttled: throttled, After: after}
}
