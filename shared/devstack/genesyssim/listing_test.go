package genesyssim_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// allOf follows a listing's next links to its end.
func (s *sim) allOf(token, path string, query url.Values) string {
	s.t.Helper()
	var all strings.Builder
	for next := path + "?" + query.Encode(); next != ""; {
		page := s.ask(token, "GET "+next).body
		all.WriteString(lines(s.t, page))
		next = member[string](s.t, page, "nextUri")
	}

	return all.String()
}

// allOfTutorial is the same in the tutorial's dialect.
func (s *sim) allOfTutorial(token string, query url.Values) string {
	s.t.Helper()
	asked := map[string]any{"pageSize": 30, "expand": query["expand"]}
	for _, name := range []string{"state", "sortOrder"} {
		if query.Has(name) {
			asked[name] = query.Get(name)
		}
	}
	var all strings.Builder
	for {
		body, _ := json.Marshal(asked)
		page := s.ask(token, "POST /api/v2/users/query "+string(body)).body
		all.WriteString(lines(s.t, page))
		asked = map[string]any{"pageSize": 7, "nextPageUri": member[string](s.t, page, "nextPageUri")}
		if asked["nextPageUri"] == "" {
			return all.String()
		}
	}
}

func TestEachListingIsTheUsersOfItsStateInOrderByteForByte(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := start(t, genesyssim.Config{Users: rapid.IntRange(0, 90).Draw(rt, "users"), Seed: rapid.Uint64().Draw(rt, "seed")})
		token := s.token()
		state := rapid.SampledFrom([]string{"", "any", "active", "inactive", "deleted"}).Draw(rt, "state")
		query := url.Values{"sortOrder": {rapid.SampledFrom([]string{"ASC", "DESC"}).Draw(rt, "order")}}
		if rapid.Bool().Draw(rt, "expanded") {
			query["expand"] = []string{"skills", "presence", "geolocation"}
		}
		query.Set("state", "any")
		var want strings.Builder
		for line := range strings.Lines(s.users(query)) {
			if state == "any" || member[string](t, line, "state") == cmp.Or(state, "active") {
				want.WriteString(line)
			}
		}
		query.Set("state", state)
		if state == "" {
			query.Del("state")
		}
		got := map[string]string{"own list": s.users(query)}
		if query.Get("sortOrder") == "ASC" && !query.Has("expand") {
			var written strings.Builder
			if err := s.WriteUsers(&written, genesyssim.Query{State: state}); err != nil {
				rt.Fatal(err)
			}
			got["WriteUsers"] = written.String()
		}
		query.Set("pageSize", rapid.SampledFrom([]string{"1", "7", "20", "33"}).Draw(rt, "page size"))
		got["GET users/query"] = s.allOf(token, "/api/v2/users/query", query)
		got["GET users"] = s.allOf(token, "/api/v2/users", query)
		got["POST users/query"] = s.allOfTutorial(token, query)
		for name, users := range got {
			if diff := gocmp.Diff(want.String(), users); diff != "" {
				rt.Fatalf("%s (-filtered from all +got):\n%s", name, diff)
			}
		}
	})
}

