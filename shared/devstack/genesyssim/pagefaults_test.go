package genesyssim_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// entitiesText is the raw text of a page's member entities.
func entitiesText(t *testing.T, body []byte) string {
	t.Helper()
	rest, begins := bytes.CutPrefix(body, []byte(`{"entities":`))
	text, _, ends := bytes.Cut(rest, []byte(`,"nextUri":`))
	if !begins || !ends {
		t.Fatalf("not a page: %.200s", body)
	}

	return string(text)
}

// injected wants a page of ten users with raw text behind them, and results to count it.
func injected(want string) faultCheck {
	return func(t *testing.T, s *sim, token string) {
		t.Helper()
		got := s.must(t, http.MethodGet, usersQuery, token, "")
		text := entitiesText(t, got.body)
		if !strings.HasSuffix(text, "},"+want+"]") {
			t.Errorf("entities end in %q, want %q", text[max(0, len(text)-100):], want[max(0, len(want)-100):])
		}
		if !strings.Contains(string(got.body), `"results":11`) {
			t.Error("results does not count the entity that was added")
		}
	}
}

func entityChecks() map[string]faultCheck {
	form := func(want string) faultCheck {
		return func(t *testing.T, s *sim, token string) {
			got := s.must(t, http.MethodGet, usersQuery, token, "")
			if diff := cmp.Diff(want, entitiesText(t, got.body)); diff != "" {
				t.Errorf("entities (-want +got):\n%s", diff)
			}
		}
	}
	const head, tail = `{"id":"injected","title":"`, `"}`

	return map[string]faultCheck{
		"null_entities":   form("null"),
		"entities_object": form("{}"),
		"entity":          injected(`{"id":"a","id":"b"}`),
		"entity_base64":   injected("{\"id\":\"\xff\n\"}"),
		"entity_bytes":    injected(head + strings.Repeat("x", 10<<20-len(head)-len(tail)) + tail),
		"entity_depth":    injected(strings.Repeat(`{"manager":`, 10_000) + "null" + strings.Repeat("}", 10_000)),
		"repeat_page": func(t *testing.T, s *sim, token string) {
			one := s.must(t, http.MethodGet, usersQuery, token, "")
			two := s.must(t, http.MethodGet, field[string](t, one.body, "nextUri"), token, "")
			if diff := cmp.Diff(string(one.body), string(two.body)); diff != "" {
				t.Errorf("the second page is not the first again:\n%s", diff)
			}
		},
		"empty_page": func(t *testing.T, s *sim, token string) {
			var all []string
			var sizes []int
			links := map[string]bool{}
			for next := "/api/v2/users/query?pageSize=30"; next != ""; {
				got := s.must(t, http.MethodGet, next, token, "")
				page := entities(t, got.body)
				sizes = append(sizes, len(page))
				all = append(all, lines(page))
				next = field[string](t, got.body, "nextUri")
				if links[next] {
					t.Fatalf("the link %s comes twice", next)
				}
				links[next] = true
			}
			if diff := cmp.Diff([]int{30, 0, 0, 0, 30, 25}, sizes); diff != "" {
				t.Errorf("sizes of the pages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(written(t, s.Simulator, genesyssim.Query{}), strings.Join(all, "")); diff != "" {
				t.Errorf("users (-want +got):\n%s", diff)
			}
		},
	}
}

// pageLinks is what a page says about its next one.
type pageLinks struct{ NextURI, NextPageURI, Cursor string }

func linksOf(t *testing.T, body []byte) pageLinks {
	t.Helper()

	return pageLinks{
		field[string](t, body, "nextUri"), field[string](t, body, "nextPageUri"), field[string](t, body, "cursor"),
	}
}

func linkChecks() map[string]faultCheck {
	const first = "/api/v2/users/query?pageSize=10"
	// compare reads the page with the fault, then without, and lets want make the links out of the usual ones.
	compare := func(want func(usual pageLinks) pageLinks) faultCheck {
		return func(t *testing.T, s *sim, token string) {
			bent := s.must(t, http.MethodGet, first, token, "")
			usual := s.must(t, http.MethodGet, first, token, "")
			if diff := cmp.Diff(want(linksOf(t, usual.body)), linksOf(t, bent.body)); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
			if len(entities(t, bent.body)) != 10 {
				t.Error("the page is not full")
			}
		}
	}

	return map[string]faultCheck{
		"drop_next":          compare(func(pageLinks) pageLinks { return pageLinks{} }),
		"next_page_uri_only": compare(func(l pageLinks) pageLinks { return pageLinks{NextPageURI: l.NextURI} }),
		"cursor_only":        compare(func(l pageLinks) pageLinks { return pageLinks{Cursor: l.Cursor} }),
		"next_uri_host": compare(func(l pageLinks) pageLinks {
			return pageLinks{NextURI: "https://api.mypurecloud.example" + l.NextURI, Cursor: l.Cursor}
		}),
		"next_uri_self": func(t *testing.T, s *sim, token string) {
			link := linksOf(t, s.must(t, http.MethodGet, first, token, "").body)
			again := linksOf(t, s.must(t, http.MethodGet, link.NextURI, token, "").body)
			if diff := cmp.Diff(link, again); diff != "" {
				t.Errorf("the second page does not lead to itself (-want +got):\n%s", diff)
			}
		},
		"links_disagree": func(t *testing.T, s *sim, token string) {
			got := linksOf(t, s.must(t, http.MethodGet, first, token, "").body)
			cursors := map[string]bool{got.Cursor: true}
			for _, link := range []string{got.NextURI, got.NextPageURI} {
				parsed, err := url.Parse(link)
				if err != nil {
					t.Fatal(err)
				}
				cursors[parsed.Query().Get("cursor")] = true
			}
			if cursors[""] || len(cursors) != 3 {
				t.Errorf("links are %+v, want three that differ", got)
			}
		},
	}
}

func TestFaultsOfTheOtherListings(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 100})
	token := s.token(t)
	override := "https://elsewhere.example{next}"
	empty := ""
	faults := []genesyssim.Fault{
		{Path: "/api/v2/users", Action: genesyssim.ActionDropNext},
		{Path: "/api/v2/users", Nth: 2, Action: genesyssim.ActionNextPageURIOnly},
		{Path: "/api/v2/users", Nth: 3, NextURI: &override},
		{Path: "/api/v2/users", Nth: 4, Action: genesyssim.ActionEmptyPage},
		{Method: "POST", Path: "/api/v2/users/query", Action: genesyssim.ActionCursorOnly},
		{Method: "POST", Path: "/api/v2/users/query", Nth: 2, NextURI: &empty},
	}
	if err := s.SetFaults(faults); err != nil {
		t.Fatal(err)
	}
	var got []pageLinks
	for range 4 {
		got = append(got, linksOf(t, s.must(t, http.MethodGet, "/api/v2/users?pageSize=10", token, "").body))
	}
	const second = "/api/v2/users?pageNumber=2&pageSize=10"
	want := []pageLinks{{}, {NextPageURI: second}, {NextURI: "https://elsewhere.example" + second}, {NextURI: second}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links of users (-want +got):\n%s", diff)
	}
	cursorOnly := linksOf(t, s.must(t, http.MethodPost, "/api/v2/users/query", token, `{"pageSize":10}`).body)
	if cursorOnly.Cursor == "" || cursorOnly.NextPageURI != "" {
		t.Errorf("links of the tutorial's page are %+v, want a cursor alone", cursorOnly)
	}
	overridden := s.must(t, http.MethodPost, "/api/v2/users/query", token, `{"pageSize":10}`)
	if !bytes.HasSuffix(overridden.body, []byte(`"nextPageUri":""}`)) {
		t.Errorf("the tutorial's page ends in %s, want an empty nextPageUri", overridden.body[len(overridden.body)-100:])
	}
}
