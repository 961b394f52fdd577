package genesys_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/retry"

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

	const rest = "sortOrder=ASC&state=active"
	expanding := usersQuery{Method: http.MethodGet, PageSize: 500, Expand: []string{"groups", "skills"}, State: "any", SortOrder: "DESC"}

	for name, test := range map[string]struct {
		base  string
		query usersQuery
		link  string
		want  string
	}{
		"the first page":                 {listingBase, query(), "", "/api/v2/users/query?pageSize=2&sortOrder=ASC&state=active"},
		"every option":                   {listingBase, expanding, "", "/api/v2/users/query?expand=groups%2Cskills&pageSize=500&sortOrder=DESC&state=any"},
		"a next link, as it stands":      {listingBase, query(), "/api/v2/users/query?pageSize=2&cursor=a%2Bb%3D%3D&x&" + rest, "/api/v2/users/query?pageSize=2&cursor=a%2Bb%3D%3D&x&" + rest},
		"a next link of another size":    {listingBase, query(), "/api/v2/users/query?pageSize=1&cursor=a&" + rest, "/api/v2/users/query?pageSize=1&cursor=a&" + rest},
		"an absolute next link":          {listingBase, query(), "http://API.acme.test:80/api/v2/users/query?cursor=a&pageSize=2&" + rest, "/api/v2/users/query?cursor=a&pageSize=2&" + rest},
		"the first page of a gateway":    {listingBase + "/gw/", query(), "", "/gw/api/v2/users/query?pageSize=2&sortOrder=ASC&state=active"},
		"a next link of a gateway":       {listingBase + "/gw", query(), "/api/v2/users/query?cursor=a&pageSize=2&" + rest, "/gw/api/v2/users/query?cursor=a&pageSize=2&" + rest},
		"a gateway's own absolute link":  {listingBase + "/a/b", query(), listingBase + "/a/b/api/v2/users/query?cursor=a&pageSize=2&" + rest, "/a/b/api/v2/users/query?cursor=a&pageSize=2&" + rest},
		"the tutorial's first page":      {listingBase, dialect(), "", "/api/v2/users/query"},
		"the tutorial's next page":       {listingBase + "/gw", dialect(), "/api/v2/users/query?cursor=a", "/gw/api/v2/users/query"},
		"a gateway with an escaped path": {listingBase + "/g%20w", query(), "/api/v2/users/query?cursor=a&pageSize=2&" + rest, "/g%20w/api/v2/users/query?cursor=a&pageSize=2&" + rest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, test.base, answer(http.StatusOK, twoUsers))
			if err := f.fetch(test.query, test.link); err != nil {
				t.Fatalf("fetch: %v", err)
			}

			if len(f.seen()) != 1 {
				t.Fatalf("%d requests, want 1", len(f.seen()))
			}

			got := f.seen()[0]
			if got.RequestURI != test.want || got.Method != test.query.Method {
				t.Errorf("got %s %s, want %s %s", got.Method, got.RequestURI, test.query.Method, test.want)
			}

			want := [4]string{"api.acme.test", "Bearer " + bearer(1), "application/json", "gzip"}
			if diff := cmp.Diff(want, [4]string{got.Host, got.Header.Get("Authorization"), got.Header.Get("Accept"), got.Header.Get("Accept-Encoding")}); diff != "" {
				t.Errorf("host and headers (-want +got):\n%s", diff)
			}

			wantPage := export.Page{Lines: []byte("{\"id\":\"1\"}\n{\"id\":\"2\"}\n"), Records: 2}
			if diff := cmp.Diff(wantPage, f.page); diff != "" {
				t.Errorf("page (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheTutorialsDialectAsksInTheBody(t *testing.T) {
	t.Parallel()

	const link = "/api/v2/users/query?cursor=a&pageSize=2"

	for name, test := range map[string]struct {
		change func(*usersQuery)
		link   string
		want   string
	}{
		"the first page":       {func(*usersQuery) {}, "", `{"pageSize":2}`},
		"the next page":        {func(*usersQuery) {}, link, `{"pageSize":2,"nextPageUri":"/api/v2/users/query?cursor=a\u0026pageSize=2"}`},
		"expands":              {func(q *usersQuery) { q.Expand = []string{"groups", "skills"} }, "", `{"pageSize":2,"expand":["groups","skills"]}`},
		"another state, order": {func(q *usersQuery) { q.State, q.SortOrder = "any", "DESC" }, "", `{"pageSize":2,"state":"any","sortOrder":"DESC"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusOK, twoUsers))
			q := dialect()
			test.change(&q)

			if err := f.fetch(q, test.link); err != nil {
				t.Fatalf("fetch: %v", err)
			}
			if diff := cmp.Diff([]string{test.want}, f.bodies); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			if got := f.seen()[0].Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("content type: got %q", got)
			}
		})
	}
}

func TestAGetHasNoBody(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, answer(http.StatusOK, twoUsers))
	if err := f.fetch(query(), ""); err != nil || f.bodies[0] != "" || f.seen()[0].Header.Get("Content-Type") != "" {
		t.Errorf("got error %v and sent body %q of type %q", err, f.bodies[0], f.seen()[0].Header.Get("Content-Type"))
	}
}

func TestARequestEndsAtItsAttemptsLimitOrWithItsContext(t *testing.T) {
	t.Parallel()

	drip := func(w http.ResponseWriter, r *http.Request) {
		for retry.Sleep(r.Context(), time.Second) == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
		}
	}
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	halfError := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}

	for name, handler := range map[string]http.HandlerFunc{"hangs before the headers": silent, "drips the body": drip, "hangs in an error's body": halfError} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := serveFake(t, listingBase, handler)

				begun := time.Now()
				requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true)
				if took := time.Since(begun); took != f.Attempt {
					t.Errorf("ended after %s, want %s", took, f.Attempt)
				}
			})
		})
	}

	for name, handler := range map[string]http.HandlerFunc{"hangs before the headers": silent, "drips the body": drip} {
		t.Run(name+" beyond the context", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
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
		})
	}
}

func TestAPageHoldsNothingOfThePageBefore(t *testing.T) {
	t.Parallel()

	replies := []string{
		`{"entities":[{"id":"1"},{"id":"2"}],"nextUri":"/api/v2/users/query?cursor=a"}`, `{"entities":[{"id":"3"}]}`, `{"entities":[]}`,
	}

	f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) { answer(http.StatusOK, replies[0])(w, r) })
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
		replies = append(replies[1:], strconv.Itoa(i))
	}
}
