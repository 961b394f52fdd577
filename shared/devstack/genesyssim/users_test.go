package genesyssim_test

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"genesys-cloud-export/shared/devstack/genesyssim"

	"github.com/google/go-cmp/cmp"
)

func TestTheSameSeedGivesTheSameUsersAndAnotherSeedOthers(t *testing.T) {
	t.Parallel()
	every := query{State: "any", Expand: []string{"biography,authorization", "dateLastLogin"}}
	one := written(t, newSimulator(t, genesyssim.Config{Users: 500, Seed: 1}), every)
	again := written(t, newSimulator(t, genesyssim.Config{Users: 500, Seed: 1}), every)
	other := written(t, newSimulator(t, genesyssim.Config{Users: 500, Seed: 2}), every)

	if diff := cmp.Diff(one, again); diff != "" {
		t.Errorf("the same seed gives other users (-one +again):\n%s", diff)
	}
	if one == other {
		t.Error("another seed gives the same users")
	}
}

func TestUsersAreWhatOrganisationsHold(t *testing.T) {
	t.Parallel()
	const users = 6_000
	all := written(t, newSimulator(t, genesyssim.Config{Users: users, Seed: 11}), query{State: "any"})
	if !utf8.ValidString(all) {
		t.Fatal("the users are not valid UTF-8")
	}
	states, ids, optional := map[string]int{}, map[string]bool{}, map[string]int{}
	for line := range strings.Lines(all) {
		var user struct {
			ID    string `json:"id"`
			State string `json:"state"`
		}
		if err := json.Unmarshal([]byte(line), &user); err != nil {
			t.Fatalf("decode %s: %v", line, err)
		}
		states[user.State]++
		ids[user.ID] = true
		for _, name := range []string{"title", "department", "manager", "images", "preferredName", "chat"} {
			if strings.Contains(line, `"`+name+`":`) {
				optional[name]++
			}
		}
	}

	if diff := cmp.Diff(map[string]int{"active": 5_100, "inactive": 600, "deleted": 300}, states); diff != "" {
		t.Errorf("users by state (-want +got):\n%s", diff)
	}
	if len(ids) != users {
		t.Errorf("%d distinct ids of %d users", len(ids), users)
	}
	for name, count := range optional {
		if count == 0 || count == users {
			t.Errorf("%s is there in %d of %d users: want some with and some without", name, count, users)
		}
	}
	if mean := len(all) / users; mean < 800 || mean > 1300 {
		t.Errorf("a user has %d bytes on average, want about 1,000", mean)
	}
	for what, text := range map[string]string{
		"right-to-left text": "فاطمة", "a combining mark": "e\u0301", "a letter outside the basic plane": "𝒜", "an emoji": "🚀",
		"the same escaped": `\ud83d\ude80`, "a raw line separator": "\u2028", "an escaped line separator": `\u2028`,
		"raw markup": "<QA>", "escaped markup": `\u003cQA\u003e`, "a quote": `\"`, "a backslash": `\\`, "an escaped newline": `\n`,
		"an escaped slash": `\/`, "a number that no float64 holds": "9007199254740993",
	} {
		if !strings.Contains(all, text) {
			t.Errorf("no user has %s", what)
		}
	}
	if !slices.ContainsFunc(strings.Split(all, "\n"), func(line string) bool { return len(line) > 3000 }) {
		t.Error("no user has a field of some kilobytes")
	}
}

func TestAnExpandAddsItsKeyAndChangesNothingElse(t *testing.T) {
	t.Parallel()
	s := newSimulator(t, genesyssim.Config{Users: 200, Seed: 5})
	names := []string{
		"certifications", "biography", "employerInfo", "routingStatus", "presence", "conversationSummary", "outOfOffice",
		"geolocation", "station", "authorization", "profileSkills", "locations", "groups", "team", "skills", "languages",
		"languagePreference", "dateLastLogin",
	}
	plain := strings.Split(written(t, s, query{}), "\n")
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := false
			for i, line := range strings.Split(written(t, s, query{Expand: []string{name}}), "\n") {
				if line == "" {
					continue
				}
				var expanded map[string]json.RawMessage
				if err := json.Unmarshal([]byte(line), &expanded); err != nil {
					t.Fatalf("decode %s: %v", line, err)
				}
				if value, there := expanded[name]; there {
					found = true
					line = strings.Replace(line, `,"`+name+`":`+string(value), "", 1)
				}
				if diff := cmp.Diff(plain[i], line); diff != "" {
					t.Fatalf("without %s the user differs (-want +got):\n%s", name, diff)
				}
			}
			if !found {
				t.Errorf("no user has %s", name)
			}
		})
	}
}

func TestWriteUsersReportsBadQueriesAndBrokenWriters(t *testing.T) {
	t.Parallel()
	s := newSimulator(t, genesyssim.Config{Users: 5})
	for name, query := range map[string]genesyssim.Query{
		"state": {State: "gone"},
	} {
		if err := s.WriteUsers(io.Discard, query); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a bad %s gives error %v, want one that names it", name, err)
		}
	}
	if err := s.WriteUsers(brokenWriter{}, genesyssim.Query{}); !errors.Is(err, errBroken) {
		t.Errorf("a broken writer gives error %v, want its own", err)
	}
}

var errBroken = errors.New("broken pipe")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
