package genesyssim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/genesyssim"

	"github.com/google/go-cmp/cmp"
)

func TestEachListingGivesEveryUserOnceInOrderByteForByte(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 1237, Seed: 7})
	token := s.token(t)

	queries := map[string]query{
		"by default":            {},
		"all states, backwards": {State: "any", SortOrder: "DESC"},
		"inactive":              {State: "inactive", SortOrder: "ASC"},
		"deleted":               {State: "deleted"},
		"with expands":          {State: "any", Expand: []string{"skills", "presence", "geolocation"}},
	}
	listings := map[string]func(*testing.T, *sim, string, query) []json.RawMessage{
		"GET users/query": readByCursor, "POST users/query": readAsTutorial, "GET users": readByNumber,
	}
	for name, query := range queries {
		want := written(t, s.Simulator, query)
		if want == "" {
			t.Fatalf("no users %s", name)
		}
		for listing, read := range listings {
			t.Run(listing+" "+name, func(t *testing.T) {
				t.Parallel()
				if diff := cmp.Diff(want, lines(read(t, s, token, query))); diff != "" {
					t.Errorf("entities differ from WriteUsers (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func parametersOf(query query) url.Values {
	values := url.Values{}
	if query.State != "" {
		values.Set("state", query.State)
	}
	if query.SortOrder != "" {
		values.Set("sortOrder", query.SortOrder)
	}
	for _, name := range query.Expand {
		values.Add("expand", name)
	}

	return values
}

func readByCursor(t *testing.T, s *sim, token string, query query) []json.RawMessage {
	t.Helper()
	values := parametersOf(query)
	values.Set("pageSize", "100")
	var all []json.RawMessage
	for next := "/api/v2/users/query?" + values.Encode(); next != ""; {
		got := s.must(t, http.MethodGet, next, token, "")
		page := entities(t, got.body)
		if results := field[int](t, got.body, "results"); results != len(page) {
			t.Fatalf("results is %d for %d entities", results, len(page))
		}
		all = append(all, page...)
		next = field[string](t, got.body, "nextUri")
		if cursor := field[string](t, got.body, "cursor"); (cursor == "") != (next == "") {
			t.Fatalf("cursor is %q beside nextUri %q", cursor, next)
		}
	}

	return all
}

func readAsTutorial(t *testing.T, s *sim, token string, query query) []json.RawMessage {
	t.Helper()
	ask := map[string]any{"pageSize": 90}
	if query.State != "" {
		ask["state"] = query.State
	}
	if query.SortOrder != "" {
		ask["sortOrder"] = query.SortOrder
	}
	if query.Expand != nil {
		ask["expand"] = query.Expand
	}
	var all []json.RawMessage
	for {
		body, err := json.Marshal(ask)
		if err != nil {
			t.Fatal(err)
		}
		got := s.must(t, http.MethodPost, "/api/v2/users/query", token, string(body))
		all = append(all, entities(t, got.body)...)
		next := field[string](t, got.body, "nextPageUri")
		if next == "" {
			return all
		}
		ask["nextPageUri"] = next
	}
}

func readByNumber(t *testing.T, s *sim, token string, query query) []json.RawMessage {
	t.Helper()
	values := parametersOf(query)
	values.Set("pageSize", "110")
	var all []json.RawMessage
	for next := "/api/v2/users?" + values.Encode(); next != ""; {
		got := s.must(t, http.MethodGet, next, token, "")
		all = append(all, entities(t, got.body)...)
		next = field[string](t, got.body, "nextUri")
	}

	return all
}

func TestTheMembersOfAPageAreThoseOfItsDialect(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 60})
	token := s.token(t)
	last := field[string](t, s.must(t, http.MethodGet, "/api/v2/users/query?state=any&pageSize=40", token, "").body, "nextUri")

	tests := map[string]struct {
		method, path, body string
		want               []string
	}{
		"first of users/query": {http.MethodGet, "/api/v2/users/query", "", []string{"entities", "nextUri", "selfUri", "results", "cursor"}},
		"last of users/query":  {http.MethodGet, last, "", []string{"entities", "selfUri", "results"}},
		"first of the tutorial": {
			http.MethodPost, "/api/v2/users/query", `{"pageSize":2}`, []string{"entities", "nextPageUri"},
		},
		"last of the tutorial": {http.MethodPost, "/api/v2/users/query", `{"pageSize":100}`, []string{"entities"}},
		"middle of users": {
			http.MethodGet, "/api/v2/users?pageNumber=2&pageSize=10", "",
			[]string{
				"entities", "pageSize", "pageNumber", "total", "firstUri", "selfUri", "nextUri", "previousUri",
				"lastUri", "pageCount",
			},
		},
		"past the end of users": {
			http.MethodGet, "/api/v2/users?pageNumber=9&pageSize=100", "",
			[]string{"entities", "pageSize", "pageNumber", "total", "firstUri", "selfUri", "lastUri", "pageCount"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.must(t, test.method, test.path, token, test.body)
			if diff := cmp.Diff(test.want, keys(t, got.body)); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			if next := field[string](t, got.body, "nextUri"); next != "" && !strings.HasPrefix(next, "/api/v2/users") {
				t.Errorf("nextUri is %q: want a relative link", next)
			}
		})
	}
}

func TestAPageHasAsManyUsersAsAskedUpToTheLimit(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 2000, MaxPageSize: 300})
	token := s.token(t)
	tests := map[string]int{
		"/api/v2/users/query":                                                          25,
		"/api/v2/users/query?pageSize=1":                                               1,
		"/api/v2/users/query?pageSize=300":                                             300,
		"/api/v2/users/query?pageSize=100000":                                          300,
		"/api/v2/users/query?pageSize=200&integrationPresenceSource=ZoomPhone":         100,
		"/api/v2/users/query?userCustomAttributeSchemaIds=a,b&expand=team,groups":      25,
		"/api/v2/users/query?expand=team&expand=groups&userCustomAttributeSchemaIds=a": 25,
		"/api/v2/users":                      25,
		"/api/v2/users?pageSize=501":         300,
		"/api/v2/users?state=any&pageSize=7": 7,
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := s.must(t, http.MethodGet, path, token, "")
			if count := len(entities(t, got.body)); got.status != http.StatusOK || count != want {
				t.Errorf("status %d with %d entities, want 200 with %d", got.status, count, want)
			}
		})
	}
}

