package genesys_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"

	"github.com/google/go-cmp/cmp"
)

func TestTheUsersListingIsTheVendors(t *testing.T) {
	t.Parallel()

	definition := genesys.Users(http.MethodGet)
	if definition.Path != usersPath || definition.Permission != "directory:user:view" {
		t.Errorf("users are at %q with permission %q", definition.Path, definition.Permission)
	}

	var listing export.Listing = genesys.NewListing(definition, genesys.Client{})
	if least, most := listing.PageSizes(); listing.Name() != "users" || least != 1 || most != 500 {
		t.Errorf("the listing %s has %d to %d on a page", listing.Name(), least, most)
	}

	if diff := cmp.Diff([]string{"expand", "state", "sort_order"}, listing.Options()); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

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

	eachInBubble(t, map[string]row{
		"hangs before the headers": {hang, "no complete reply in time"},
		"drips the body":           {drip, "no complete reply in time"},
		"hangs in an error's body": {stall(http.StatusServiceUnavailable, ""), "status 503"},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, row.handler)

		begun := time.Now()
		requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true, row.want)
		if took := time.Since(begun); took != f.Attempt {
			t.Errorf("ended after %s, want %s", took, f.Attempt)
		}
	})

	eachInBubble(t, map[string]http.HandlerFunc{
		"hangs before the headers beyond the context": hang, "drips the body beyond the context": drip,
	}, func(t *testing.T, handler http.HandlerFunc) {
		f := serveFake(t, listingBase, handler)
		errSpent := errors.New("the time is spent")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5500*time.Millisecond, errSpent)
		defer cancel()

		begun := time.Now()
		if err := f.Fetch(ctx, query(), "", &f.page); err != errSpent { //nolint:errorlint // the very cause is promised
			t.Errorf("got %v, want %v", err, errSpent)
		}
		if took := time.Since(begun); took != 5500*time.Millisecond {
			t.Errorf("ended after %s, want 5.5s", took)
		}
	})
}

func TestAPageHoldsNothingOfThePageBefore(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, answer(200, `{"entities":[{"id":"1"},{"id":"2"}],"nextUri":"/api/v2/users/query?cursor=a"}`),
		answer(200, `{"entities":[{"id":"3"}]}`), answer(200, `{"entities":[]}`))

	for i, want := range []export.Page{
		{Lines: []byte("{\"id\":\"1\"}\n{\"id\":\"2\"}\n"), Records: 2, Next: "/api/v2/users/query?cursor=a"},
		{Lines: []byte("{\"id\":\"3\"}\n"), Records: 1},
		{Lines: []byte{}},
	} {
		if err := f.fetch(query(), ""); err != nil {
			t.Fatalf("page %d: %v", i, err)
		}
		if diff := cmp.Diff(want, f.page); diff != "" {
			t.Errorf("page %d (-want +got):\n%s", i, diff)
		}
	}
}
