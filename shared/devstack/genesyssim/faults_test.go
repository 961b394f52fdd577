package genesyssim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// loadFaults parses a script of testdata.
func loadFaults(t *testing.T, name string) []genesyssim.Fault {
	t.Helper()
	text, errRead := os.ReadFile(filepath.Join("testdata", "faults", name))
	faults, errParse := genesyssim.ParseFaults(bytes.NewReader(text))
	if errRead != nil || errParse != nil {
		t.Fatal(name, errRead, errParse)
	}

	return faults
}

// observer writes requests and replies as testdata/replies has them, a line each: with a name for what differs between simulators.
// A request is 1 or 2 for the first or the second page of ten users, t for a token, m for the token's own description, q for the page behind
// all languages, j for a job and how it is then.
type observer struct {
	*sim

	token string
	link2 string
	named *strings.Replacer
}

func newObserver(t *testing.T, s *sim) *observer {
	t.Helper()
	plain := start(t, genesyssim.Config{Users: 100})
	token := plain.token()
	ten := func(page string) string {
		return strings.ReplaceAll(strings.TrimSuffix(lines(t, page), "\n"), "\n", ",")
	}
	one := plain.ask(token, usersQuery).body
	link2, cursor2 := member[string](t, one, "nextUri"), member[string](t, one, "cursor")
	two := plain.ask(token, "GET "+link2).body

	return &observer{s, s.token(), link2, strings.NewReplacer(
		ten(one), "TEN", ten(two), "NEXT TEN", member[string](t, two, "nextUri"), "LINK3", link2, "LINK2",
		member[string](t, one, "selfUri"), "LINK1", cursor2, "CURSOR2", member[string](t, two, "cursor"), "CURSOR3",
		plain.ask(token, tokensMe).body, "ME",
	)}
}

// observe sends a request, and says what came of it.
func (o *observer) observe(asked string) string {
	began, what := time.Now(), map[string]string{"1": usersQuery, "2": "GET " + o.link2, "m": tokensMe, "q": "GET /api/v2/routing/languages?pageNumber=9"}[asked]
	ctx, cancel := context.WithTimeout(o.t.Context(), time.Minute)
	defer cancel()
	var got answer
	switch asked {
	case "t":
		got = o.requestToken(clientSecret)
	case "j":
		got = o.ask(o.token, "GET "+o.submit(o.token, callJobs, day))
	default:
		got = o.send(ctx, what, "Authorization: Bearer "+o.token)
	}
	id := `"contextId":"` + got.header.Get("ININ-Correlation-Id")
	seen := strings.ReplaceAll(fmt.Sprintf("%d %s", got.status, o.named.Replace(got.body)), id, `"contextId":"ID`)
	if fresh := regexp.MustCompile(`{"access_token":"(\w{52})","token_type":"bearer","expires_in":86400}`).FindStringSubmatch(seen); fresh != nil {
		o.token, seen = fresh[1], "200 TOKEN"
	}
	seen = regexp.MustCompile(`"(/api/v2/users/query\?cursor=)?[\w-]{50,}(&pageSize=10)?"`).ReplaceAllString(seen, `"NEW"`)
	parts := []string{seen}
	for _, name := range []string{"Retry-After", "Location", "inin-ratelimit-allowed", "Content-Type"} {
		if value := got.header.Get(name); value != "" && value != "application/json" {
			parts = append(parts, name+": "+value)
		}
	}
	if length, err := strconv.Atoi(got.header.Get("Content-Length")); err == nil && length != len(got.body) {
		parts = append(parts, fmt.Sprintf("of %d bytes more", length-len(got.body)))
	}
	if took := time.Since(began); took > 0 {
		parts = append(parts, "after "+took.String())
	}

	return strings.TrimRight(asked+" "+strings.Join(parts, " "), " ")
}