func TestAPageSaysWhereTheNextOneIsInItsDialect(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 60})
	token := s.token()
	const path = "/api/v2/users/query?"
	first := s.ask(token, "GET "+path+"state=any&pageSize=40").body
	cursor := member[string](t, first, "cursor")
	link := path + "cursor=" + cursor + "&pageSize=40&state=any"
	tutorial := s.ask(token, `POST /api/v2/users/query {"pageSize":40,"state":"any"}`).body
	tutorials := member[string](t, tutorial, "nextPageUri")
	numbered := func(page string) string { return "/api/v2/users?pageNumber=" + page + "&pageSize=10" }
	for name, test := range map[string]struct{ got, want string }{
		"first by cursor": {
			first, `,"nextUri":"` + link + `","selfUri":"` + path + `pageSize=40&state=any","results":40,"cursor":"` + cursor + `"}`,
		},
		"last by cursor":    {s.ask(token, "GET "+link).body, `,"selfUri":"` + link + `","results":20}`},
		"first by tutorial": {tutorial, `,"nextPageUri":"` + tutorials + `"}`},
		"last by tutorial":  {s.ask(token, `POST /api/v2/users/query {"pageSize":100}`).body, `}`},
		"middle by number": {
			s.ask(token, "GET "+numbered("2")).body,
			`,"pageSize":10,"pageNumber":2,"total":51,"firstUri":"` + numbered("1") + `","selfUri":"` + numbered("2") +
				`","nextUri":"` + numbered("3") + `","previousUri":"` + numbered("1") + `","lastUri":"` + numbered("6") + `","pageCount":6}`,
		},
		"past the end by number": {
			s.ask(token, "GET "+numbered("9")).body,
			`,"pageSize":10,"pageNumber":9,"total":51,"firstUri":"` + numbered("1") + `","selfUri":"` + numbered("9") +
				`","lastUri":"` + numbered("6") + `","pageCount":6}`,
		},
	} {
		if diff := gocmp.Diff(test.want, beside(t, test.got)); diff != "" {
			t.Errorf("%s: beside the entities (-want +got):\n%s", name, diff)
		}
	}
	if !strings.HasPrefix(tutorials, path) {
		t.Errorf("nextPageUri is %q: want a relative link", tutorials)
	}
	empty := start(t, genesyssim.Config{})
	const want = `{"entities":[],"selfUri":"/api/v2/users/query?pageSize=25","results":0}`
	if diff := gocmp.Diff(want, empty.ask(empty.token(), "GET /api/v2/users/query").body); diff != "" {
		t.Errorf("an organisation without users (-want +got):\n%s", diff)
	}
}

func TestAPageHasAsManyUsersAsAskedUpToTheLimit(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 200_000, MaxPageSize: 300})
	token := s.token()
	for path, want := range map[string]int{
		"users/query":                 25,
		"users/query?pageSize=1":      1,
		"users/query?pageSize=300":    300,
		"users/query?pageSize=100000": 300,
		"users":                       25,
		"users?pageSize=501":          300,
		"users?state=any&pageSize=7":  7,
		"users/query?pageSize=200&integrationPresenceSource=ZoomPhone":         100,
		"users/query?userCustomAttributeSchemaIds=a,b&expand=team,groups":      25,
		"users/query?expand=team&expand=groups&userCustomAttributeSchemaIds=a": 25,
		"users?state=inactive&pageSize=250&pageNumber=40":                      250, // of 10,000 that are listed by number
	} {
		got := s.ask(token, "GET /api/v2/"+path)
		if count := strings.Count(lines(t, got.body), "\n"); got.status != http.StatusOK || count != want {
			t.Errorf("%s: status %d with %d entities, want 200 with %d", path, got.status, count, want)
		}
	}
}

