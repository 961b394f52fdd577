package genesyssim_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// ownList is the organisation's own list of a listing.
func (s *sim) ownList(name, interval string) string {
	s.t.Helper()
	var all strings.Builder
	if err := s.WriteListing(&all, name, genesyssim.Query{Interval: interval}); err != nil {
		s.t.Fatal(err)
	}

	return all.String()
}

func TestEachListingLeadsToItsEndByItsOwnKindOfPaging(t *testing.T) {
	t.Parallel()
	numbered := []string{
		"pageSize pageNumber total firstUri selfUri nextUri lastUri pageCount",
		"pageSize pageNumber total firstUri selfUri previousUri lastUri pageCount",
	}
	after := []string{"nextUri selfUri", "selfUri"}
	another := genesyssim.Listing{Name: "trunks", Path: "/api/v2/telephony/trunks", Permission: "telephony:plugin:all", Entities: 30}
	for name, test := range map[string]struct {
		path, size string
		entities   int
		want       []string // the members of the first and of the last page, entities aside
	}{
		"queues":               {"/api/v2/routing/queues", "pageSize=150", 400, numbered},
		"groups":               {"/api/v2/groups", "pageSize=70", 120, numbered},
		"teams":                {"/api/v2/teams", "pageSize=10", 36, after},
		"skills":               {"/api/v2/routing/skills", "", 120, numbered},
		"skill-groups":         {"/api/v2/routing/skillgroups", "", 40, after},
		"languages":            {"/api/v2/routing/languages", "pageSize=5", 12, numbered},
		"wrapup-codes":         {"/api/v2/routing/wrapupcodes", "pageSize=500", 600, numbered},
		"divisions":            {"/api/v2/authorization/divisions", "pageSize=4", 6, numbered},
		"roles":                {"/api/v2/authorization/roles", "", 60, numbered},
		"locations":            {"/api/v2/locations", "", 30, numbered},
		"stations":             {"/api/v2/stations", "pageSize=1000", 1000, numbered},
		"flows":                {"/api/v2/flows", "pageSize=500", 250, numbered},
		"campaigns":            {"/api/v2/outbound/campaigns", "pageSize=500", 150, numbered},
		"contact-lists":        {"/api/v2/outbound/contactlists", "pageSize=500", 150, numbered},
		"presence-definitions": {"/api/v2/presence/definitions", "", 30, []string{"total selfUri", "total selfUri"}},
		"external-contacts":    {"/api/v2/externalcontacts/scan/contacts", "limit=200", 2500, []string{"nextUri selfUri cursors", "selfUri"}},
		"trunks":               {another.Path, "", 30, numbered}, // one line more
	} {
		s := start(t, genesyssim.Config{Listings: []genesyssim.Listing{another}})
		token := s.token()
		var all strings.Builder
		var members []string
		for next := test.path + "?" + test.size; next != ""; {
			page := s.ask(token, "GET "+next).body
			all.WriteString(lines(t, page))
			next, members = member[string](t, page, "nextUri"), append(members, strings.Join(keys(page)[1:], " "))
		}
		if diff := cmp.Diff(s.ownList(name, ""), all.String()); diff != "" || strings.Count(all.String(), "\n") != test.entities {
			t.Errorf("%s: %d entities, want %d (-own list +got):\n%.2000s", name, strings.Count(all.String(), "\n"), test.entities, diff)
		}
		if diff := cmp.Diff(test.want, []string{members[0], members[len(members)-1]}); diff != "" {
			t.Errorf("%s: members of the first and the last page (-want +got):\n%s", name, diff)
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
		for i, line := range strings.Split(strings.TrimSpace(s.ownList("languages", "")), "\n") {
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
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: pages (-want +got):\n%s", name, diff)
		}
	}
}
