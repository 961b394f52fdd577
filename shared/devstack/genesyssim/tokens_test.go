package genesyssim_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func basic(id, value string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+value))
}

func TestTheTokenEndpointsAnswerAsTheVendors(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{TokenLifetime: time.Hour})
	const login, tutorial, inBody = "POST /oauth/token", "POST /api/v2/oauth/token", grant + "&client_id=" + clientID + "&client_secret="
	good := basic(clientID, clientSecret)
	for name, test := range map[string]struct {
		what, body    string
		headers       []string
		status        int
		code, message string
	}{
		"Basic":             {login, grant, []string{form, good}, 200, "", ""},
		"Basic, encoded":    {login, grant, []string{form, basic(clientID, "s3cret%2Dcanary")}, 200, "", ""},
		"in the body":       {login, inBody + clientSecret, []string{form}, 200, "", ""},
		"with a scope":      {login, inBody + clientSecret + "&scope=users", []string{form + "; charset=utf-8"}, 200, "", ""},
		"tutorial":          {tutorial, inBody + clientSecret, []string{form}, 200, "", ""},
		"tutorial by Basic": {tutorial, grant, []string{form, good}, 200, "", ""},

		"wrong secret":             {login, grant, []string{form, basic(clientID, "wrong")}, 401, "invalid_client", "authentication failed"},
		"wrong secret in the body": {tutorial, inBody + "wrong", []string{form}, 401, "invalid_client", "authentication failed"},
		"unknown client":           {login, grant, []string{form, basic("nobody", clientSecret)}, 400, "invalid_client", "client not found"},
		"Basic that is none":       {login, grant, []string{form, "Authorization: Basic ***"}, 400, "invalid_client", "client not found"},
		"no credentials":           {login, grant, []string{form}, 401, "invalid_client", "authentication failed"},
		"credentials twice": {
			login, inBody + clientSecret, []string{form, good}, 400, "invalid_request", "credentials are given twice; use one way",
		},
		"no grant type": {login, "scope=x", []string{form, good}, 400, "invalid_request", "grant_type is missing"},
		"another grant type": {
			login, "grant_type=password", []string{form, good}, 400, "unsupported_grant_type", "only client_credentials is supported",
		},
		"a parameter twice": {login, grant + "&" + grant, []string{form, good}, 400, "invalid_request", "parameter grant_type is repeated"},
		"not a form":        {login, "%zz", []string{form, good}, 400, "invalid_request", "the body is not a form"},
		"too long":          {login, strings.Repeat("x", 70_000), []string{form, good}, 400, "invalid_request", "the body cannot be read"},
		"JSON": {
			login, "{}",
			[]string{"Content-Type: application/json", good},
			400, "invalid_request", "the body must be application/x-www-form-urlencoded",
		},
		"GET": {"GET /oauth/token", "", []string{form}, 405, "invalid_request", "method not allowed; use POST"},
	} {
		got := s.send(t.Context(), test.what+" "+test.body, test.headers...)
		want := `{"error":"` + test.code + `","description":"` + test.message + `","error_description":"` + test.message + `"}`
		if test.status == http.StatusOK {
			want = `{"access_token":"` + member[string](t, got.body, "access_token") + `","token_type":"bearer","expires_in":3600}`
		}
		if diff := cmp.Diff(want, got.body); diff != "" || got.status != test.status || got.header.Get("ININ-Correlation-Id") == "" {
			t.Errorf("%s: status %d, want %d; headers %v; body (-want +got):\n%s", name, got.status, test.status, got.header, diff)
		}
	}
}

func TestTheAPIAsksForABearerTokenThatIsGood(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 3})
	token := s.token()
	for authorization, want := range map[string]struct {
		status int
		code   string
	}{
		"":                                 {401, "authentication.required"},
		"Bearer unknown":                   {401, "bad.credentials"},
		"Bearer":                           {401, "bad.credentials"},
		basic(clientID, clientSecret)[15:]: {401, "bad.credentials"},
		"Bearer " + token:                  {200, ""},
		"bearer " + token:                  {200, ""},
		"Bearer " + strings.ToLower(token): {401, "bad.credentials"},
	} {
		for _, what := range []string{usersQuery, "GET /api/v2/users", tokensMe} {
			got := s.send(t.Context(), what, "Authorization: "+authorization)
			if code := member[string](t, got.body, "code"); got.status != want.status || code != want.code {
				t.Errorf("%s, %q: status %d, code %q; want %d, %q", what, authorization, got.status, code, want.status, want.code)
			}
		}
	}
}

func TestTokensMeVerifiesAndRevokesTheCallingTokenAlone(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{})
	one, other := s.token(), s.token()
	const verify, revoke = "HEAD /api/v2/tokens/me", "DELETE /api/v2/tokens/me"
	got := []int{
		s.status(one, tokensMe), s.status(one, verify), s.status(other, tokensMe),
		s.status(one, revoke), s.status(one, tokensMe), s.status(one, verify), s.status(other, tokensMe),
	}
	if diff := cmp.Diff([]int{200, 200, 200, 200, 401, 401, 200}, got); diff != "" || one == other {
		t.Errorf("the same token twice: %t; statuses (-want +got):\n%s", one == other, diff)
	}
	if client := member[map[string]any](t, s.ask(other, tokensMe).body, "OAuthClient"); client["id"] != clientID {
		t.Errorf("OAuthClient is %v, want id %s", client, clientID)
	}
}

// TestATokenLivesAsItsSettingsSay asks with tokens at times after they were minted.
func TestATokenLivesAsItsSettingsSay(t *testing.T) {
	t.Parallel()
	const second, day = time.Second, 24 * time.Hour
	for name, test := range map[string]struct {
		config genesyssim.Config
		asked  []time.Duration
		want   []int
		bad    int64
	}{
		"a day by default": {genesyssim.Config{}, []time.Duration{day - second, day}, []int{200, 401}, 1},
		"five minutes":     {genesyssim.Config{TokenLifetime: 300 * second}, []time.Duration{299 * second, 300 * second}, []int{200, 401}, 1},
		"used, it does not grow idle": {
			genesyssim.Config{IdleTimeout: 15 * time.Minute},
			[]time.Duration{14 * time.Minute, 28 * time.Minute, 43 * time.Minute},
			[]int{200, 200, 401},
			1,
		},
		"idle, it is dead for good": {
			genesyssim.Config{IdleTimeout: 15 * time.Minute}, []time.Duration{15 * time.Minute, 15*time.Minute + 1}, []int{401, 401}, 2,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, test.config)
			token, minted := s.token(), time.Now()
			var got []int
			for _, at := range test.asked {
				time.Sleep(time.Until(minted.Add(at)))
				got = append(got, s.status(token, tokensMe))
			}
			if diff := cmp.Diff(test.want, got); diff != "" || s.Stats().BadTokenRequests != test.bad {
				t.Errorf("%s: %d bad token requests, want %d; statuses (-want +got):\n%s", name, s.Stats().BadTokenRequests, test.bad, diff)
			}
		})
	}
}
