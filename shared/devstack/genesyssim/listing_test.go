package genesyssim_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestEachListingLeadsToItsEndByItsOwnKindOfPaging(t *testing.T) {
	t.Parallel()
	numbered := [2]string{
		"pageSize pageNumber total firstUri selfUri nextUri lastUri pageCount",
		"pageSize pageNumber total firstUri selfUri previousUri lastUri pageCount",
	}
	after, cursor := [2]string{"nextUri selfUri", "selfUri"}, [2]string{"nextUri selfUri results cursor", "selfUri results"}
	tutorial, scan, once := [2]string{"nextPageUri", ""}, [2]string{"nextUri selfUri cursors", "selfUri"}, [2]string{"total selfUri", "total selfUri"}
	const every = "users?state=any&sortOrder=DESC&expand=skills,presence,geolocation"
	another := genesyssim.Listing{Name: "trunks", Path: "/api/v2/telephony/trunks", Permission: "telephony:plugin:all", Entities: 30}
	for list, test := range map[string]struct {
		asked    string
		entities int
		members  [2]string // of the first and of the last page, beside the entities
		faults   []genesyssim.Fault
	}{
		every:                  {"GET /api/v2/users/query?pageSize=7&" + every[6:], 90, cursor, nil},
		"users":                {"GET /api/v2/users/query", 77, cursor, nil},
		"users?state=active":   {"GET /api/v2/users/query?pageSize=30", 77, cursor, loadFaults(t, "empty_page.jsonl")},
		"users?state=inactive": {"GET /api/v2/users?pageSize=4&state=inactive", 9, numbered, nil},
		"users?state=deleted":  {`POST /api/v2/users/query {"pageSize":1,"state":"deleted"}`, 4, tutorial, nil},
		"queues":               {"GET /api/v2/routing/queues?pageSize=150", 400, numbered, nil},
		"groups":               {"GET /api/v2/groups?pageSize=70", 120, numbered, nil},
		"teams":                {"GET /api/v2/teams?pageSize=10", 36, after, nil},
		"skills":               {"GET /api/v2/routing/skills", 120, numbered, nil},
		"skill-groups":         {"GET /api/v2/routing/skillgroups", 40, after, nil},
		"languages":            {"GET /api/v2/routing/languages?pageSize=5", 12, numbered, nil},
		"wrapup-codes":         {"GET /api/v2/routing/wrapupcodes?pageSize=500", 600, numbered, nil},
		"divisions":            {"GET /api/v2/authorization/divisions?pageSize=4", 6, numbered, nil},
		"roles":                {"GET /api/v2/authorization/roles", 60, numbered, nil},
		"locations":            {"GET /api/v2/locations", 30, numbered, nil},
		"stations":             {"GET /api/v2/stations?pageSize=1000", 1000, numbered, nil}, // in two pages
		"flows":                {"GET /api/v2/flows?pageSize=500", 250, numbered, nil},
		"campaigns":            {"GET /api/v2/outbound/campaigns?pageSize=500", 150, numbered, nil},
		"contact-lists":        {"GET /api/v2/outbound/contactlists?pageSize=500", 150, numbered, nil},
		"presence-definitions": {"GET /api/v2/presence/definitions", 30, once, nil},
		"external-contacts":    {"GET /api/v2/externalcontacts/scan/contacts?limit=200", 2500, scan, nil},
		"trunks":               {"GET " + another.Path, 30, numbered, nil}, // a listing more is a line more
	} {
		s := start(t, genesyssim.Config{Users: 90, Listings: []genesyssim.Listing{another}, Faults: test.faults})
		pages := s.pages(s.token(), test.asked)
		if count := strings.Count(lines(t, pages...), "\n"); count != test.entities {
			t.Errorf("%s: %d entities, want %d", list, count, test.entities)
		}
		links := map[string]bool{}
		for _, page := range pages {
			links[member[string](t, page, "nextUri")+member[string](t, page, "nextPageUri")] = true
		}
		if diff := gocmp.Diff(s.ownList(list), lines(t, pages...)); diff != "" || len(links) != len(pages) {
			t.Errorf("%s: %d next links on %d pages (-own list +got):\n%.2000s", list, len(links), len(pages), diff)
		}
		members := [2]string{strings.Join(keys(pages[0])[1:], " "), strings.Join(keys(pages[len(pages)-1])[1:], " ")}
		if diff := gocmp.Diff(test.members, members); diff != "" {
			t.Errorf("%s: members of the first and the last page (-want +got):\n%s", list, diff)
		}
	}
}

