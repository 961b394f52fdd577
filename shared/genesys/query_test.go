package genesys_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"

	"github.com/google/go-cmp/cmp"
)

func users(method string) *genesys.Listing {
	return genesys.NewListing(genesys.Users(method), genesys.Client{})
}

// queues is a listing without options, read by page number.
func queues() genesys.Definition {
	return genesys.Definition{
		Name: "queues", Path: "/api/v2/routing/queues", Permission: "routing:queue:view", LeastPage: 1, MostPage: 500,
	}
}

// ask has a listing take the options of an event.
func ask(t testing.TB, listing export.Listing, event string) (export.Pages, error) {
	t.Helper()

	asked, err := export.ParseEvent([]byte(event))
	if err != nil {
		t.Fatal(err)
	}

	return listing.Ask(100, asked.Options)
}

func TestTheListingOfUsersIsTheVendorsAndItsQueryIsCanonical(t *testing.T) {
	t.Parallel()

	listing := users(http.MethodGet)
	least, most := listing.PageSizes()

	want := []any{"users", 1, 500, []string{"expand", "state", "sort_order"}}
	if diff := cmp.Diff(want, []any{listing.Name(), least, most, listing.Options()}); diff != "" {
		t.Errorf("name, page sizes and options (-want +got):\n%s", diff)
	}

	const rest = `,"state":"active","sort_order":"ASC"}`

	for event, want := range map[string]string{
		`{}`:                              `{"method":"GET","page_size":100,"expand":[]` + rest,
		`{"expand":[]}`:                   `{"method":"GET","page_size":100,"expand":[]` + rest,
		`{"expand":["skills", "groups"]}`: `{"method":"GET","page_size":100,"expand":["groups","skills"]` + rest,
		`{"expand":["groups","skills","groups"]}`: `{"method":"GET","page_size":100,"expand":["groups","skills"]` + rest,
		`{"expand":["routingStatus.status"]}`:     `{"method":"GET","page_size":100,"expand":["routingStatus.status"]` + rest,
		`{"sort_order":"ASC","state":"active"}`:   `{"method":"GET","page_size":100,"expand":[]` + rest,
		`{"sort_order":"DESC","state":"any"}`:     `{"method":"GET","page_size":100,"expand":[],"state":"any","sort_order":"DESC"}`,
		`{"state":"inactive"}`:                    `{"method":"GET","page_size":100,"expand":[],"state":"inactive","sort_order":"ASC"}`,
		`{"state":"del\u0065ted"}`:                `{"method":"GET","page_size":100,"expand":[],"state":"deleted","sort_order":"ASC"}`,
	} {
		pages, err := ask(t, users(http.MethodGet), event)
		if err != nil {
			t.Fatal(err)
		}

		opened, err := users(http.MethodPost).Open(pages.Query())
		if err != nil {
			t.Fatalf("what was asked cannot be opened: %v", err)
		}

		if diff := cmp.Diff(want, string(pages.Query().Canonical)); diff != "" {
			t.Errorf("the query of %s (-want +got):\n%s", event, diff)
		}
		if diff := cmp.Diff(pages.Query(), opened.Query()); diff != "" || opened.First() != pages.First() {
			t.Errorf("opened, it begins at %s, and the query is another (-asked +opened):\n%s", opened.First(), diff)
		}
	}

	pages, err := ask(t, users(http.MethodPost), `{}`)
	if err != nil || !strings.HasPrefix(string(pages.Query().Canonical), `{"method":"POST","page_size":100,`) || pages.First() != usersPath {
		t.Errorf("the tutorial's dialect has the query %s (%v) and begins at %s", pages.Query().Canonical, err, pages.First())
	}

	pages, err = ask(t, genesys.NewListing(queues(), genesys.Client{}), `{}`)
	if err != nil || string(pages.Query().Canonical) != `{"page_size":100}` || pages.First() != "/api/v2/routing/queues?pageSize=100" {
		t.Errorf("a listing without options has the query %s (%v) and begins at %s", pages.Query().Canonical, err, pages.First())
	}
}

func TestOptionsOfUsersThatAreRefusedByTheNameOfTheField(t *testing.T) {
	t.Parallel()

	megabyte := strings.Repeat("x", 1<<20)

	for field, values := range map[string][]string{
		"expand": {
			`"groups"`, `null`, `[null]`, `[1]`, `["groups,skills"]`, `["a&state=any"]`, `["` + megabyte + `"]`,
			`["a"` + strings.Repeat(`,"a"`, 50) + `]`, `["a"` + strings.Repeat(`,"a"`, 1<<18) + `]`,
		},
		"state":      {`"gone"`, `"ACTIVE"`, `"` + megabyte + `"`, `["any"]`, `null`},
		"sort_order": {`"asc"`, `true`},
	} {
		for _, value := range values {
			pages, err := ask(t, users(http.MethodGet), `{"`+field+`":`+value+`}`)
			text := requireFailure(t, err, failure.InvalidInput, false)

			if !strings.HasPrefix(text, field+" must be ") || len(text) > 300 || pages != nil {
				t.Errorf("%s: the failure is %.400q, want it to name %q, and to be short", cut(value), text, field)
			}
		}
	}
}

