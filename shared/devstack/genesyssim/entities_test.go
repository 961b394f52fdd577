package genesyssim_test

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestTheSameSeedGivesTheSameUsersAndAnotherSeedOthers(t *testing.T) {
	t.Parallel()
	users := func(seed uint64) string {
		return start(t, genesyssim.Config{Users: 500, Seed: seed}).ownList("users?state=any&expand=biography,authorization&expand=dateLastLogin")
	}
	if diff := cmp.Diff(users(1), users(1)); diff != "" || users(1) == users(2) {
		t.Errorf("another seed gives the same: %t; the same seed (-one +again):\n%s", users(1) == users(2), diff)
	}
}

func TestUsersAreWhatOrganisationsHold(t *testing.T) {
	t.Parallel()
	const users = 2_000
	all := start(t, genesyssim.Config{Users: users, Seed: 11}).ownList("users?state=any")
	states, ids, optional := map[string]int{}, map[string]bool{}, map[string]int{}
	for line := range strings.Lines(all) {
		states[member[string](t, line, "state")]++
		ids[member[string](t, line, "id")] = true
		for _, name := range keys(line) {
			optional[name]++
		}
	}
	if diff := cmp.Diff(map[string]int{"active": 1_700, "inactive": 200, "deleted": 100}, states); diff != "" {
		t.Errorf("users by state (-want +got):\n%s", diff)
	}
	if len(ids) != users || !utf8.ValidString(all) {
		t.Errorf("%d distinct ids of %d users; valid UTF-8: %t", len(ids), users, utf8.ValidString(all))
	}
	for _, name := range []string{"title", "department", "manager", "images", "preferredName", "chat"} {
		if count := optional[name]; count == 0 || count == users {
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
	s := start(t, genesyssim.Config{Users: 200, Seed: 5})
	plain := strings.Split(s.ownList("users"), "\n")
	for name := range strings.FieldsSeq("certifications biography employerInfo routingStatus presence conversationSummary outOfOffice geolocation " +
		"station authorization profileSkills locations groups team skills languages languagePreference dateLastLogin") {
		found := 0
		for i, line := range strings.Split(strings.TrimSpace(s.ownList("users?expand="+name)), "\n") {
			if value := member[json.RawMessage](t, line, name); value != nil {
				found++
				line = strings.Replace(line, `,"`+name+`":`+string(value), "", 1)
			}
			if diff := cmp.Diff(plain[i], line); diff != "" {
				t.Fatalf("without %s the user differs (-want +got):\n%s", name, diff)
			}
		}
		if found == 0 {
			t.Errorf("no user has %s", name)
		}
	}
}

func TestWriteListingReportsWhatItCannotListAndBrokenWriters(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 500})
	for _, what := range []string{"users?state=gone", "kites", "conversations", "audits?interval=today", "queues?interval=" + day} {
		name, _, _ := strings.Cut(what, "?")
		if err := s.WriteListing(io.Discard, what); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v, want one that names it", what, err)
		}
	}
	reader, writer := io.Pipe()
	_ = reader.Close()
	if err := s.WriteListing(writer, "users"); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a broken writer gives error %v, want its own", err)
	}
}
