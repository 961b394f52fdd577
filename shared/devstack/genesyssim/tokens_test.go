package genesyssim_test

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func basic(id, value string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+value))
}

func TestTheTokenEndpointsAnswerAsTheVendors(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{TokenLifetime: time.Hour})
	const good, inBody = "Basic good", grant + "&client_id=" + clientID + "&client_secret="
	const failed, unknown = "401 invalid_client authentication failed", "400 invalid_client client not found"
	headers := map[string]string{good: basic(clientID, clientSecret)[15:], "Basic wrong": basic(clientID, "wrong")[15:], "Basic nobody": basic("nobody", clientSecret)[15:]}
	for _, test := range []struct{ body, authorization, want string }{
		{grant, good, "200"},
		{grant, basic(clientID, "s3cret%2Dcanary")[15:], "200"}, // encoded, as the RFC has it
		{inBody + clientSecret, "", "200"},
		{inBody + clientSecret + "&scope=users", "", "200"},
		{grant, "Basic wrong", failed},
		{inBody + "wrong", "", failed},
		{grant, "", failed},
		{grant, "Basic nobody", unknown},
		{grant, "Basic ***", unknown},
		{inBody + clientSecret, good, "400 invalid_request credentials are given twice; use one way"},
		{"scope=x", good, "400 invalid_request grant_type is missing"},
		{"grant_type=password", good, "400 unsupported_grant_type only client_credentials is supported"},
		{grant + "&" + grant, good, "400 invalid_request parameter grant_type is repeated"},
		{"%zz", good, "400 invalid_request the body is not a form"},
		{strings.Repeat("x", 70_000), good, "400 invalid_request the body cannot be read"},
	} {
		for _, path := range []string{"/oauth/token", "/api/v2/oauth/token"} { // the vendor's and the tutorial's
			got := s.send(t.Context(), "POST "+path+" "+test.body, form+"; charset=utf-8", "Authorization: "+cmp.Or(headers[test.authorization], test.authorization))
			code, rest, _ := strings.Cut(strings.TrimPrefix(test.want, strconv.Itoa(got.status)+" "), " ")
			want := `{"error":"` + code + `","description":"` + rest + `","error_description":"` + rest + `"}`
			if test.want == "200" {
				want = `{"access_token":"` + member[string](t, got.body, "access_token") + `","token_type":"bearer","expires_in":3600}`
			}
			if diff := gocmp.Diff(want, got.body); diff != "" || got.header.Get("ININ-Correlation-Id") == "" {
				t.Errorf("%s, %.60s: status %d, headers %v; body (-want +got):\n%s", path, test.body, got.status, got.header, diff)
			}
		}
	}
	for what, want := range map[string]int{"GET /oauth/token": 405, "POST /oauth/token {}": 400} { // no form
		if got := s.status("", what); got != want {
			t.Errorf("%s is answered %d, want %d", what, got, want)
		}
	}
}

func TestTheAPIAsksForATokenThatIsGoodAndRevokesTheCallingOneAlone(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{})
	one, other := s.token(), s.token()
	const verify, revoke = "HEAD /api/v2/tokens/me", "DELETE /api/v2/tokens/me"
	got := []int{
		s.status(one, tokensMe), s.status(one, verify), s.status(other, usersQuery), s.status("stranger", usersQuery), s.status(strings.ToLower(one), usersQuery),
		s.status(one, revoke), s.status(one, tokensMe), s.status(one, verify), s.status(one, usersQuery), s.status(other, tokensMe),
	}
	if diff := gocmp.Diff([]int{200, 200, 200, 401, 401, 200, 401, 401, 401, 200}, got); diff != "" || one == other {
		t.Errorf("the same token twice: %t; statuses (-want +got):\n%s", one == other, diff)
	}
	if client := member[map[string]any](t, s.ask(other, tokensMe).body, "OAuthClient"); client["id"] != clientID {
		t.Errorf("OAuthClient is %v, want id %s", client, clientID)
	}
	for authorization, want := range map[string]string{
		"": "authentication.required", "Bearer": "bad.credentials", basic(clientID, clientSecret)[15:]: "bad.credentials", "bearer " + other: "",
	} {
		got := s.send(t.Context(), "GET /api/v2/users", "Authorization: "+authorization)
		if code := member[string](t, got.body, "code"); code != want {
			t.Errorf("%q is answered %d %s, want %s", authorization, got.status, code, want)
		}
	}
}

func TestATokenLivesAsItsSettingsSay(t *testing.T) {
	t.Parallel()
	const second, minute, day = time.Second, time.Minute, 24 * time.Hour
	idle := genesyssim.Config{IdleTimeout: 15 * minute}
	for _, test := range []struct {
		config genesyssim.Config
		asked  []time.Duration // after the token was minted
		want   []int
	}{
		{genesyssim.Config{}, []time.Duration{day - second, day}, []int{200, 401}},
		{genesyssim.Config{TokenLifetime: 300 * second}, []time.Duration{299 * second, 300 * second}, []int{200, 401}},
		{idle, []time.Duration{14 * minute, 28 * minute, 43 * minute}, []int{200, 200, 401}}, // use keeps it alive
		{idle, []time.Duration{15 * minute, 15*minute + 1}, []int{401, 401}},                 // and does not wake it
	} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, test.config)
			token, minted := s.token(), time.Now()
			var got []int
			for _, at := range test.asked {
				time.Sleep(time.Until(minted.Add(at)))
				got = append(got, s.status(token, tokensMe))
			}
			if bad := strings.Count(fmt.Sprint(got), "401"); !gocmp.Equal(test.want, got) || s.Stats().BadTokenRequests != int64(bad) {
				t.Errorf("%+v: asked at %v it is answered %d, want %d; %d bad token requests", test.config, test.asked, got, test.want, s.Stats().BadTokenRequests)
			}
		})
	}
}