// TestEveryFaultHappensAsScripted tries each example of testdata/faults: testdata/replies has what it makes of some requests.
func TestEveryFaultHappensAsScripted(t *testing.T) {
	t.Parallel()
	shown := map[genesyssim.Action]bool{}
	scripts, _ := filepath.Glob("testdata/faults/*.jsonl")
	for _, script := range scripts {
		name := strings.TrimSuffix(filepath.Base(script), ".jsonl")
		faults := loadFaults(t, name+".jsonl")
		for _, fault := range faults {
			shown[fault.Action] = true
			if fault.Note == "" {
				t.Errorf("%s has a fault without a note", name)
			}
		}
		want, err := os.ReadFile("testdata/replies/" + name + ".txt")
		if err != nil {
			t.Error(err)
		}
		synctest.Test(t, func(t *testing.T) {
			o := newObserver(t, start(t, genesyssim.Config{Users: 100}))
			if err := o.SetFaults(faults); err != nil {
				t.Error(err)
			}
			var got strings.Builder
			for line := range strings.Lines(string(want)) {
				got.WriteString(o.observe(line[:1]) + "\n")
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" || o.Stats().FaultsHit == 0 {
				t.Errorf("%s: %d faults hit; replies (-want +got):\n%s", name, o.Stats().FaultsHit, diff)
			}
		})
	}
	for _, action := range genesyssim.Actions() {
		if !shown[action] {
			t.Errorf("no example shows %s", action)
		}
	}
}

func TestConnectionsBreakOverTLSToo(t *testing.T) {
	t.Parallel()
	for _, protocol := range []int{1, 2} {
		for _, action := range []genesyssim.Action{genesyssim.ActionReset, genesyssim.ActionResetBody, genesyssim.ActionTruncate} {
			s := start(t, genesyssim.Config{Users: 100, Faults: []genesyssim.Fault{{Path: "/api/v2/users/query", Action: action}}})
			server := httptest.NewUnstartedServer(s)
			server.EnableHTTP2 = protocol == 2
			server.StartTLS()
			defer server.Close()
			var got []string
			for range 2 {
				request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/v2/users/query", http.NoBody)
				request.Header.Set("Authorization", "Bearer "+s.token())
				reply, err := server.Client().Do(request)
				if err == nil {
					_, err = io.ReadAll(reply.Body)
					err = errors.Join(err, reply.Body.Close())
				}
				got = append(got, fmt.Sprint(err == nil, " ", reply != nil && reply.ProtoMajor == protocol))
			}
			if want := []string{fmt.Sprint("false ", action != genesyssim.ActionReset), "true true"}; !cmp.Equal(got, want) {
				t.Errorf("HTTP/%d, %s: a reply came whole, and by that protocol: %v, want %v", protocol, action, got, want)
			}
		}
	}
}

func TestParseFaultsNamesTheLineThatIsWrong(t *testing.T) {
	t.Parallel()
	const good = `{"path":"/oauth/token","status":500}` + "\n"
	for script, want := range map[string]string{
		good + "\n" + `{"path":"/","stauts":500}`:                     "line 3 of the fault script",
		good + "status 500":                                           "line 2 of the fault script",
		`{"path":"/","status":500}{}`:                                 "line 1 of the fault script",
		`{"status":500}`:                                              "field path",
		`{"path":"/","status":500,"nth":-1}`:                          "negative",
		`{"path":"/","status":500,"times":-2}`:                        "negative",
		`{"path":"/","status":99}`:                                    "field status",
		`{"path":"/","action":"explode"}`:                             "field action",
		`{"path":"/oauth/token","action":"empty_page"}`:               "has no pages",
		`{"path":"/oauth/token","set":{"cursor":null}}`:               "has no pages",
		`{"path":"/api/v2/users","action":"empty_page","status":500}`: "scripted reply",
		`{"path":"/api/v2/users","nth":3}`:                            "does nothing",
		`{"path":"/api/v2/users","status":"500"}`:                     "line 1",
	} {
		if _, err := genesyssim.ParseFaults(strings.NewReader(script)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want one with %q", script, err, want)
		}
	}
	long := strings.Repeat("x", 4<<20)
	faults, err := genesyssim.ParseFaults(strings.NewReader(`{"path":"/api/v2/users","entity":"` + long + `"}`))
	if err != nil || len(faults) != 1 || faults[0].Entity != long {
		t.Errorf("%d faults of a line of 4 MB, error %v", len(faults), err)
	}
}
