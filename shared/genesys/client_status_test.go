package genesys_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// Where the first page is asked for there is no link, hence no cursor that could have expired.
const (
	firstPage = ""
	laterPage = "/api/v2/users/query?cursor=" + canary
	// A page number cannot expire either.
	laterPageByNumber = "/api/v2/users/query?pageNumber=2"
)

// The tutorial's dialect fails by the same table.
func TestEveryAnswerHasItsFailure(t *testing.T) {
	t.Parallel()

	const (
		smaller  = "ask for a smaller page_size or fewer expand in a new export"
		noAnswer = "this is no answer of its API: check GENESYS_API_URL, and what stands between, a gateway or a proxy"
		unstated = "the API does not promise this"
		onItself = "it fails on its side: invoke again later"
		expired  = "it no longer takes the next link, so this export cannot go on: begin a new one"
	)

	type row struct {
		status  int
		code    string
		link    string
		kind    failure.Kind
		passing bool
		advice  string
	}

	rows := []row{
		{413, "", firstPage, failure.InvalidInput, false, smaller},
		{413, "response.entity.too.large", laterPage, failure.InvalidInput, false, smaller},
		{400, "response.entity.too.large", firstPage, failure.InvalidInput, false, smaller},
		{400, "response.entity.too.large", laterPage, failure.InvalidInput, false, smaller},
		{400, "bad.request", laterPage, failure.CursorExpired, false, expired},
		{400, "", laterPage, failure.CursorExpired, false, expired},
		{404, "not.found", laterPage, failure.CursorExpired, false, expired},
		{410, "", laterPage, failure.CursorExpired, false, expired},
		{400, "bad.request", laterPageByNumber, failure.UpstreamInvalid, false, unstated},
		{404, "", laterPageByNumber, failure.UpstreamInvalid, false, unstated},
		{400, "bad.request", firstPage, failure.UpstreamInvalid, false, unstated},
		{404, "not.found", firstPage, failure.UpstreamInvalid, false, unstated},
		{410, "", firstPage, failure.UpstreamInvalid, false, unstated},
		{401, "ip.not.authorized", firstPage, failure.Forbidden, false, "add the function's address to the organisation's IP allow list"},
		{403, "missing.permissions", firstPage, failure.Forbidden, false, "give the OAuth client's role the permission directory:user:view in all divisions"},
		{403, "not.authorized", laterPage, failure.Forbidden, false, "directory:user:view"},
		{429, "too.many.requests.retry.after", laterPage, failure.RateLimited, true, "a rate limit is reached: invoke again later"},
	}
	for _, status := range []int{408, 500, 501, 502, 503, 504, 520, 599} {
		rows = append(rows, row{status, "", laterPage, failure.UpstreamUnavailable, true, onItself})
	}
	for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308, 402, 405, 406, 407, 409, 415, 418, 422, 451} {
		rows = append(rows, row{status, "", laterPage, failure.UpstreamInvalid, false, unstated})
	}
	// No 2xx but 200 is promised, whatever it says.
	for _, status := range []int{201, 202, 203, 204, 206} {
		rows = append(rows, row{status, "", laterPage, failure.UpstreamInvalid, true, noAnswer})
	}

	for _, row := range rows {
		t.Run(fmt.Sprintf("%d %s, link %q", row.status, row.code, row.link), func(t *testing.T) {
			t.Parallel()

			body := errorBody(row.status, row.code)
			if row.status == http.StatusNoContent || row.status == http.StatusNotModified {
				body = ""
			}

			// The Location is not followed.
			f := serveFake(t, listingBase, answer(row.status, body, "Location", usersPath+"?cursor=canary"))
			requireFailure(t, f.fetch(dialect(), row.link), row.kind, row.passing, row.advice)
			text := requireFailure(t, f.fetch(query(), row.link), row.kind, row.passing, row.advice)

			code := cmp.Or(row.code, "unknown")
			start := fmt.Sprintf("api.acme.test answered with status %d (%s, correlation id %s): ", row.status, code, correlation)
			if !strings.HasPrefix(text, start) {
				t.Errorf("got %q, want it to begin with %q", text, start)
			}
			if len(f.seen()) != 2 || len(f.bearers.rejected) != 0 {
				t.Errorf("%d requests and tokens %v rejected, want 2 and none", len(f.seen()), f.bearers.rejected)
			}

			want := fmt.Sprintf(`"level":"WARN","msg":"the API refused a page","status":%d,"code":%q,"correlation_id":%q}`, row.status, code, correlation)
			if logged := f.log.String(); !strings.Contains(logged, want) {
				t.Errorf("logged %q, want %s in it", logged, want)
			}
		})
	}
}

