package genesys

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// apiError is what this package reads of the API's error body, and of the token endpoint's.
type apiError struct {
	Code             string `json:"code"`
	Error            string `json:"error"`
	Description      string `json:"description"`
	ErrorDescription string `json:"error_description"`
	Limit            struct {
		Key   string `json:"key"`
		Value int    `json:"value"`
	} `json:"limit"`
}

// limitTold is the rate limit, in requests a minute, that a reply tells: in a 429's body, where its key says that it is one
// a minute, or in the header that the vendor withdrew in June 2021 and that gateways may still send. 0 is none.
func limitTold(reply *http.Response, body apiError) int {
	if reply.StatusCode == http.StatusTooManyRequests && strings.HasSuffix(body.Limit.Key, ".per.minute") && body.Limit.Value > 0 {
		return body.Limit.Value
	}

	if allowed, err := strconv.Atoi(reply.Header.Get("Inin-Ratelimit-Allowed")); err == nil && allowed > 0 {
		return allowed
	}

	return 0
}

// plain is what a code or a correlation id looks like: words, or a UUID. What does not is not repeated in a log: neither an
// ARN nor an access token does.
var plain = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

func printable(text string) string {
	if plain.MatchString(text) {
		return text
	}

	return "unknown"
}

// readError reads an error reply's body as far as it is one: a field that is not what it should be is left out. Its texts
// come from outside: print them through printable only. A body that breaks off is an error where it decides what the
// reply means, which is where the request itself is refused.
func readError(reply *http.Response) (apiError, error) {
	var body apiError

	raw, err := io.ReadAll(io.LimitReader(reply.Body, errorBodyLimit))

	switch reply.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		if err != nil {
			return apiError{}, err
		}
	}

	_ = json.Unmarshal(raw, &body)

	return body, nil
}

// correlationID is what the vendor's support asks for; the second header is the newer one.
func correlationID(reply *http.Response) string {
	for _, name := range []string{"Inin-Correlation-Id", "Genesys-Correlation-Id"} {
		if id := reply.Header.Get(name); id != "" {
			return printable(id)
		}
	}

	return "none"
}

// serverTime is the reply's own clock, and ours where it tells none.
func serverTime(reply *http.Response) time.Time {
	if date, err := http.ParseTime(reply.Header.Get("Date")); err == nil {
		return date
	}

	return time.Now()
}

// transient makes a retryable failure of a reply, with the wait that its Retry-After asks for.
func transient(reply *http.Response, throttled bool, failed *failure.Error) error {
	after, told := retry.ParseAfter(reply.Header.Values("Retry-After"), serverTime(reply))

	return &retry.TransientError{Err: failed, Throttled: throttled, Told: told, After: after}
}
