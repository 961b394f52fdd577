package genesys_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

func TestThePageIsAskedForAsTheVendorsClientsDo(t *testing.T) {
	t.Parallel()

	const (
		rest = "sortOrder=ASC&state=active"
		next = usersPath + "?cursor=a&pageSize=2&" + rest
		link = usersPath + "?cursor=a%2Bb&pageSize=2"
	)

	type row struct {
		base  string
		query usersQuery
		link  string
		want  string
		body  string
	}

	expanding, changed := dialect(), dialect()
	expanding.Expand = []string{"groups", "skills"}
	changed.State, changed.SortOrder = "any", "DESC"

	each(t, map[string]row{
		"the first page":                 {listingBase, query(), "", usersPath + "?pageSize=2&" + rest, ""},
		"every option":                   {listingBase, asked(), "", usersPath + "?expand=groups%2Cskills&pageSize=7&sortOrder=DESC&state=any", ""},
		"a next link, as it stands":      {listingBase, query(), usersPath + "?pageSize=2&cursor=a%2Bb%3D%3D&x&" + rest, usersPath + "?pageSize=2&cursor=a%2Bb%3D%3D&x&" + rest, ""},
		"a next link of another size":    {listingBase, query(), usersPath + "?pageSize=1&cursor=a&" + rest, usersPath + "?pageSize=1&cursor=a&" + rest, ""},
		"an absolute next link":          {listingBase, query(), "http://API.acme.test:80" + next, next, ""},
		"the first page of a gateway":    {listingBase + "/gw/", query(), "", "/gw" + usersPath + "?pageSize=2&" + rest, ""},
		"a next link of a gateway":       {listingBase + "/gw", query(), next, "/gw" + next, ""},
		"a gateway's absolute link":      {listingBase + "/a/b", query(), listingBase + "/a/b" + next, "/a/b" + next, ""},
		"a gateway with an escaped path": {listingBase + "/g%20w", query(), next, "/g%20w" + next, ""},
		"the tutorial's first page":      {listingBase, dialect(), "", usersPath, `{"pageSize":2}`},
		"the tutorial's next page":       {listingBase + "/gw", dialect(), link, "/gw" + usersPath, `{"pageSize":2,"nextPageUri":"/api/v2/users/query?cursor=a%2Bb\u0026pageSize=2"}`},
		"the tutorial's expands":         {listingBase, expanding, "", usersPath, `{"pageSize":2,"expand":["groups","skills"]}`},
		"the tutorial's other options":   {listingBase, changed, "", usersPath, `{"pageSize":2,"state":"any","sortOrder":"DESC"}`},
	}, func(t *testing.T, row row) {
		f := serveFake(t, row.base, answer(http.StatusOK, twoUsers))
		f.page = export.Page{Lines: []byte("old\n"), Records: 7, Next: "/old", Replaced: 7, ReplacedIn: 7} // nothing of it stays
		if err := f.fetch(row.query, row.link); err != nil || len(f.seen()) != 1 {
			t.Fatalf("got error %v after %d requests, want none after 1", err, len(f.seen()))
		}

		got, contentType := f.seen()[0], ""
		if row.body != "" {
			contentType = "application/json"
		}

		wantSent := []string{row.query.Method, row.want, row.body, contentType, "api.acme.test", "Bearer " + bearer(1), "application/json", "gzip"}
		if diff := cmp.Diff(wantSent, []string{
			got.Method, got.RequestURI, got.body, got.Header.Get("Content-Type"), got.Host,
			got.Header.Get("Authorization"), got.Header.Get("Accept"), got.Header.Get("Accept-Encoding"),
		}); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}

		wantPage := export.Page{Lines: []byte("{\"id\":\"1\"}\n{\"id\":\"2\"}\n"), Records: 2}
		if diff := cmp.Diff(wantPage, f.page); diff != "" {
			t.Errorf("page (-want +got):\n%s", diff)
		}
	})
}