// notInForm are bodies that are no error of the API: a gateway's, a proxy's, damage.
func notInForm() map[string]string {
	return map[string]string{
		"nothing":               "",
		"HTML":                  "<html>canary missing.permissions</html>",
		"an empty object":       "{}",
		"null":                  "null",
		"an array":              `[{"code":"missing.permissions","message":"canary"}]`,
		"a text":                `"missing.permissions"`,
		"a byte order mark":     "\ufeff" + errorBody(403, "missing.permissions"),
		"cut off":               errorBody(403, "missing.permissions")[:40],
		"empty texts":           `{"code":"","message":""}`,
		"fields of other types": `{"code":404,"message":null}`,
		"fields of other names": `{"Code":"missing.permissions","Message":"canary","error":"canary"}`,
		"a page":                twoUsers,
		"longer than an error":  `{"code":"missing.permissions","message":"` + strings.Repeat(canary, 20000) + `"}`,
	}
}

func TestAReplyThatIsNotInTheAPIsFormIsTriedAgainUnlessItsStatusSaysEnough(t *testing.T) {
	t.Parallel()

	type meaning struct {
		kind    failure.Kind
		passing bool
		advice  string
	}

	noAnswer := meaning{failure.UpstreamInvalid, true, "this is no answer of its API"}
	itself := meaning{failure.UpstreamUnavailable, true, "it fails on its side"}
	meanings := map[int]meaning{
		401: {failure.TokenUnavailable, true, "it rejected the access token"},
		413: {failure.InvalidInput, false, "the page is too large"},
		429: {failure.RateLimited, true, "a rate limit is reached"},
		302: {failure.UpstreamInvalid, false, "the API does not promise this"},
		408: itself, 500: itself, 503: itself,
	}
	for _, status := range []int{400, 403, 404, 410, 405, 409, 422, 202, 204} {
		meanings[status] = noAnswer
	}

	each(t, notInForm(), func(t *testing.T, body string) {
		for status, want := range meanings {
			sent := body
			if status == http.StatusNoContent {
				sent = ""
			}

			f := serveFake(t, listingBase, answer(status, sent))
			text := requireFailure(t, f.fetch(query(), laterPage), want.kind, want.passing)

			start := fmt.Sprintf("api.acme.test answered with status %d (unknown, correlation id %s): %s", status, correlation, want.advice)
			if !strings.HasPrefix(text, start) {
				t.Errorf("got %q, want it to begin with %q", text, start)
			}
		}
	})
}