func TestWhatTheAPIDoesNotKnowIsRefusedNotIgnored(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 200_000})
	token := s.token(t)
	first := s.must(t, http.MethodGet, "/api/v2/users/query?expand=team", token, "")
	cursor := url.QueryEscape(field[string](t, first.body, "cursor"))

	tests := []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"GET", "/api/v2/users/query?pagesize=5", "", 400, "bad.request"},
		{"GET", "/api/v2/users/query?pageSize=5&pageSize=6", "", 400, "bad.request"},
		{"GET", "/api/v2/users/query?a=%zz", "", 400, "bad.request"},
		{"GET", "/api/v2/users/query?pageSize=0", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?pageSize=-1", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?pageSize=ten", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?pageSize=", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?sortOrder=asc", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?sortOrder=", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?state=ACTIVE", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?expand=skills,nonsense", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?expand=", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?integrationPresenceSource=Pigeon", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?userCustomAttributeSchemaIds=a,b,c&userCustomAttributeSchemaIds=d,e,f", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?cursor=", "", 400, "invalid.value"},
		{"GET", "/api/v2/users/query?cursor=bm90IG91cnM", "", 400, "invalid.cursor"},
		{"GET", "/api/v2/users/query?cursor=" + cursor, "", 400, "invalid.cursor"},
		{"GET", "/api/v2/users/query?expand=team&state=any&cursor=" + cursor, "", 400, "invalid.cursor"},
		{"GET", "/api/v2/users/query?expand=team&sortOrder=DESC&cursor=" + cursor, "", 400, "invalid.cursor"},
		{"GET", "/api/v2/users/query?expand=team,skills&cursor=" + cursor, "", 400, "invalid.cursor"},
		{"GET", "/api/v2/users?cursor=x", "", 400, "bad.request"},
		{"GET", "/api/v2/users?pageNumber=0", "", 400, "invalid.value"},
		{"GET", "/api/v2/users?state=inactive&pageSize=500&pageNumber=21", "", 400, "invalid.value"},
		{"POST", "/api/v2/users/query", `{"pageSize":5,"cursor":"x"}`, 400, "bad.request"},
		{"POST", "/api/v2/users/query", `[]`, 400, "bad.request"},
		{"POST", "/api/v2/users/query", `{} {}`, 400, "bad.request"},
		{"POST", "/api/v2/users/query?pageSize=5", `{}`, 400, "bad.request"},
		{"POST", "/api/v2/users/query", `{"nextPageUri":"https://elsewhere.example/api/v2/users/query?cursor=` + cursor + `"}`, 400, "invalid.value"},
		{"POST", "/api/v2/users/query", `{"nextPageUri":"/api/v2/users/query?expand=team&cursor=` + cursor + `","state":"any"}`, 400, "invalid.cursor"},
		{"GET", "/api/v2/flying-saucers", "", 404, "not.found"},
		{"GET", "/elsewhere", "", 404, "not.found"},
		{"DELETE", "/api/v2/users/query", "", 405, "method.not.allowed"},
		{"POST", "/api/v2/users", "", 405, "method.not.allowed"},
		{"PUT", "/api/v2/tokens/me", "", 405, "method.not.allowed"},
	}
	for i, test := range tests {
		t.Run(strconv.Itoa(i)+" "+test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			got := s.must(t, test.method, test.path, token, test.body)
			if code := codeOf(t, got.body); got.status != test.status || code != test.code {
				t.Fatalf("status %d, code %q; want %d, %q; body %s", got.status, code, test.status, test.code, got.body)
			}
			want := []string{"message", "code", "status", "contextId", "details", "errors"}
			if diff := cmp.Diff(want, keys(t, got.body)); diff != "" {
				t.Errorf("members of the error (-want +got):\n%s", diff)
			}
			correlation := got.header.Get("ININ-Correlation-Id")
			if id := field[string](t, got.body, "contextId"); id == "" || id != correlation {
				t.Errorf("contextId is %q, ININ-Correlation-Id %q: want the same", id, correlation)
			}
			if allow := got.header.Get("Allow"); (test.status == 405) != (allow != "") {
				t.Errorf("Allow is %q with status %d", allow, test.status)
			}
		})
	}
}

