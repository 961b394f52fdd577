package genesyssim_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/memnet"
)

// inBubble serves a simulator over a network in memory, under virtual time, and runs test against it.
func inBubble(t *testing.T, config genesyssim.Config, test func(t *testing.T, s *sim)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		simulator := newSimulator(t, config)
		stop, err := network.Serve("sim.test:80", simulator)
		if err != nil {
			t.Fatal(err)
		}
		transport := network.Transport()
		test(t, &sim{Simulator: simulator, url: "http://sim.test", client: &http.Client{Transport: transport}})
		transport.CloseIdleConnections()
		stop()
		synctest.Wait()
	})
}

func TestTheRateLimitLetsThroughAgainWhenItsWindowHasPassed(t *testing.T) {
	t.Parallel()
	inBubble(t, genesyssim.Config{Users: 10, RateLimit: 3}, func(t *testing.T, s *sim) {
		token, other := s.token(t), s.token(t)
		status := func(token string) int { return s.must(t, http.MethodGet, usersQuery, token, "").status }
		if diff := cmp.Diff([]int{200, 200, 200}, []int{status(token), status(token), status(token)}); diff != "" {
			t.Errorf("statuses within the limit (-want +got):\n%s", diff)
		}
		time.Sleep(37*time.Second + 500*time.Millisecond)

		got := s.must(t, http.MethodGet, usersQuery, token, "")
		want := `{"message":"Rate limit exceeded the maximum. Retry the request in [23] seconds",` +
			`"code":"too.many.requests.retry.after","status":429,"contextId":"` + got.header.Get("ININ-Correlation-Id") +
			`","details":[],"errors":[],"limit":{"key":"user.rate.per.minute","namespace":"directory","value":3}}`
		if diff := cmp.Diff(want, string(got.body)); diff != "" || got.header.Get("Retry-After") != "23" {
			t.Errorf("Retry-After %q, want 23; body (-want +got):\n%s", got.header.Get("Retry-After"), diff)
		}
		if told := limitHeaders(got.header); told != [3]string{} {
			t.Errorf("the withdrawn headers are %v, want none, as nobody asked for them", told)
		}
		if got := status(other); got != http.StatusOK {
			t.Errorf("another token is answered %d, want 200", got)
		}

		time.Sleep(22 * time.Second)
		if got := status(token); got != http.StatusTooManyRequests {
			t.Errorf("too early, the status is %d, want 429", got)
		}
		time.Sleep(time.Second)
		if got := status(token); got != http.StatusOK {
			t.Errorf("in time, the status is %d, want 200", got)
		}
		stats := s.Stats()
		if diff := cmp.Diff(map[string]int64{"/api/v2/users/query": 1}, stats.EarlyRequests); diff != "" || stats.Throttled != 2 {
			t.Errorf("%d throttled, want 2; early requests (-want +got):\n%s", stats.Throttled, diff)
		}
	})
}

func TestTheTokenEndpointIsThrottledByAn400(t *testing.T) {
	t.Parallel()
	inBubble(t, genesyssim.Config{TokenRateLimit: 1}, func(t *testing.T, s *sim) {
		s.token(t)
		got := s.requestToken(t, clientID, clientSecret, url.Values{"grant_type": {"client_credentials"}})
		const said = "rate limit exceeded; too many token requests"
		want := `{"error":"invalid_request","description":"` + said + `","error_description":"` + said + `"}`
		if diff := cmp.Diff(want, string(got.body)); diff != "" || got.status != http.StatusBadRequest {
			t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
		}
		time.Sleep(time.Minute)
		s.token(t)
		if stats := s.Stats(); stats.TokenRequests != 3 || stats.TokensMinted != 2 {
			t.Errorf("%d token requests and %d tokens, want 3 and 2", stats.TokenRequests, stats.TokensMinted)
		}
	})
}

func TestATokenExpiresAtTheEndOfItsLifetime(t *testing.T) {
	t.Parallel()
	inBubble(t, genesyssim.Config{}, func(t *testing.T, s *sim) {
		status := func(token string) int { return s.must(t, http.MethodGet, "/api/v2/tokens/me", token, "").status }
		day := s.token(t)
		if err := s.SetTokenLifetime(300 * time.Second); err != nil {
			t.Fatal(err)
		}
		short := s.token(t)

		time.Sleep(299 * time.Second)
		if got := status(short); got != http.StatusOK {
			t.Errorf("after 299 s the status is %d, want 200", got)
		}
		time.Sleep(time.Second)
		if got := status(short); got != http.StatusUnauthorized {
			t.Errorf("after 300 s the status is %d, want 401", got)
		}
		time.Sleep(24*time.Hour - 301*time.Second)
		if got := status(day); got != http.StatusOK {
			t.Errorf("the day's token is answered %d a second before its end, want 200", got)
		}
		time.Sleep(time.Second)
		if got := status(day); got != http.StatusUnauthorized {
			t.Errorf("the day's token is answered %d at its end, want 401", got)
		}
		if bad := s.Stats().BadTokenRequests; bad != 2 {
			t.Errorf("%d bad token requests, want 2", bad)
		}
	})
}