func TestAStateChoosesUsersAndKeepsTheirOrder(t *testing.T) {
	t.Parallel()
	for users := range 45 { // states are dealt in turns of about twenty
		s := start(t, genesyssim.Config{Users: users})
		all := map[string][]string{}
		for line := range strings.Lines(s.ownList("users?state=any")) {
			state := member[string](t, line, "state")
			all[state] = append(all[state], line)
		}
		for _, state := range []string{"active", "inactive", "deleted"} {
			forth, back := s.ownList("users?state="+state), slices.Collect(strings.Lines(s.ownList("users?sortOrder=DESC&state="+state)))
			slices.Reverse(back)
			want := strings.Join(all[state], "")
			if diff := gocmp.Diff([]string{want, want}, []string{forth, strings.Join(back, "")}); diff != "" {
				t.Errorf("of %d users those that are %s (-filtered from all +got):\n%s", users, state, diff)
			}
		}
	}
}

func TestAPageSaysWhereTheNextOneIsByRelativeLinks(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 60})
	token := s.token()
	const path = "/api/v2/users/query?"
	first := s.ask(token, "GET "+path+"state=any&pageSize=40").body
	cursor := member[string](t, first, "cursor")
	link := path + "cursor=" + cursor + "&pageSize=40&state=any"
	numbered := func(page string) string {
		body := s.ask(token, "GET /api/v2/users?pageSize=10&pageNumber="+page).body

		return regexp.MustCompile(`/api/v2/users\?pageNumber=(\d+)&pageSize=10`).ReplaceAllString(beside(body), "PAGE $1")
	}
	got := []string{beside(first), beside(s.ask(token, "GET "+link).body), numbered("2"), numbered("9")}
	want := []string{
		`"nextUri":"` + link + `","selfUri":"` + path + `pageSize=40&state=any","results":40,"cursor":"` + cursor + `"}`,
		`"selfUri":"` + link + `","results":20}`,
		`"pageSize":10,"pageNumber":2,"total":51,"firstUri":"PAGE 1","selfUri":"PAGE 2","nextUri":"PAGE 3","previousUri":"PAGE 1","lastUri":"PAGE 6","pageCount":6}`,
		`"pageSize":10,"pageNumber":9,"total":51,"firstUri":"PAGE 1","selfUri":"PAGE 9","lastUri":"PAGE 6","pageCount":6}`,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("the first and the last page by cursor, one in the middle and one past the end by number, beside the entities (-want +got):\n%s", diff)
	}
	empty := start(t, genesyssim.Config{})
	if got := empty.ask(empty.token(), "GET /api/v2/users/query").body; got != `{"entities":[],"selfUri":"/api/v2/users/query?pageSize=25","results":0}` {
		t.Errorf("an organisation without users answers %s", got)
	}
}

func TestAPageHasAsManyUsersAsAskedUpToTheLimit(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 200_000})
	token := s.token()
	for path, want := range map[string]int{
		"users/query?pageSize=300": 300, "users/query?pageSize=100000": 500, "users?pageSize=501": 500,
		"users?state=inactive&pageSize=250&pageNumber=40": 250, // of 10,000 that are listed by number
	} {
		got := s.ask(token, "GET /api/v2/"+path)
		if count := strings.Count(lines(t, got.body), "\n"); count != want {
			t.Errorf("%s: status %d with %d entities, want 200 with %d", path, got.status, count, want)
		}
	}
}