func TestRetryAfterIsHandedOnAsTheServerMeansIt(t *testing.T) {
	t.Parallel()

	const now, fast = "Sat, 01 Jan 2000 00:00:00 GMT", "Sat, 01 Jan 2000 00:10:00 GMT"

	type row struct {
		status    int
		header    string
		date, age string // the server's own clock, and the time that a cache has kept the reply
		throttled bool
		after     time.Duration
	}

	const (
		inTen  = "Sat, 01 Jan 2000 00:00:10 GMT"
		minute = "Fri, 31 Dec 1999 23:59:00 GMT" // ago
	)

	eachInBubble(t, map[string]row{
		"seconds":                       {429, "22", now, "", true, 22 * time.Second},
		"the longest of several":        {429, "2|45.7|7", now, "", true, 46 * time.Second},
		"none":                          {429, "", now, "", true, 0},
		"garbage":                       {429, "soon", now, "", true, 0},
		"a date":                        {429, inTen, now, "", true, 10 * time.Second},
		"a date of a server that is on": {429, "Sat, 01 Jan 2000 00:10:10 GMT", fast, "", true, 10 * time.Second},
		"a date without a clock":        {429, inTen, "", "", true, 10 * time.Second},
		"a date by a wrong clock":       {429, inTen, "yesterday", "", true, 10 * time.Second},
		"a date by a clock of 1970":     {429, inTen, "Thu, 01 Jan 1970 00:00:00 GMT", "", true, 10 * time.Second},
		"a date by a clock of 2099":     {429, inTen, "Thu, 01 Jan 2099 00:00:00 GMT", "", true, 10 * time.Second},
		"a date by one two hours late":  {429, inTen, "Fri, 31 Dec 1999 22:00:00 GMT", "", true, 10 * time.Second},
		"a date kept for a minute":      {429, inTen, minute, "60", true, 10 * time.Second},
		"a date kept for two hours":     {429, inTen, minute, "7200", true, 10 * time.Second},
		"a date of an age that is none": {429, inTen, minute, "soon", true, 10 * time.Second},
		"a date that was not kept":      {429, inTen, minute, "0", true, 70 * time.Second},
		"a date without a cache":        {429, inTen, minute, "", true, 70 * time.Second},
		"a 202 with a wait":             {202, "7", now, "", false, 7 * time.Second},
		"a 503 with a wait":             {503, "7", now, "", false, 7 * time.Second},
		"a 500 without one":             {500, "", now, "", false, 0},
		"a 408 with a wait":             {408, "1", now, "", false, time.Second},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Retry-After"] = strings.Split(row.header, "|")
			answer(row.status, errorBody(row.status, ""), "Date", row.date, "Age", row.age)(w, r)
		})

		failed, ok := errors.AsType[*retry.TransientError](f.fetch(query(), ""))
		if !ok {
			t.Fatal("got no transient error")
		}

		want := retry.TransientError{Err: failed.Err, Throttled: row.throttled, After: row.after}
		if *failed != want {
			t.Errorf("got %+v, want %+v", *failed, want)
		}
	})
}

func TestOnlyA429TeachesARateLimit(t *testing.T) {
	t.Parallel()

	limit := func(key, value string) string {
		return `{"code":"too.many.requests.retry.after","limit":{"key":"` + key + `","namespace":"directory","value":` + value + `}}`
	}
	const perMinute = "user.rate.per.minute"

	type row struct {
		status int
		body   string
		want   int
	}

	each(t, map[string]row{
		"a 429":                            {429, limit(perMinute, "180"), 180},
		"a 429 of a fraction":              {429, limit(perMinute, "10.9"), 10},
		"a 429 of more than any":           {429, limit(perMinute, "1e300"), 1 << 30},
		"a 429 of none":                    {429, limit(perMinute, "0"), 0},
		"a 429 below none":                 {429, limit(perMinute, "-180"), 0},
		"a 429 of a text":                  {429, limit(perMinute, `"180"`), 0},
		"a limit of a day":                 {429, limit("user.rate.per.day", "180"), 0},
		"a 429 without a limit":            {429, errorBody(429, ""), 0},
		"a limit that is no object":        {429, `{"code":"x","limit":180}`, 0},
		"a 503 with a limit":               {503, limit(perMinute, "180"), 0},
		"a page":                           {200, twoUsers, 0},
		"a 429 that only headers speak of": {429, "", 0},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, answer(row.status, row.body, "Inin-Ratelimit-Allowed", "1"))

		got, err := 0, f.fetch(query(), "")
		if met, ok := errors.AsType[*retry.TransientError](err); ok {
			got = met.Limit
		}

		if got != row.want {
			t.Errorf("learned %d, want %d", got, row.want)
		}
	})
}
