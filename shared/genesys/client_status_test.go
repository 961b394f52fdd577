package genesys_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"genesys-cloud-export/shared/failure"
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
