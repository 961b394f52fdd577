package genesyssim_test

import (
	"bytes"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entityChecks look at what faults do to the entities of a page of ten users.
func entityChecks() map[string]faultCheck {
	// member wants a text where the member entities usually is.
	member := func(want string) faultCheck {
		return func(t *testing.T, s *sim, token string) {
			if got := s.must(t, http.MethodGet, usersQuery, token, ""); !strings.HasPrefix(string(got.body), "{"+want+`"nextUri":`) {
				t.Errorf("the page is %s, want it to begin with %s", got.body, want)
			}
		}
	}
	// added wants raw text behind the ten users, and results to count it.
	added := func(want string) faultCheck {
		return func(t *testing.T, s *sim, token string) {
			got := s.must(t, http.MethodGet, usersQuery, token, "")
			if !bytes.Contains(got.body, []byte("},"+want+"],")) || !bytes.Contains(got.body, []byte(`"results":11`)) {
				t.Errorf("the page is %s, want %q at the end of 11 entities", got.body, want)
			}
		}
	}

	return map[string]faultCheck{
		"null_entities":    member(`"entities":null,`),
		"entities_object":  member(`"entities":{},`),
		"no_entities":      member(""),
		"entity":           added(`{"id":"a","id":"b"}`),
		"entity_base64":    added("{\"id\":\"\xff\n\"}"),
		"entity_surrogate": added(`{"id":"a","name":"\ud83d"}`),
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
			if diff := cmp.Diff(written(t, s.Simulator, query{}), strings.Join(all, "")); diff != "" {
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
	// compare reads the page with the fault, then without, and lets want make the links out of the usual ones.
	compare := func(want func(usual pageLinks) pageLinks) faultCheck {
		return func(t *testing.T, s *sim, token string) {
			bent := s.must(t, http.MethodGet, usersQuery, token, "")
			usual := s.must(t, http.MethodGet, usersQuery, token, "")
			if diff := cmp.Diff(want(linksOf(t, usual.body)), linksOf(t, bent.body)); diff != "" || len(entities(t, bent.body)) != 10 {
				t.Errorf("%d entities, want 10; links (-want +got):\n%s", len(entities(t, bent.body)), diff)
			}
		}
	}

	return map[string]faultCheck{
		"drop_next":          compare(func(pageLinks) pageLinks { return pageLinks{} }),
		"next_page_uri_only": compare(func(l pageLinks) pageLinks { return pageLinks{NextPageURI: l.NextURI} }),
		"cursor_only":        compare(func(l pageLinks) pageLinks { return pageLinks{Cursor: l.Cursor} }),
		"links_disagree":     compare(func(l pageLinks) pageLinks { return pageLinks{l.NextURI, usersQuery, l.Cursor} }),
		"link_to_another_host": compare(func(l pageLinks) pageLinks {
			return pageLinks{NextURI: "https://api.mypurecloud.example" + l.NextURI, Cursor: l.Cursor}
		}),
		"link_with_cursor_alone": compare(func(l pageLinks) pageLinks {
			return pageLinks{NextURI: "/api/v2/users/query?cursor=" + l.Cursor, Cursor: l.Cursor}
		}),
		"link_with_another_state": compare(func(l pageLinks) pageLinks {
			return pageLinks{NextURI: l.NextURI + "&state=deleted", Cursor: l.Cursor}
		}),
		"link_to_itself": func(t *testing.T, s *sim, token string) {
			second := linksOf(t, s.must(t, http.MethodGet, usersQuery, token, "").body).NextURI
			again := linksOf(t, s.must(t, http.MethodGet, second, token, "").body)
			if diff := cmp.Diff(pageLinks{NextURI: second}, again); diff != "" {
				t.Errorf("the second page does not lead to itself (-want +got):\n%s", diff)
			}
		},
	}
}

func TestFaultsBendTheOtherListingsToo(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 100})
	token := s.token(t)
	faults, err := genesyssim.ParseFaults(strings.NewReader(`{"path":"/api/v2/users","set":{"nextUri":"https://elsewhere.example{next}"}}
		{"path":"/api/v2/users","nth":2,"action":"empty_page"}
		{"method":"POST","path":"/api/v2/users/query","drop":["nextPageUri"],"set":{"cursor":"{cursor}"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetFaults(faults); err != nil {
		t.Fatal(err)
	}
	const second = "/api/v2/users?pageNumber=2&pageSize=10"
	for _, want := range []pageLinks{{NextURI: "https://elsewhere.example" + second}, {NextURI: second}} {
		got := linksOf(t, s.must(t, http.MethodGet, "/api/v2/users?pageSize=10", token, "").body)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("links of users (-want +got):\n%s", diff)
		}
	}
	got := linksOf(t, s.must(t, http.MethodPost, "/api/v2/users/query", token, `{"pageSize":10}`).body)
	if got.Cursor == "" || got.NextPageURI != "" {
		t.Errorf("links of the tutorial's page are %+v, want a cursor alone", got)
	}
}