func TestWhatTheAPIDoesNotKnowIsRefusedNotIgnored(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 200_000})
	token := s.token()
	cursor := member[string](t, s.ask(token, "GET /api/v2/users/query?expand=team").body, "cursor")
	const get, post, elsewhere = "GET /api/v2/users/query?", "POST /api/v2/users/query ", "https://elsewhere.example"
	const link = "/api/v2/users/query?expand=team&cursor="
	statuses := map[string]int{"not.found": 404, "method.not.allowed": 405}
	for code, asked := range map[string][]string{
		"bad.request": {
			get + "pagesize=5", get + "pageSize=5&pageSize=6", get + "a=%zz", "GET /api/v2/users?cursor=x",
			post + `{"pageSize":5,"cursor":"x"}`, post + `[]`, post + `{} {}`, "POST /api/v2/users/query?pageSize=5 {}",
		},
		"invalid.value": {
			get + "pageSize=0", get + "pageSize=-1", get + "pageSize=ten", get + "pageSize=", get + "sortOrder=asc", get + "sortOrder=",
			get + "state=ACTIVE", get + "expand=skills,nonsense", get + "expand=", get + "integrationPresenceSource=Pigeon", get + "cursor=",
			get + "userCustomAttributeSchemaIds=a,b,c&userCustomAttributeSchemaIds=d,e,f", "GET /api/v2/users?pageNumber=0",
			"GET /api/v2/users?state=inactive&pageSize=500&pageNumber=21", post + `{"nextPageUri":"` + elsewhere + link + cursor + `"}`,
		},
		"invalid.cursor": {
			get + "cursor=bm90IG91cnM", get + "cursor=" + cursor, get + "expand=team&state=any&cursor=" + cursor,
			get + "expand=team&sortOrder=DESC&cursor=" + cursor, get + "expand=team,skills&cursor=" + cursor,
			post + `{"nextPageUri":"` + link + cursor + `","state":"any"}`,
		},
		"not.found":          {"GET /api/v2/flying-saucers", "GET /elsewhere"},
		"method.not.allowed": {"DELETE /api/v2/users/query", "POST /api/v2/users", "PUT /api/v2/tokens/me"},
	} {
		for _, what := range asked {
			got := s.ask(token, what)
			id, status := got.header.Get("ININ-Correlation-Id"), cmp.Or(statuses[code], 400)
			want := fmt.Sprintf(`{"message":%s,"code":"%s","status":%d,"contextId":"%s","details":[],"errors":[]}`,
				member[json.RawMessage](t, got.body, "message"), code, status, id)
			if diff := gocmp.Diff(want, got.body); diff != "" || got.status != status || id == "" {
				t.Errorf("%s: status %d, want %d; ININ-Correlation-Id %q; body (-want +got):\n%s", what, got.status, status, id, diff)
			}
			if allow := got.header.Get("Allow"); (status == 405) != (allow != "") {
				t.Errorf("%s: Allow is %q with status %d", what, allow, status)
			}
		}
	}
}

func TestACursorGoesOnWithAnotherPageSizeAndAfterARestartAndIsWorthNothingElsewhere(t *testing.T) {
	t.Parallel()
	ask := func(seed uint64, query string) answer {
		s := start(t, genesyssim.Config{Users: 100, Seed: seed})

		return s.ask(s.token(), "GET /api/v2/users/query?"+query)
	}
	cursor := "expand=team,groups&pageSize=5&cursor=" + member[string](t, ask(3, "expand=groups&expand=team").body, "cursor")
	if got := []int{ask(3, cursor).status, ask(4, cursor).status}; !gocmp.Equal(got, []int{200, 400}) {
		t.Errorf("the same organisation, started anew, and another one answer %d, want 200, 400", got)
	}
}

func FuzzCursor(f *testing.F) {
	s := start(f, genesyssim.Config{Users: 100})
	token := s.token()
	issued := member[string](f, s.ask(token, "GET /api/v2/users/query").body, "cursor")
	for _, cursor := range []string{"", "AAAA", strings.Repeat("A", 67), issued[:len(issued)-1], issued + "A"} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		query := url.Values{"cursor": {cursor}}.Encode()
		s := &sim{s.Simulator, t}
		if got := s.ask(token, "GET /api/v2/users/query?"+query); cursor != issued && got.status != http.StatusBadRequest {
			t.Errorf("the cursor %q, which nobody issued, is answered %d", cursor, got.status)
		}
	})
}

func TestPagesAreCompressedForThoseWhoAcceptIt(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 100})
	token := "Authorization: Bearer " + s.token()
	for accept, want := range map[string]string{"br, gzip;q=0.5": "gzip", "identity": "", "gzip;q=0": ""} {
		got := s.send(t.Context(), "GET /api/v2/users/query", token, "Accept-Encoding: "+accept)
		if encoding := got.header.Get("Content-Encoding"); encoding != want || got.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: Content-Encoding %q, want %q; Vary %q", accept, encoding, want, got.header.Get("Vary"))
		}
		if plain := strings.HasPrefix(got.body, `{"entities"`); plain != (want == "") {
			t.Errorf("%q: the body is plain: %t", accept, plain)
		}
	}
}
