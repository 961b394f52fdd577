package genesys_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// Where the first page is asked for there is no link, hence no cursor that could have expired.
const (
	firstPage = ""
	laterPage = "/api/v2/users/query?cursor=" + canary
)

func TestX05X10EveryAnswerHasItsFailure(t *testing.T) {
	t.Parallel()

	const (
		smaller  = "ask for a smaller page_size or fewer expand in a new export"
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
	for _, status := range []int{201, 202, 203, 204, 206, 300, 301, 302, 303, 304, 305, 307, 308, 402, 405, 406, 407, 409, 415, 418, 422, 451} {
		rows = append(rows, row{status, "", laterPage, failure.UpstreamInvalid, false, unstated})
	}

	for _, row := range rows {
		t.Run(fmt.Sprintf("%d %s, link %q", row.status, row.code, row.link), func(t *testing.T) {
			t.Parallel()

			body := errorBody(row.status, row.code)
			if row.status == http.StatusNoContent || row.status == http.StatusNotModified {
				body = ""
			}

			f := serveFake(t, listingBase, answer(row.status, body))
			text := requireFailure(t, f.fetch(query(), row.link), row.kind, row.passing)

			code := row.code
			if code == "" {
				code = "unknown"
			}
			start := fmt.Sprintf("api.acme.test answered with status %d (%s, correlation id %s): ", row.status, code, correlation)
			if !strings.HasPrefix(text, start) || !strings.Contains(text, row.advice) {
				t.Errorf("got %q, want it to begin with %q and to advise %q", text, start, row.advice)
			}
			if len(f.seen()) != 1 || len(f.bearers.rejected) != 0 {
				t.Errorf("%d requests and tokens %v rejected, want 1 and none", len(f.seen()), f.bearers.rejected)
			}

			logged := f.log.String()
			for _, want := range []string{`"level":"WARN"`, fmt.Sprintf(`"status":%d`, row.status), fmt.Sprintf(`"code":%q`, code), fmt.Sprintf(`"correlation_id":%q`, correlation)} {
				if !strings.Contains(logged, want) {
					t.Errorf("logged %q, want %s in it", logged, want)
				}
			}
		})
	}
}

func TestTheTutorialsDialectFailsByTheSameTable(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		link string
		kind failure.Kind
	}{{firstPage, failure.UpstreamInvalid}, {laterPage, failure.CursorExpired}} {
		f := serveFake(t, listingBase, answer(http.StatusNotFound, errorBody(404, "not.found")))
		requireFailure(t, f.fetch(dialect(), test.link), test.kind, false)
	}
}

func TestWhatAnErrorReplySaysOfItselfIsRepeatedOnlyWhereItIsPlain(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		headers [2]string // a name and a value
		body    string
		want    string
	}{
		"the usual":               {[2]string{"ININ-Correlation-Id", "a-1"}, `{"code":"not.found"}`, "(not.found, correlation id a-1)"},
		"the newer header":        {[2]string{"Genesys-Correlation-Id", "a-1"}, `{"code":"not.found"}`, "(not.found, correlation id a-1)"},
		"no header":               {[2]string{}, `{"code":"not.found"}`, "(not.found, correlation id none)"},
		"a header that is a text": {[2]string{"ININ-Correlation-Id", canary + " Jane Doe"}, `{"code":"x"}`, "(x, correlation id unknown)"},
		"a long header":           {[2]string{"ININ-Correlation-Id", canary + strings.Repeat("x", 80)}, `{"code":"x"}`, "(x, correlation id unknown)"},
		"a code that is a text":   {[2]string{}, `{"code":"canary of Jane"}`, "(unknown, "},
		"a code with a newline":   {[2]string{}, `{"code":"canary\nx"}`, "(unknown, "},
		"a code that is a number": {[2]string{}, `{"code":404}`, "(unknown, "},
		"no body":                 {[2]string{}, "", "(unknown, "},
		"HTML":                    {[2]string{}, "<html>" + canary + "</html>", "(unknown, "},
		"an array":                {[2]string{}, `["canary"]`, "(unknown, "},
		"a body without an end":   {[2]string{}, `{"code":"x","message":"` + strings.Repeat(canary, 20000) + `"}`, "(unknown, "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, func(w http.ResponseWriter, _ *http.Request) {
				if test.headers[0] != "" {
					w.Header().Set(test.headers[0], test.headers[1])
				}
				w.WriteHeader(http.StatusForbidden)
				_, _ = w.Write([]byte(test.body))
			})

			if text := requireFailure(t, f.fetch(query(), ""), failure.Forbidden, false); !strings.Contains(text, test.want) {
				t.Errorf("got %q, want %q in it", text, test.want)
			}
		})
	}
}

func TestRetryAfterIsHandedOnAsTheServerMeansIt(t *testing.T) {
	t.Parallel()

	// In a bubble the time is 2000-01-01T00:00:00Z, and the server's clock is ours where it sends no other.
	const fast = "Sat, 01 Jan 2000 00:10:00 GMT"

	for name, test := range map[string]struct {
		status  int
		header  string
		date    string // the server's own clock
		limited bool
		told    bool
		after   time.Duration
	}{
		"seconds":                       {429, "22", "", true, true, 22 * time.Second},
		"a day":                         {429, "86400", "", true, true, 24 * time.Hour},
		"none":                          {429, "", "", true, false, 0},
		"garbage":                       {429, "soon", "", true, false, 0},
		"zero":                          {429, "0", "", true, true, 0},
		"a date":                        {429, "Sat, 01 Jan 2000 00:00:10 GMT", "", true, true, 10 * time.Second},
		"a date in the past":            {429, "Fri, 31 Dec 1999 23:59:00 GMT", "", true, true, 0},
		"a date of a server that is on": {429, "Sat, 01 Jan 2000 00:10:10 GMT", fast, true, true, 10 * time.Second},
		"seconds of one that is on":     {429, "5", fast, true, true, 5 * time.Second},
		"a date without a clock":        {429, "Sat, 01 Jan 2000 00:00:10 GMT", "none", true, true, 10 * time.Second},
		"a date by a wrong clock":       {429, "Sat, 01 Jan 2000 00:00:10 GMT", "yesterday", true, true, 10 * time.Second},
		"a 503 that tells":              {503, "7", "", false, true, 7 * time.Second},
		"a 500 that does not":           {500, "", "", false, false, 0},
		"a 408 that tells":              {408, "1", "", false, true, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) {
					if test.header != "" {
						w.Header().Set("Retry-After", test.header)
					}
					switch test.date {
					case "":
					case "none":
						w.Header()["Date"] = nil
					default:
						w.Header().Set("Date", test.date)
					}
					answer(test.status, errorBody(test.status, ""))(w, r)
				})

				err := f.fetch(query(), "")
				failed, ok := errors.AsType[*retry.TransientError](err)
				if !ok {
					t.Fatalf("got %v, want a transient error", err)
				}
				if failed.Throttled != test.limited || failed.Told != test.told || failed.After != test.after {
					t.Errorf("got limited %v, told %v, after %s, want %v, %v, %s",
						failed.Throttled, failed.Told, failed.After, test.limited, test.told, test.after)
				}
			})
		})
	}
}
