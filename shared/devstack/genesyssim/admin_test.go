package genesyssim_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestCountsFaultsAndLogSayWhatHappenedAndShowNoTokenAndNoSecret(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := start(t, genesyssim.Config{
		Users: 100, RateLimit: 3, Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Faults: []genesyssim.Fault{{Method: "GET", Path: "/api/v2/users/query", Nth: 2, Status: 500, Note: "the second fails"}},
	})
	token := s.token()
	for _, what := range []string{usersQuery, usersQuery, `POST /api/v2/users/query {"pageSize":20}`, tokensMe, "GET /\xff", "GET /api/v2/users"} {
		s.ask(token, what)
	}
	s.ask("stranger", "GET /api/v2/users")
	got := []string{s.ask("", "GET /_sim/stats").body, s.ask("", "GET /_sim/faults").body}
	want := []string{
		`{"requests":{"GET /api/v2/tokens/me":1,"GET /api/v2/users":2,"GET /api/v2/users/query":2,"GET /` + "\ufffd" + `":1,` +
			`"POST /api/v2/users/query":1,"POST /oauth/token":1},"throttled":1,"token_requests":1,"tokens_minted":1,` +
			`"bad_token_requests":1,"early_requests":{},"pages":2,"entities_served":30,"faults_hit":1}`,
		`[{"fault":{"method":"GET","path":"/api/v2/users/query","nth":2,"status":500,"note":"the second fails"},"seen":2,"hits":1}]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts and faults in force (-want +got):\n%s", diff)
	}
	for _, hidden := range []string{token, clientSecret, clientID, "@example.com"} {
		if strings.Contains(strings.Join(got, "")+log.String(), hidden) {
			t.Errorf("the counts, the faults or the log show %q", hidden)
		}
	}
	if count := strings.Count(log.String(), `"request answered"`); count != 8 {
		t.Errorf("%d lines of requests, want 8", count)
	}
}

func TestAdminChangesTheOrganisationAtRunTime(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 10})
	admin := func(what string) int { return s.status("", "POST /_sim/"+what) }
	requestToken := func() int { return s.requestToken(clientSecret).status }
	const users = "GET /api/v2/users"
	token := s.token()
	got := [][]int{
		{admin(`faults {"path":"/api/v2/users","status":500}` + "\n" + `{"path":"/api/v2/users","status":502}`), s.status(token, users)},
		{admin("faults"), s.status(token, users), len(s.Faults())},
		{admin("revoke-tokens"), s.status(token, users)},
	}
	token = s.token()
	got = append(got,
		[]int{admin(`client {"disabled":true}`), requestToken(), s.status(token, users)},
		[]int{admin(`client {"disabled":false}`), requestToken(), s.status(token, users)}, // no old token is good again
	)
	want := [][]int{{204, 500}, {204, 200, 0}, {204, 401}, {204, 401, 401}, {204, 200, 401}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what each change is answered, and what is answered then (-want +got):\n%s", diff)
	}
}

func TestAdminRefusesWhatItDoesNotUnderstandAndWhatOtherSitesSend(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 10})
	const origin = "Origin: https://elsewhere.example"
	for asked, want := range map[[3]string]int{ // a request, and headers; the host is example.com
		{`POST /_sim/client {"disable":true}`}: 400, {`POST /_sim/client {"disabled":1}`}: 400, {`POST /_sim/faults {"path":"/","stauts":500}`}: 400,
		{"GET /_sim/users?state=gone"}: 400, {"GET /_sim/users?pageSize=5"}: 400, {"GET /_sim/conversations?interval=soon"}: 400,
		{"GET /_sim/revoke-tokens"}: 404, {"GET /_sim/elsewhere"}: 404, {"GET /_sim/"}: 404, {"POST /_sim/users"}: 404,
		{"POST /_sim/faults nonsense", "Origin: http://example.com", "Sec-Fetch-Site: same-origin"}: 400,
		{"POST /_sim/faults nonsense", origin, "Sec-Fetch-Site: cross-site"}:                        403, {"POST /_sim/client nonsense", origin}: 403, // an old browser
	} {
		if got := s.send(t.Context(), asked[0], asked[1], asked[2]).status; got != want {
			t.Errorf("%q is answered %d, want %d", asked, got, want)
		}
	}
	if s.SetFaults([]genesyssim.Fault{{Path: "/"}}) == nil {
		t.Error("a fault that does nothing is taken")
	}
}