func TestAStoredQueryIsOpened(t *testing.T) {
	t.Parallel()

	type row struct{ stored, canonical, first string }

	each(t, map[string]row{
		"as earlier code wrote it": {
			`{"method":"GET","page_size":7,"expand":["skills","groups","groups"],"state":"any","sort_order":"DESC"}`,
			`{"method":"GET","page_size":7,"expand":["groups","skills"],"state":"any","sort_order":"DESC"}`,
			usersPath + "?expand=groups%2Cskills&pageSize=7&sortOrder=DESC&state=any",
		},
		"without an option that was added later": {
			`{"method":"GET","page_size":7,"expand":[],"state":"any"}`,
			`{"method":"GET","page_size":7,"expand":[],"state":"any","sort_order":"ASC"}`,
			usersPath + "?pageSize=7&sortOrder=ASC&state=any",
		},
		"with a page size out of today's bounds": {
			`{"method":"POST","page_size":900,"expand":[],"state":"active","sort_order":"ASC"}`,
			`{"method":"POST","page_size":900,"expand":[],"state":"active","sort_order":"ASC"}`,
			usersPath,
		},
	}, func(t *testing.T, row row) {
		opened, err := users(http.MethodGet).Open(storedQuery(t, row.stored))
		if err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff([]string{row.canonical, row.first}, []string{string(opened.Query().Canonical), opened.First()}); diff != "" {
			t.Errorf("query and first page (-want +got):\n%s", diff)
		}
	})
}

func storedQuery(t *testing.T, text string) export.Query {
	t.Helper()

	var stored export.Query
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		t.Fatal(err)
	}

	return stored
}

func TestAStoredQueryThatTheListingDoesNotKnowIsRefused(t *testing.T) {
	t.Parallel()

	const newer = "written by newer code: deploy the newer version"

	for want, queries := range map[string][]string{
		"restore the object's last good version": {`{"method":"GET","state":"active"}`, `{"page_size":-1}`, `null`},
		newer: {
			`{"page_size":7,"division":"x"}`, `{"page_size":7,"state":"paused"}`, `{"page_size":7,"state":null}`, `{"page_size":7,"expand":["a,b"]}`,
			`{"page_size":7,"expand":"groups"}`, `{"page_size":7,"sort_order":1}`, `{"page_size":7,"method":"PUT"}`,
		},
	} {
		for _, stored := range queries {
			pages, err := users(http.MethodGet).Open(storedQuery(t, stored))
			requireFailure(t, err, failure.CheckpointInvalid, false, want)
			if pages != nil {
				t.Errorf("%s was opened", stored)
			}
		}
	}

	// A listing whose query shows no method knows none.
	_, err := genesys.NewListing(queues(), genesys.Client{}).Open(storedQuery(t, `{"method":"GET","page_size":7}`))
	requireFailure(t, err, failure.CheckpointInvalid, false, newer)
}

func TestAdviceOnPagesThatAreTooLargeNamesOnlyWhatTheListingTakes(t *testing.T) {
	t.Parallel()

	type row struct {
		definition genesys.Definition
		size       int
		want       string
	}

	const (
		alone   = "one entity alone is too large, which a smaller page_size does not change: "
		fewer   = "ask for fewer expand in a new export, or make that entity smaller"
		tooLong = "it is longer than 12582912 bytes: "
	)
	users := genesys.Users(http.MethodGet)
	many := answer(200, pageOf(genesys.MaxPageBytes+1))

	each(t, map[string]row{
		"one queue":   {queues(), 1, alone + "make that entity smaller"},
		"many queues": {queues(), 100, "ask for a smaller page_size in a new export"},
		"one user":    {users, 1, alone + fewer},
		"many users":  {users, 2, "ask for a smaller page_size or fewer expand in a new export"},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, answer(413, ""), answer(400, errorBody(400, "response.entity.too.large")), many)
		pages, err := genesys.NewListing(row.definition, f.Client).Ask(row.size, nil)
		if err != nil {
			t.Fatal(err)
		}

		for range 2 {
			text := requireFailure(t, f.read(t.Context(), pages, "", &f.page), failure.InvalidInput, false)
			if !strings.HasSuffix(text, "): the page is too large: "+row.want) {
				t.Errorf("got %q, want %q at its end", text, row.want)
			}
		}

		requireFailure(t, f.read(t.Context(), pages, "", &f.page), failure.UpstreamInvalid, false, tooLong+row.want+" (correlation")
	})

	// That it is one entity is seen where many were asked for, too.
	f := serveFake(t, listingBase, answer(200, loneEntity(genesys.MaxPageBytes)))
	requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, false, tooLong+alone+fewer)
}