func TestWhatTheAPIDoesNotKnowIsRefusedNotIgnored(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 200_000, Forbidden: []string{"queues", "audits"}})
	token := s.token()
	cursor := member[string](t, s.ask(token, "GET /api/v2/users/query?expand=team").body, "cursor")
	const get, post, elsewhere = "GET /api/v2/users/query?", "POST /api/v2/users/query ", "https://elsewhere.example"
	const link, scan = "/api/v2/users/query?expand=team&cursor=", "GET /api/v2/externalcontacts/scan/contacts?limit="
	const from, to = "1999-12-29T00:00:00Z", "1999-12-30T00:00:00Z"
	submit := func(interval string) string { return "POST " + callJobs + ` {"interval":"` + interval + `"` }
	statuses := map[string]int{"not.found": 404, "method.not.allowed": 405, "missing.permissions": 403}
	for code, asked := range map[string][]string{
		"bad.request": {
			get + "pagesize=5", get + "pageSize=5&pageSize=6", get + "a=%zz", "GET /api/v2/users?cursor=x", "GET /api/v2/presence/definitions?pageSize=5",
			post + `{"pageSize":5,"cursor":"x"}`, post + `[]`, post + `{} {}`, "POST /api/v2/users/query?pageSize=5 {}", "POST " + callJobs + ` {"from":1}`,
		},
		"invalid.value": {
			get + "pageSize=0", get + "pageSize=-1", get + "pageSize=ten", get + "pageSize=", get + "sortOrder=asc", get + "sortOrder=",
			get + "state=ACTIVE", get + "expand=skills,nonsense", get + "expand=", get + "cursor=", "GET /api/v2/users?pageNumber=0",
			post + `{"nextPageUri":"` + elsewhere + link + cursor + `"}`,
			scan + "9", scan + "201", submit(to+"/"+from) + "}", submit("1999-12-29/1999-12-30") + "}", submit(from+"/"+to) + `,"order":"desc"}`,
		},
		"invalid.cursor": {
			get + "cursor=bm90IG91cnM", get + "cursor=" + cursor, get + "expand=team&state=any&cursor=" + cursor, "GET /api/v2/teams?after=" + cursor,
			get + "expand=team&sortOrder=DESC&cursor=" + cursor, get + "expand=team,skills&cursor=" + cursor,
			post + `{"nextPageUri":"` + link + cursor + `","state":"any"}`, get + "expand=team&cursor=" + cursor[1:],
		},
		"not.found":           {"GET /api/v2/flying-saucers", "GET /elsewhere", "GET " + callJobs + "/nobody", "GET " + userJobs + "/nobody/results"},
		"method.not.allowed":  {"DELETE /api/v2/users/query", "POST /api/v2/users", "PUT /api/v2/tokens/me", "GET " + callJobs},
		"missing.permissions": {"GET /api/v2/routing/queues", "POST " + auditJobs + " {}"},
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

func TestPagesAreCompressedForThoseWhoAcceptIt(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 100})
	for accept, want := range map[string]string{"br, gzip;q=0.5": "gzip", "identity": ""} {
		got := s.send(t.Context(), "GET /api/v2/users/query", "Authorization: Bearer "+s.token(), "Accept-Encoding: "+accept)
		encoding, vary, plain := got.header.Get("Content-Encoding"), got.header.Get("Vary"), strings.HasPrefix(got.body, `{"entities"`)
		if encoding != want || vary != "Accept-Encoding" || plain != (want == "") {
			t.Errorf("%q: Content-Encoding %q, want %q; Vary %q; the body is plain: %t", accept, encoding, want, vary, plain)
		}
	}
}

func TestEntitiesMoveBetweenPages(t *testing.T) {
	t.Parallel()
	const path = "/api/v2/routing/languages"
	for name, test := range map[string]struct {
		fault genesyssim.Fault
		want  []string // entities, total and pageCount of three pages of five
	}{
		"none":                  {genesyssim.Fault{Path: path, Nth: 9, Status: 500}, []string{"01234 12 3", "56789 12 3", "ab 12 3"}},
		"two are removed":       {genesyssim.Fault{Path: path, Nth: 2, Shift: 2}, []string{"01234 12 3", "789ab 10 2", " 10 2"}},
		"one is added in front": {genesyssim.Fault{Path: path, Nth: 2, Shift: -1}, []string{"01234 12 3", "45678 13 3", "9ab 13 3"}},
		"all are removed":       {genesyssim.Fault{Path: path, Nth: 2, Shift: 20}, []string{"01234 12 3", " 0 0", " 0 0"}},
		"a page is empty":       {genesyssim.Fault{Path: path, Nth: 2, Action: genesyssim.ActionEmptyPage}, []string{"01234 12 3", " 12 3", "ab 12 3"}},
	} {
		s := start(t, genesyssim.Config{})
		var names []string
		for i, line := range strings.Split(strings.TrimSpace(s.ownList("languages")), "\n") {
			names = append(names, line, strconv.FormatInt(int64(i), 16))
		}
		if err := s.SetFaults([]genesyssim.Fault{test.fault}); err != nil {
			t.Fatal(err)
		}
		token := s.token()
		var got []string
		for number := range 3 {
			page := s.ask(token, fmt.Sprint("GET ", path, "?pageSize=5&pageNumber=", number+1)).body
			read := strings.ReplaceAll(strings.NewReplacer(names...).Replace(lines(t, page)), "\n", "")
			got = append(got, fmt.Sprint(read, " ", member[int](t, page, "total"), " ", member[int](t, page, "pageCount")))
		}
		if diff := gocmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: pages (-want +got):\n%s", name, diff)
		}
	}
}
