package genesys_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

// throttled is the token endpoint's 400 that counts as a 429.
const throttled = `{"error":"invalid_request","description":"rate limit exceeded; canary","error_description":"rate limit exceeded; canary"}`

// invocationTime is what an invocation of the rotator has; 8 s of it are reserved for storing the token.
const invocationTime = 30 * time.Second

// issue requests a token as an invocation of the rotator does, and returns how long that took.
func issue(t *testing.T, client *genesys.TokenClient) (took time.Duration, err error) {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), invocationTime)
	defer cancel()

	begun := time.Now()
	_, err = client.Issue(ctx, credentials())

	return time.Since(begun), err
}

// requireRepeated checks that the second request is the last, and how long after the first it came.
func (f *fakeAPI) requireRepeated(least, most time.Duration) {
	f.t.Helper()

	f.requireRequests(2)
	if waited := f.seen()[1].at.Sub(f.seen()[0].at); waited < least || waited > most {
		f.t.Errorf("the request was repeated after %s, want %s to %s", waited, least, most)
	}
}

func TestAThrottledTokenRequestIsRepeatedWhenItMay(t *testing.T) {
	t.Parallel()

	type row struct {
		answer      http.HandlerFunc
		least, most time.Duration
	}

	const backoff = 500 * time.Millisecond

	wait := func(after string) http.HandlerFunc { return answer(429, "canary", "Retry-After", after) }

	eachInBubble(t, map[string]row{
		"429 with Retry-After 7":                 {wait("7"), 7 * time.Second, 8 * time.Second},
		"429 without Retry-After":                {wait(""), 0, backoff},
		"400 rate limit exceeded":                {answer(400, throttled), 0, backoff},
		"400 in the description alone":           {answer(400, `{"error":"invalid_request","description":"Rate limit exceeded; canary"}`), 0, backoff},
		"400 rate limit exceeded, Retry-After 3": {answer(400, throttled, "Retry-After", "3"), 3 * time.Second, 4 * time.Second},
		"503 with Retry-After 7":                 {answer(503, "", "Retry-After", "7"), 7 * time.Second, 8 * time.Second},
		"500":                                    {answer(500, "canary"), 0, backoff},
		"408":                                    {answer(408, ""), 0, backoff},
		"Retry-After is a date":                  {wait("Sat, 01 Jan 2000 00:00:07 GMT"), 7 * time.Second, 8 * time.Second},
		"Retry-After is garbage":                 {wait("soon"), 0, backoff},
	}, func(t *testing.T, row row) {
		f, client := serveTokens(t, row.answer, granted())

		got, err := client.Issue(t.Context(), credentials())
		if err != nil {
			t.Fatal(err)
		}

		f.requireRepeated(row.least, row.most)
		if last := f.seen()[1].at; !got.SentAt.Equal(last) {
			t.Errorf("the life counts from %s, want %s, when the request was sent that was granted", got.SentAt, last)
		}
	})
}

// waiting are replies that come with a Retry-After.
type waiting struct {
	status int
	kind   failure.Kind
}

func waits() map[string]waiting {
	return map[string]waiting{"429": {429, failure.RateLimited}, "503": {503, failure.UpstreamUnavailable}}
}

// The scheduler invokes the rotator every minute, and what the endpoint asked of one invocation binds the next one too.
func TestARetryAfterBindsLaterInvocationsOfTheProcess(t *testing.T) {
	t.Parallel()
	eachInBubble(t, waits(), func(t *testing.T, row waiting) {
		f, client := serveTokens(t, answer(row.status, "canary", "Retry-After", "600"), granted())

		for range 10 {
			took, err := issue(t, client)
			requireKind(t, err, row.kind, strconv.Itoa(row.status), "does not fit")
			f.requireRequests(1)
			if took != 0 {
				t.Errorf("it was given up after %s, want at once", took)
			}
			time.Sleep(59 * time.Second) // after ten invocations 10 s are left, and those fit
		}

		if _, err := issue(t, client); err != nil {
			t.Fatal(err)
		}

		f.requireRepeated(600*time.Second, 601*time.Second)
	})
}

// A process may be frozen, or its invocation ended, in each of its waits.
func TestATokenRequestThatIsCutShortInAWaitIsNamed(t *testing.T) {
	t.Parallel()
	eachInBubble(t, waits(), func(t *testing.T, row waiting) {
		f, client := serveTokens(t, answer(row.status, "", "Retry-After", "15"))

		// The first invocation ends in the wait that the endpoint asked for, the second in what is left of it.
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), invocationTime)
			time.AfterFunc(3*time.Second, cancel)
			begun := time.Now()

			_, err := client.Issue(ctx, credentials())

			requireKind(t, err, row.kind, "does not fit")
			if took := time.Since(begun); errors.Is(err, context.Canceled) || took != 3*time.Second {
				t.Errorf("ended after %s with %v, want the endpoint's failure after 3 s", took, err)
			}
		}

		f.requireRequests(1)
	})
}

func TestATokenRequestWhoseTimeIsOverAtOnceIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, client := serveTokens(t, granted())

		for _, left := range []time.Duration{-time.Second, 0} {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			_, err := client.Issue(ctx, credentials())
			cancel()

			requireKind(t, err, failure.UpstreamUnavailable, "no complete reply in time")
		}

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := client.Issue(ctx, credentials())

		requireKind(t, err, failure.UpstreamUnavailable)
		f.requireRequests(0)
	})
}

func TestAFaultThatEndsIsRepeatedAndOneThatDoesNotStaysInsideTheBudget(t *testing.T) {
	t.Parallel()

	type row struct {
		fault       http.HandlerFunc
		kind        failure.Kind
		part        string
		least, most int // of the requests, where it does not end
	}

	const limits = "limits the rate"

	rows := map[string]row{
		"429, no word when": {answer(429, ""), failure.RateLimited, limits, 4, 40},
		"429, every 3 s":    {answer(429, "", "Retry-After", "3"), failure.RateLimited, limits, 4, 40},
		"400":               {answer(400, throttled), failure.RateLimited, limits, 4, 40},
	}
	for _, status := range []int{408, 500, 502, 503, 504} { // these spend the attempts
		rows[strconv.Itoa(status)] = row{answer(status, "canary"), failure.UpstreamUnavailable, strconv.Itoa(status), 4, 4}
	}
	for name, fault := range map[string]http.HandlerFunc{
		"hang before the headers":  hang,
		"a body that drips":        drip,
		"a body that stops":        stall(http.StatusOK, goodGrant[:20]),
		"an error that stops":      stall(http.StatusBadRequest, `{"error":`),
		"reset before the headers": raw("", false),
		"reset in the body":        raw(head(length(len(goodGrant)))+goodGrant[:20], false),
		"a switch of protocols":    raw("HTTP/1.1 101 Switching Protocols\r\n\r\n", false),
	} {
		rows[name] = row{fault, failure.UpstreamUnavailable, "api.acme.test", 2, 4}
	}

	eachInBubble(t, rows, func(t *testing.T, row row) {
		f, client := serveTokens(t, row.fault, granted())
		if _, err := issue(t, client); err != nil {
			t.Fatal(err)
		}
		f.requireRepeated(0, 8500*time.Millisecond) // the attempt's 8 s and a backoff at most

		f, client = serveTokens(t, row.fault)
		took, err := issue(t, client)

		requireKind(t, err, row.kind, row.part)
		if got := len(f.seen()); took > 22*time.Second || got < row.least || got > row.most {
			t.Errorf("%d requests in %s, want %d to %d, and the reserve untouched", got, took, row.least, row.most)
		}
	})
}