func TestTheRateLimitLetsThroughAgainWhenItsWindowHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, genesyssim.Config{RateLimit: 3, RateWindow: 20 * time.Second})
		token, other := s.token(), s.token()
		var got []string
		for _, caller := range []string{token, token, token, token, other, "stranger", token, token, token} {
			reply := s.ask(caller, usersQuery)
			got = append(got, strings.TrimSpace(fmt.Sprint(reply.status, " ", reply.header.Get("Retry-After"), limitOf(reply.body))))
			time.Sleep(2500 * time.Millisecond)
		}
		// Another token has a window of its own, and a stranger's requests count nowhere. The last begins a new window.
		want := []string{
			"200", "200", "200", "429 13 9", "200", "401", "429 5 9", "429 3 9", "200",
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("status, Retry-After, limit.value (-want +got):\n%s", diff)
		}
		stats := s.Stats() // the last comes early, too: a Retry-After is in whole seconds, rounded up
		if diff := gocmp.Diff(map[string]int64{"/api/v2/users/query": 3}, stats.EarlyRequests); diff != "" || stats.Throttled != 3 {
			t.Errorf("%d throttled, want 3; early requests (-want +got):\n%s", stats.Throttled, diff)
		}
	})
}

// limitOf is the limit of a 429 as the platform words it, after a space; "" where there is none.
func limitOf(body string) string {
	_, limit, found := strings.Cut(body, `"limit":{"key":"user.rate.per.minute","namespace":"directory","value":`)
	if !found {
		return ""
	}

	return " " + strings.TrimSuffix(limit, "}}")
}

func TestA429NamesTheLimitOfAMinuteWhateverTheWindow(t *testing.T) {
	t.Parallel()
	for window, want := range map[time.Duration]string{
		0: " 2", 2 * time.Second: " 60", 7 * time.Second: " 17", 2 * time.Minute: " 1", time.Hour: " 1", 1: " 2147483647",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, genesyssim.Config{RateLimit: 2, RateWindow: window})
			token := s.token()
			_, _ = s.ask(token, tokensMe), s.ask(token, tokensMe)
			if got := s.ask(token, tokensMe); limitOf(got.body) != want || got.status != http.StatusTooManyRequests {
				t.Errorf("a window of %s: status %d, limit%s; want%s", window, got.status, limitOf(got.body), want)
			}
		})
	}
}

func TestRequestsBeforeRetryAfterHasPassedAreCountedByPath(t *testing.T) {
	t.Parallel()
	const users, token = "/api/v2/users/query", "/oauth/token"
	for name, test := range map[string]struct {
		fault   genesyssim.Fault
		seconds int // between the reply and the next request
		early   int64
	}{
		"seconds, early":                {genesyssim.Fault{Path: users, Status: 429, RetryAfter: "20"}, 19, 1},
		"seconds, in time":              {genesyssim.Fault{Path: users, Status: 503, RetryAfter: "20"}, 20, 0},
		"date, early":                   {genesyssim.Fault{Path: users, Status: 429, RetryAfter: "Sat, 01 Jan 2000 00:00:30 GMT"}, 28, 1},
		"date, in time":                 {genesyssim.Fault{Path: users, Status: 429, RetryAfter: "Sat, 01 Jan 2000 00:00:30 GMT"}, 30, 0},
		"date in the past":              {genesyssim.Fault{Path: users, Status: 429, RetryAfter: "Fri, 31 Dec 1999 23:59:55 GMT"}, 0, 0},
		"garbage":                       {genesyssim.Fault{Path: users, Status: 429, RetryAfter: "soon"}, 0, 0},
		"another status":                {genesyssim.Fault{Path: users, Status: 500, RetryAfter: "20"}, 0, 0},
		"token, early for every caller": {genesyssim.Fault{Path: token, Nth: 3, Status: 429, RetryAfter: "7"}, 6, 1},
		"token, in time":                {genesyssim.Fault{Path: token, Nth: 3, Status: 429, RetryAfter: "7"}, 7, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, genesyssim.Config{Users: 5, Faults: []genesyssim.Fault{test.fault}})
			one, other := s.token(), s.token()
			_, _, _ = s.ask(one, usersQuery), s.ask(other, usersQuery), s.requestToken(clientSecret) // the other was not throttled and need not wait
			time.Sleep(time.Duration(test.seconds) * time.Second)
			_, _ = s.ask(one, usersQuery), s.requestToken(clientSecret)
			if got := s.Stats().EarlyRequests; got[test.fault.Path] != test.early || int64(len(got)) != test.early {
				t.Errorf("%s: early requests are %v, want %d", name, got, test.early)
			}
		})
	}
}
