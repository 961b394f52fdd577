package genesyssim_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestStatsCountWhatHappened(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 100, RateLimit: 3})
	token := s.token(t)
	s.must(t, http.MethodGet, "/api/v2/users/query?pageSize=10", token, "")
	s.must(t, http.MethodPost, "/api/v2/users/query", token, `{"pageSize":20}`)
	s.must(t, http.MethodGet, "/api/v2/tokens/me", token, "")
	s.must(t, http.MethodGet, "/api/v2/users", token, "")
	s.must(t, http.MethodGet, "/api/v2/users", "stranger", "")

	const want = `{"requests":{"GET /api/v2/tokens/me":1,"GET /api/v2/users":2,"GET /api/v2/users/query":1,` +
		`"POST /api/v2/users/query":1,"POST /oauth/token":1},"throttled":1,"token_requests":1,"tokens_minted":1,` +
		`"bad_token_requests":1,"early_requests":{},"pages":2,"entities_served":30,"faults_hit":0}`
	got := s.must(t, http.MethodGet, "/_sim/stats", "", "")
	if diff := cmp.Diff(want, string(got.body)); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if got := s.must(t, http.MethodPost, "/_sim/reset-stats", "", ""); got.status != http.StatusNoContent {
		t.Errorf("reset-stats answers %d, want 204", got.status)
	}
	empty := genesyssim.Stats{Requests: map[string]int64{}, EarlyRequests: map[string]int64{}}
	if diff := cmp.Diff(empty, s.Stats()); diff != "" {
		t.Errorf("stats after the reset (-want +got):\n%s", diff)
	}
}

func TestAdminUsersAreThoseOfTheListing(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 300, Seed: 4})
	for path, asked := range map[string]query{
		"/_sim/users":             {},
		"/_sim/users?state=any":   {State: "any"},
		"/_sim/users?expand=team": {Expand: []string{"team"}},
		"/_sim/users?state=deleted&sortOrder=DESC&expand=team,groups&expand=skills": {
			State: "deleted", SortOrder: "DESC", Expand: []string{"groups", "skills", "team"},
		},
	} {
		got := s.must(t, http.MethodGet, path, "", "")
		if diff := cmp.Diff(written(t, s.Simulator, asked), string(got.body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestAdminChangesTheOrganisationAtRunTime(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 10})
	token := s.token(t)
	admin := func(path, body string) int { return s.must(t, http.MethodPost, "/_sim/"+path, "", body).status }
	attempt := func(value string) answer {
		return s.requestToken(t, clientID, value, url.Values{"grant_type": {"client_credentials"}})
	}

	if got := admin("token-lifetime", `{"seconds":300}`); got != http.StatusNoContent {
		t.Errorf("token-lifetime answers %d, want 204", got)
	}
	if seconds := field[int](t, attempt(clientSecret).body, "expires_in"); seconds != 300 {
		t.Errorf("expires_in is %d, want 300", seconds)
	}
	if got := admin("faults", `{"path":"/api/v2/users","status":500}`+"\n"+`{"path":"/api/v2/users","status":502}`); got != http.StatusNoContent {
		t.Errorf("faults answers %d, want 204", got)
	}
	if got := s.must(t, http.MethodGet, "/api/v2/users", token, "").status; got != http.StatusInternalServerError {
		t.Errorf("the scripted request is answered %d, want 500", got)
	}
	if got := admin("faults", ""); got != http.StatusNoContent {
		t.Errorf("an empty script is answered %d, want 204", got)
	}
	if got := s.must(t, http.MethodGet, "/api/v2/users", token, "").status; got != http.StatusOK {
		t.Errorf("without the script the request is answered %d, want 200", got)
	}
	if got := admin("revoke-tokens", ""); got != http.StatusNoContent {
		t.Errorf("revoke-tokens answers %d, want 204", got)
	}
	if got := s.must(t, http.MethodGet, "/api/v2/users", token, "").status; got != http.StatusUnauthorized {
		t.Errorf("the revoked token is answered %d, want 401", got)
	}
	token = s.token(t)
	got := s.must(t, http.MethodPost, "/_sim/client", "", `{"secret":"changed"}`)
	if got.status != http.StatusNoContent || len(got.body) != 0 {
		t.Errorf("client answers %d with %q, want 204 with nothing", got.status, got.body)
	}
	if old, changed := attempt(clientSecret).status, attempt("changed").status; old != 401 || changed != 200 {
		t.Errorf("the old secret is answered %d, the new one %d; want 401, 200", old, changed)
	}
	if got := admin("client", `{"regenerate_secret":true}`); got != http.StatusNoContent {
		t.Errorf("regenerate_secret answers %d, want 204", got)
	}
	if changed, good := attempt("changed").status, s.must(t, http.MethodGet, "/api/v2/users", token, "").status; changed != 401 || good != 200 {
		t.Errorf("with a new secret the old one is answered %d and a token from before %d; want 401, 200", changed, good)
	}
	got = s.must(t, http.MethodPost, "/_sim/client", "", `{"disabled":true}`)
	if got.status != http.StatusNoContent || len(got.body) != 0 {
		t.Errorf("client answers %d with %q, want 204 with nothing", got.status, got.body)
	}
	if got := admin("client", `{"secret":"changed","disabled":false}`); got != http.StatusNoContent {
		t.Errorf("client answers %d, want 204", got)
	}
	if got := attempt("changed").status; got != http.StatusOK {
		t.Errorf("after all, the token request is answered %d, want 200", got)
	}
}

func TestAdminRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 10})
	for _, test := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/_sim/token-lifetime", `{"seconds":0}`, 400},
		{"POST", "/_sim/token-lifetime", `{"seconds":9223372036854775807}`, 400},
		{"POST", "/_sim/token-lifetime", `{"minutes":1}`, 400},
		{"POST", "/_sim/client", `{"disable":true}`, 400},
		{"POST", "/_sim/client", `{"secret":""}`, 400},
		{"POST", "/_sim/client", `{"secret":"x","regenerate_secret":true}`, 400},
		{"POST", "/_sim/faults", `{"path":"/","stauts":500}`, 400},
		{"GET", "/_sim/users?state=gone", "", 400},
		{"GET", "/_sim/users?pageSize=5", "", 400},
		{"GET", "/_sim/reset-stats", "", 404},
		{"GET", "/_sim/elsewhere", "", 404},
	} {
		if got := s.must(t, test.method, test.path, "", test.body); got.status != test.status {
			t.Errorf("%s %s %s is answered %d, want %d", test.method, test.path, test.body, got.status, test.status)
		}
	}
	if err := s.SetFaults([]genesyssim.Fault{{Path: "/"}}); err == nil {
		t.Error("SetFaults takes a fault that does nothing")
	}
	if err := s.SetTokenLifetime(time.Millisecond); err == nil {
		t.Error("SetTokenLifetime takes a millisecond")
	}
}

func TestTheLogNamesNoTokenSecretOrEntity(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := start(t, genesyssim.Config{Users: 10, Logger: logger})
	token := s.token(t)
	s.must(t, http.MethodGet, usersQuery, token, "")
	s.must(t, http.MethodGet, usersQuery, token+"x", "")

	if count := strings.Count(log.String(), `"request answered"`); count != 3 {
		t.Errorf("%d lines of requests, want 3", count)
	}
	for _, hidden := range []string{token, clientSecret, "example.com"} {
		if strings.Contains(log.String(), hidden) {
			t.Errorf("the log holds %q", hidden)
		}
	}
}