func TestInactiveUsersAreListedByNumberUpToTenThousand(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 200_000})
	got := s.must(t, http.MethodGet, "/api/v2/users?state=inactive&pageSize=500&pageNumber=20", s.token(t), "")
	if count := len(entities(t, got.body)); got.status != http.StatusOK || count != 500 {
		t.Errorf("status %d with %d entities, want 200 with 500", got.status, count)
	}
}

func TestACursorOutlivesARestartAndIsWorthNothingElsewhere(t *testing.T) {
	t.Parallel()
	config := genesyssim.Config{Users: 100, Seed: 3}
	one := start(t, config)
	link := field[string](t, one.must(t, http.MethodGet, "/api/v2/users/query", one.token(t), "").body, "nextUri")

	again := start(t, config)
	if got := again.must(t, http.MethodGet, link, again.token(t), ""); got.status != http.StatusOK {
		t.Errorf("the same organisation, started anew, answers %d: %s", got.status, got.body)
	}
	config.Seed++
	other := start(t, config)
	if got := other.must(t, http.MethodGet, link, other.token(t), ""); got.status != http.StatusBadRequest {
		t.Errorf("another organisation answers %d, want 400", got.status)
	}
}

func TestAnOrganisationWithoutUsersHasOneEmptyPage(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{})
	got := s.must(t, http.MethodGet, "/api/v2/users/query", s.token(t), "")
	const want = `{"entities":[],"selfUri":"/api/v2/users/query?pageSize=25","results":0}`
	if diff := cmp.Diff(want, string(got.body)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestPagesAreCompressedForThoseWhoAcceptIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		accept string
		want   string
	}{
		"accepted": {accept: "br, gzip;q=0.5", want: "gzip"}, "not accepted": {accept: "identity"},
		"refused": {accept: "gzip;q=0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, genesyssim.Config{Users: 100})
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/v2/users/query", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+s.token(t))
			request.Header.Set("Accept-Encoding", test.accept)
			got, err := s.roundTrip(request)
			if err != nil || got.header.Get("Content-Encoding") != test.want {
				t.Errorf("Content-Encoding %q, error %v; want %q", got.header.Get("Content-Encoding"), err, test.want)
			}
			if plain := strings.HasPrefix(string(got.body), `{"entities"`); plain != (test.want == "") {
				t.Errorf("the body is plain: %t", plain)
			}
		})
	}
}
