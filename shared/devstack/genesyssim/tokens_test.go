package genesyssim_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// tokenRequest is a request to a token endpoint, spelled out.
type tokenRequest struct {
	method, path, authorization, contentType, body string
}

func (s *sim) sendTokenRequest(t *testing.T, asked tokenRequest) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), asked.method, s.url+asked.path, strings.NewReader(asked.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", asked.contentType)
	if asked.authorization != "" {
		request.Header.Set("Authorization", asked.authorization)
	}
	got, err := s.roundTrip(request)
	if err != nil {
		t.Fatal(err)
	}

	return got
}

func basic(id, value string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+value))
}

func TestTheTokenEndpointsAnswerAsTheVendors(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{TokenLifetime: 3600 * time.Second})
	const form, grant = "application/x-www-form-urlencoded", "grant_type=client_credentials"
	inBody := grant + "&client_id=" + clientID + "&client_secret="

	tests := map[string]struct {
		asked       tokenRequest
		status      int
		err         string
		description string
	}{
		"Basic":             {tokenRequest{"POST", "/oauth/token", basic(clientID, clientSecret), form, grant}, 200, "", ""},
		"Basic, encoded":    {tokenRequest{"POST", "/oauth/token", basic(clientID, "s3cret%2Dcanary"), form, grant}, 200, "", ""},
		"in the body":       {tokenRequest{"POST", "/oauth/token", "", form, inBody + clientSecret}, 200, "", ""},
		"with a scope":      {tokenRequest{"POST", "/oauth/token", "", form + "; charset=utf-8", inBody + clientSecret + "&scope=users"}, 200, "", ""},
		"tutorial":          {tokenRequest{"POST", "/api/v2/oauth/token", "", form, inBody + clientSecret}, 200, "", ""},
		"tutorial by Basic": {tokenRequest{"POST", "/api/v2/oauth/token", basic(clientID, clientSecret), form, grant}, 200, "", ""},
		"wrong secret": {
			tokenRequest{"POST", "/oauth/token", basic(clientID, "wrong"), form, grant}, 401, "invalid_client", "authentication failed",
		},
		"wrong secret in the body": {
			tokenRequest{"POST", "/api/v2/oauth/token", "", form, inBody + "wrong"}, 401, "invalid_client", "authentication failed",
		},
		"unknown client": {
			tokenRequest{"POST", "/oauth/token", basic("nobody", clientSecret), form, grant}, 400, "invalid_client", "client not found",
		},
		"Basic that is none": {
			tokenRequest{"POST", "/oauth/token", "Basic ***", form, grant}, 400, "invalid_client", "client not found",
		},
		"no credentials": {
			tokenRequest{"POST", "/oauth/token", "", form, grant}, 401, "invalid_client", "authentication failed",
		},
		"credentials twice": {
			tokenRequest{"POST", "/oauth/token", basic(clientID, clientSecret), form, inBody + clientSecret},
			400, "invalid_request", "credentials are given twice; use one way",
		},
		"no grant type": {
			tokenRequest{"POST", "/oauth/token", basic(clientID, clientSecret), form, "scope=x"},
			400, "invalid_request", "grant_type is missing",
		},
		"another grant type": {
			tokenRequest{"POST", "/oauth/token", basic(clientID, clientSecret), form, "grant_type=password"},
			400, "unsupported_grant_type", "only client_credentials is supported",
		},
		"a parameter twice": {
			tokenRequest{"POST", "/oauth/token", basic(clientID, clientSecret), form, grant + "&" + grant},
			400, "invalid_request", "parameter grant_type is repeated",
		},
		"not a form": {
			tokenRequest{"POST", "/oauth/token", basic(clientID, clientSecret), form, "%zz"},
			400, "invalid_request", "the body is not a form",
		},
		"too long": {
			tokenRequest{"POST", "/oauth/token", basic(clientID, clientSecret), form, strings.Repeat("x", 70_000)},
			400, "invalid_request", "the body cannot be read",
		},
		"JSON": {
			tokenRequest{"POST", "/oauth/token", basic(clientID, clientSecret), "application/json", "{}"},
			400, "invalid_request", "the body must be application/x-www-form-urlencoded",
		},
		"GET": {
			tokenRequest{"GET", "/oauth/token", "", form, ""}, 405, "invalid_request", "method not allowed; use POST",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.sendTokenRequest(t, test.asked)
			if got.status != test.status {
				t.Fatalf("status is %d, want %d; body %s", got.status, test.status, got.body)
			}
			if got.header.Get("ININ-Correlation-Id") == "" {
				t.Error("there is no ININ-Correlation-Id")
			}
			if test.status == http.StatusOK {
				if diff := cmp.Diff([]string{"access_token", "token_type", "expires_in"}, keys(t, got.body)); diff != "" {
					t.Errorf("members (-want +got):\n%s", diff)
				}
				if kind, seconds := field[string](t, got.body, "token_type"), field[int](t, got.body, "expires_in"); kind != "bearer" || seconds != 3600 {
					t.Errorf("token_type %q, expires_in %d; want bearer, 3600", kind, seconds)
				}

				return
			}
			want := `{"error":"` + test.err + `","description":"` + test.description + `","error_description":"` + test.description + `"}`
			if diff := cmp.Diff(want, string(got.body)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheAPIAsksForABearerTokenThatIsGood(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{Users: 3})
	token := s.token(t)
	for authorization, want := range map[string]struct {
		status int
		code   string
	}{
		"":                                 {401, "authentication.required"},
		"Bearer unknown":                   {401, "bad.credentials"},
		"Bearer":                           {401, "bad.credentials"},
		basic(clientID, clientSecret):      {401, "bad.credentials"},
		"Bearer " + token:                  {200, ""},
		"bearer " + token:                  {200, ""},
		"Bearer " + strings.ToLower(token): {401, "bad.credentials"},
	} {
		for _, path := range []string{"/api/v2/users/query", "/api/v2/users", "/api/v2/tokens/me"} {
			t.Run(authorization+" "+path, func(t *testing.T) {
				t.Parallel()
				got := s.sendTokenRequest(t, tokenRequest{method: "GET", path: path, authorization: authorization})
				if code := codeOf(t, got.body); got.status != want.status || code != want.code {
					t.Errorf("status %d, code %q; want %d, %q", got.status, code, want.status, want.code)
				}
			})
		}
	}
}

func TestTokensMeVerifiesAndRevokesTheCallingTokenAlone(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{})
	one, other := s.token(t), s.token(t)
	if one == other {
		t.Fatal("two token requests give the same token")
	}
	status := func(method, token string) int { return s.must(t, method, "/api/v2/tokens/me", token, "").status }

	got := []int{
		status(http.MethodGet, one), status(http.MethodHead, one), status(http.MethodGet, other),
		status(http.MethodDelete, one), status(http.MethodGet, one), status(http.MethodHead, one), status(http.MethodGet, other),
	}
	if diff := cmp.Diff([]int{200, 200, 200, 200, 401, 401, 200}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	info := s.must(t, http.MethodGet, "/api/v2/tokens/me", other, "")
	if client := field[map[string]any](t, info.body, "OAuthClient"); client["id"] != clientID {
		t.Errorf("OAuthClient is %v, want id %s", client, clientID)
	}
}

func TestDisablingTheClientKillsItsTokensAndEnablingBringsNoneBack(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{})
	token := s.token(t)
	grant := url.Values{"grant_type": {"client_credentials"}}

	s.must(t, "POST", "/_sim/client", "", `{"disabled":true}`)
	if got := s.must(t, http.MethodGet, "/api/v2/tokens/me", token, ""); got.status != http.StatusUnauthorized {
		t.Errorf("the token is answered %d, want 401", got.status)
	}
	if got := s.requestToken(t, clientID, clientSecret, grant); got.status != http.StatusUnauthorized {
		t.Errorf("the token request is answered %d, want 401", got.status)
	}
	s.must(t, "POST", "/_sim/client", "", `{"disabled":false}`)
	if got := s.must(t, http.MethodGet, "/api/v2/tokens/me", token, ""); got.status != http.StatusUnauthorized {
		t.Errorf("after enabling, the old token is answered %d, want 401", got.status)
	}
	if got := s.must(t, http.MethodGet, "/api/v2/tokens/me", s.token(t), ""); got.status != http.StatusOK {
		t.Errorf("after enabling, a new token is answered %d, want 200", got.status)
	}
}

func TestNewNamesEveryFieldThatDoesNotHold(t *testing.T) {
	t.Parallel()
	_, err := genesyssim.New(genesyssim.Config{
		Users: -1, TokenLifetime: 1500 * time.Millisecond, IdleTimeout: -1, RateLimit: -1, TokenRateLimit: -1,
		Latency: -1, MaxPageSize: -1, Faults: []genesyssim.Fault{{}},
	})
	if err == nil {
		t.Fatal("New takes it")
	}
	for _, name := range []string{
		"Users", "ClientID", "ClientSecret", "TokenLifetime", "IdleTimeout", "RateLimit", "TokenRateLimit", "Latency",
		"MaxPageSize", "Faults, number 1",
	} {
		if !strings.Contains(err.Error(), "field "+name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}