func TestAFreshTokenIsRefusedUntilTheAPIKnowsIt(t *testing.T) {
	t.Parallel()
	inBubble(t, genesyssim.Config{TokenDelay: 1500 * time.Millisecond}, func(t *testing.T, s *sim) {
		status := func(token string) int { return s.must(t, http.MethodGet, "/api/v2/tokens/me", token, "").status }
		token := s.token(t)
		time.Sleep(1499 * time.Millisecond)
		if got := status(token); got != http.StatusUnauthorized {
			t.Errorf("after 1499 ms the status is %d, want 401", got)
		}
		time.Sleep(time.Millisecond)
		if got := []int{status(token), status(s.token(t)), status(token)}; !cmp.Equal([]int{200, 401, 200}, got) {
			t.Errorf("the token, one that was just minted, and the token again are answered %d, want 200, 401, 200", got)
		}
	})
}

func TestAnIdleTokenDiesAndAUsedOneLives(t *testing.T) {
	t.Parallel()
	inBubble(t, genesyssim.Config{IdleTimeout: 15 * time.Minute}, func(t *testing.T, s *sim) {
		status := func(token string) int { return s.must(t, http.MethodGet, "/api/v2/tokens/me", token, "").status }
		used, idle := s.token(t), s.token(t)
		for range 2 {
			time.Sleep(14 * time.Minute)
			if got := status(used); got != http.StatusOK {
				t.Errorf("the used token is answered %d, want 200", got)
			}
		}
		for range 2 {
			if got := status(idle); got != http.StatusUnauthorized {
				t.Errorf("the idle token is answered %d, want 401", got)
			}
		}
		time.Sleep(15 * time.Minute)
		if got := status(used); got != http.StatusUnauthorized {
			t.Errorf("after 15 idle minutes the status is %d, want 401", got)
		}
	})
}

func TestRequestsBeforeRetryAfterHasPassedAreCountedByPath(t *testing.T) {
	t.Parallel()
	inside := -5
	ahead := 30
	tests := map[string]struct {
		fault genesyssim.Fault
		wait  time.Duration
		want  map[string]int64
	}{
		"seconds, early":   {genesyssim.Fault{Status: 429, RetryAfter: "20"}, 19 * time.Second, map[string]int64{"/api/v2/users/query": 1}},
		"seconds, in time": {genesyssim.Fault{Status: 503, RetryAfter: "20"}, 20 * time.Second, map[string]int64{}},
		"date, early":      {genesyssim.Fault{Status: 429, RetryAfterIn: &ahead}, 28 * time.Second, map[string]int64{"/api/v2/users/query": 1}},
		"date, in time":    {genesyssim.Fault{Status: 429, RetryAfterIn: &ahead}, 30 * time.Second, map[string]int64{}},
		"date in the past": {genesyssim.Fault{Status: 429, RetryAfterIn: &inside}, 0, map[string]int64{}},
		"garbage":          {genesyssim.Fault{Status: 429, RetryAfter: "soon"}, 0, map[string]int64{}},
		"another status":   {genesyssim.Fault{Status: 500, RetryAfter: "20"}, 0, map[string]int64{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.fault.Path = "/api/v2/users/query"
			inBubble(t, genesyssim.Config{Users: 5, Faults: []genesyssim.Fault{test.fault}}, func(t *testing.T, s *sim) {
				token, other := s.token(t), s.token(t)
				s.must(t, http.MethodGet, usersQuery, token, "")
				s.must(t, http.MethodGet, usersQuery, other, "")
				time.Sleep(test.wait)
				s.must(t, http.MethodGet, usersQuery, token, "")
				if diff := cmp.Diff(test.want, s.Stats().EarlyRequests); diff != "" {
					t.Errorf("early requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestTheTokenEndpointsRetryAfterBindsItsCallers(t *testing.T) {
	t.Parallel()
	fault := genesyssim.Fault{Path: "/oauth/token", Status: 429, RetryAfter: "7"}
	inBubble(t, genesyssim.Config{Faults: []genesyssim.Fault{fault}}, func(t *testing.T, s *sim) {
		grant := url.Values{"grant_type": {"client_credentials"}}
		s.requestToken(t, clientID, clientSecret, grant)
		time.Sleep(6 * time.Second)
		s.token(t)
		time.Sleep(time.Second)
		s.token(t)
		if diff := cmp.Diff(map[string]int64{"/oauth/token": 1}, s.Stats().EarlyRequests); diff != "" {
			t.Errorf("early requests (-want +got):\n%s", diff)
		}
	})
}

func TestLatencyAndFaultsOfTheConnectionUnderVirtualTime(t *testing.T) {
	t.Parallel()
	faults := []genesyssim.Fault{
		{Path: "/api/v2/users/query", Nth: 2, DelayMS: 3_600_000},
		{Path: "/api/v2/users/query", Nth: 3, Action: genesyssim.ActionHang},
		{Path: "/api/v2/users/query", Nth: 4, Action: genesyssim.ActionResetBody},
	}
	inBubble(t, genesyssim.Config{Users: 5, Latency: 2 * time.Second, Faults: faults}, func(t *testing.T, s *sim) {
		s.client.Timeout = 2 * time.Hour
		token := s.token(t)
		var took []time.Duration
		for range 4 {
			began := time.Now()
			_, _ = s.do(t.Context(), http.MethodGet, usersQuery, token, "")
			took = append(took, time.Since(began))
		}
		want := []time.Duration{2 * time.Second, time.Hour + 2*time.Second, 2 * time.Hour, 2 * time.Second}
		if diff := cmp.Diff(want, took); diff != "" {
			t.Errorf("durations (-want +got):\n%s", diff)
		}
		if pages := s.Stats().Pages; pages != 2 {
			t.Errorf("%d pages went out whole, want 2", pages)
		}
	})
}