func TestARequestEndsAtItsAttemptsLimitOrWithItsContext(t *testing.T) {
	t.Parallel()

	type row struct {
		handler http.HandlerFunc
		want    string
	}

	const late = "no complete reply in time"

	eachInBubble(t, map[string]row{
		"hangs before the headers": {hang, late},
		"drips the body":           {drip, late},
		"hangs in an error's body": {stall(http.StatusServiceUnavailable, ""), "status 503"},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, row.handler)

		begun := time.Now()
		requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true, row.want)
		if took := time.Since(begun); took != f.Attempt {
			t.Errorf("ended after %s, want %s", took, f.Attempt)
		}

		errSpent := errors.New("the time is spent")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5500*time.Millisecond, errSpent)
		defer cancel()

		begun = time.Now()
		if err := f.Fetch(ctx, query(), "", &f.page); row.want == late && err != errSpent { //nolint:errorlint // the very cause is promised
			t.Errorf("got %v, want %v", err, errSpent)
		}
		if took := time.Since(begun); took != 5500*time.Millisecond {
			t.Errorf("ended after %s, want 5.5s", took)
		}
	})
}

func TestARejectedTokenIsReplacedForTheNextAttempt(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, answer(http.StatusUnauthorized, errorBody(401, "bad.credentials")), answer(http.StatusOK, twoUsers))

	// The first two requests are the same but for the token, and the fresh token serves the next page too.
	requireFailure(t, f.fetch(query(), "/api/v2/users/query?cursor=a"), failure.TokenUnavailable, true, correlation)
	f.requirePage(query(), "/api/v2/users/query?cursor=a", 2)
	f.requirePage(query(), "/api/v2/users/query?cursor=b", 2)

	if diff := cmp.Diff([]int64{1}, f.bearers.rejected); diff != "" {
		t.Errorf("rejected versions (-want +got):\n%s", diff)
	}

	var sent []string
	for _, request := range f.seen() {
		sent = append(sent, request.URL.Query().Get("cursor")+" "+request.Header.Get("Authorization"))
	}
	if diff := cmp.Diff([]string{"a Bearer " + bearer(1), "a Bearer " + bearer(2), "b Bearer " + bearer(2)}, sent); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestOnlyASecondRejectionInARowIsFinal(t *testing.T) {
	t.Parallel()

	rejection := answer(http.StatusUnauthorized, errorBody(401, "something.new"))

	type row struct {
		between  http.HandlerFunc
		rejected []int64 // the versions of the tokens
	}

	each(t, map[string]row{
		"another rejection":   {rejection, []int64{1, 2, 3}},
		"a page":              {answer(http.StatusOK, twoUsers), []int64{1, 2}},
		"a server's failure":  {answer(http.StatusServiceUnavailable, ""), []int64{1, 2}},
		"a rate limit":        {answer(http.StatusTooManyRequests, ""), []int64{1, 2}},
		"a broken connection": {raw(head(length(len(twoUsers))), false), []int64{1, 2}},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, rejection, row.between, rejection)

		requireFailure(t, f.fetch(query(), ""), failure.TokenUnavailable, true, correlation)

		if err := f.fetch(query(), ""); len(row.rejected) == 3 {
			requireFailure(t, err, failure.TokenUnavailable, false, correlation)
		}

		// After a final one, too: it may be another invocation of a warm process.
		requireFailure(t, f.fetch(query(), ""), failure.TokenUnavailable, true, correlation)
		f.requireRequests(3)

		if diff := cmp.Diff(row.rejected, f.bearers.rejected); diff != "" {
			t.Errorf("rejected versions (-want +got):\n%s", diff)
		}
	})
}

func TestTheReasonForNoTokenIsReported(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, answer(http.StatusOK, twoUsers))
	f.bearers.err = errors.New("no token could be had")

	if err := f.fetch(query(), ""); !errors.Is(err, f.bearers.err) {
		t.Errorf("got %v, want %v", err, f.bearers.err)
	}
	f.requireRequests(0)
}
