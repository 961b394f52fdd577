package genesyssim_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// limitHeaders are the three withdrawn headers; "" where one is not there.
func limitHeaders(header http.Header) [3]string {
	return [3]string{header.Get("inin-ratelimit-count"), header.Get("inin-ratelimit-allowed"), header.Get("inin-ratelimit-reset")}
}

// bodyThrottled is a 429 as the platform words it, but for the limit.
func bodyThrottled(got answer, seconds, limit string) string {
	return `{"message":"Rate limit exceeded the maximum. Retry the request in [` + seconds + `] seconds",` +
		`"code":"too.many.requests.retry.after","status":429,"contextId":"` + got.header.Get("ININ-Correlation-Id") +
		`","details":[],"errors":[]` + limit + `}`
}

func TestTheRateLimitLetsThroughAgainWhenItsWindowHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, genesyssim.Config{Users: 10, RateLimit: 3})
		token, other := s.token(), s.token()
		got := []int{s.status(token, usersQuery), s.status(token, usersQuery), s.status(token, usersQuery)}
		time.Sleep(37*time.Second + 500*time.Millisecond)
		refused := s.ask(token, usersQuery)
		got = append(got, refused.status, s.status(other, usersQuery))
		time.Sleep(22 * time.Second)
		got = append(got, s.status(token, usersQuery)) // too early
		time.Sleep(time.Second)
		got = append(got, s.status(token, usersQuery))
		if diff := cmp.Diff([]int{200, 200, 200, 429, 200, 429, 200}, got); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}

		want := bodyThrottled(refused, "23", `,"limit":{"key":"user.rate.per.minute","namespace":"directory","value":3}`)
		if diff := cmp.Diff(want, refused.body); diff != "" || refused.header.Get("Retry-After") != "23" {
			t.Errorf("Retry-After %q, want 23; body (-want +got):\n%s", refused.header.Get("Retry-After"), diff)
		}
		if headers := limitHeaders(refused.header); headers != [3]string{} {
			t.Errorf("the withdrawn headers are %v, want none, as nobody asked for them", headers)
		}
		stats := s.Stats()
		if diff := cmp.Diff(map[string]int64{"/api/v2/users/query": 1}, stats.EarlyRequests); diff != "" || stats.Throttled != 2 {
			t.Errorf("%d throttled, want 2; early requests (-want +got):\n%s", stats.Throttled, diff)
		}
	})
}

func TestA429NamesTheLimitOfAMinuteWhateverTheWindow(t *testing.T) {
	t.Parallel()
	for window, want := range map[time.Duration]float64{
		0: 2, 2 * time.Second: 60, 7 * time.Second: 17, 2 * time.Minute: 1, time.Hour: 1, 1: 2147483647,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, genesyssim.Config{RateLimit: 2, RateWindow: window})
			token := s.token()
			got := s.ask(token, usersQuery)
			for range 2 {
				got = s.ask(token, usersQuery)
			}
			limit := map[string]any{"key": "user.rate.per.minute", "namespace": "directory", "value": want}
			if diff := cmp.Diff(limit, member[map[string]any](t, got.body, "limit")); diff != "" || got.status != http.StatusTooManyRequests {
				t.Errorf("a window of %s: status %d, limit (-want +got):\n%s", window, got.status, diff)
			}
		})
	}
}

func TestTheWithdrawnHeadersTellTheLimitWhereTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, genesyssim.Config{RateLimit: 3, RateWindow: 20 * time.Second, RateLimitHeaders: true})
		token, other := s.token(), s.token()
		var statuses []int
		var headers [][3]string
		for _, caller := range []string{token, token, token, token, other, "stranger"} {
			got := s.ask(caller, usersQuery)
			statuses, headers = append(statuses, got.status), append(headers, limitHeaders(got.header))
			time.Sleep(4500 * time.Millisecond)
		}
		// Another token has a window of its own, and a stranger's requests count nowhere.
		want := [][3]string{{"3", "9", "20"}, {"6", "9", "16"}, {"9", "9", "11"}, {"9", "9", "7"}, {"3", "9", "20"}, {}}
		if diff := cmp.Diff(want, headers) + cmp.Diff([]int{200, 200, 200, 429, 200, 401}, statuses); diff != "" {
			t.Errorf("count, allowed, reset, and statuses (-want +got):\n%s", diff)
		}
	})
}

func TestTheTokenEndpointIsThrottledByAn400(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, genesyssim.Config{TokenRateLimit: 1})
		s.token()
		got := s.requestToken(clientSecret)
		const said = "rate limit exceeded; too many token requests"
		want := `{"error":"invalid_request","description":"` + said + `","error_description":"` + said + `"}`
		if diff := cmp.Diff(want, got.body); diff != "" || got.status != http.StatusBadRequest {
			t.Errorf("status %d, body (-want +got):\n%s", got.status, diff)
		}
		time.Sleep(time.Minute)
		s.token()
		if stats := s.Stats(); stats.TokenRequests != 3 || stats.TokensMinted != 2 {
			t.Errorf("%d token requests and %d tokens, want 3 and 2", stats.TokenRequests, stats.TokensMinted)
		}
	})
}

func TestRequestsBeforeRetryAfterHasPassedAreCountedByPath(t *testing.T) {
	t.Parallel()
	const path = "/api/v2/users/query"
	for name, test := range map[string]struct {
		fault genesyssim.Fault
		wait  time.Duration
		want  map[string]int64
	}{
		"seconds, early":   {genesyssim.Fault{Path: path, Status: 429, RetryAfter: "20"}, 19 * time.Second, map[string]int64{path: 1}},
		"seconds, in time": {genesyssim.Fault{Path: path, Status: 503, RetryAfter: "20"}, 20 * time.Second, map[string]int64{}},
		"date, early":      {genesyssim.Fault{Path: path, Status: 429, RetryAfterIn: new(30)}, 28 * time.Second, map[string]int64{path: 1}},
		"date, in time":    {genesyssim.Fault{Path: path, Status: 429, RetryAfterIn: new(30)}, 30 * time.Second, map[string]int64{}},
		"date in the past": {genesyssim.Fault{Path: path, Status: 429, RetryAfterIn: new(-5)}, 0, map[string]int64{}},
		"garbage":          {genesyssim.Fault{Path: path, Status: 429, RetryAfter: "soon"}, 0, map[string]int64{}},
		"another status":   {genesyssim.Fault{Path: path, Status: 500, RetryAfter: "20"}, 0, map[string]int64{}},
		"token endpoint, early for every caller": {
			genesyssim.Fault{Path: "/oauth/token", Nth: 3, Status: 429, RetryAfter: "7"}, 6 * time.Second, map[string]int64{"/oauth/token": 1},
		},
		"token endpoint, in time": {
			genesyssim.Fault{Path: "/oauth/token", Nth: 3, Status: 429, RetryAfter: "7"}, 7 * time.Second, map[string]int64{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := start(t, genesyssim.Config{Users: 5, Faults: []genesyssim.Fault{test.fault}})
				token, other := s.token(), s.token()
				s.ask(token, usersQuery)
				s.ask(other, usersQuery) // who was not throttled need not wait
				s.requestToken(clientSecret)
				time.Sleep(test.wait)
				s.ask(token, usersQuery)
				s.requestToken(clientSecret)
				if diff := cmp.Diff(test.want, s.Stats().EarlyRequests); diff != "" {
					t.Errorf("early requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestNothingWaitsBesideTheClock(t *testing.T) {
	t.Parallel()
	const path = "/api/v2/users/query"
	faults := []genesyssim.Fault{
		{Path: path, Nth: 2, DelayMS: 3_600_000},
		{Path: path, Nth: 3, Action: genesyssim.ActionHang},
		{Path: path, Nth: 4, Action: genesyssim.ActionResetBody},
		{Path: path, Nth: 5, Action: genesyssim.ActionDrip, DripMS: 1000},
		{Path: path, Nth: 6, DelayMS: 7_200_001},
	}
	synctest.Test(t, func(t *testing.T) {
		s := start(t, genesyssim.Config{Latency: 2 * time.Second, Faults: faults})
		token := s.token()
		var took []time.Duration
		var bytes int
		for range 6 {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
			began := time.Now()
			got := s.send(ctx, usersQuery, "", "Authorization: Bearer "+token)
			took = append(took, time.Since(began))
			bytes = max(bytes, len(strings.TrimSpace(got.body)))
			cancel()
		}
		dripped := time.Duration(bytes) * time.Second
		want := []time.Duration{2 * time.Second, time.Hour + 2*time.Second, 2 * time.Hour, 2 * time.Second, 2*time.Second + dripped, 2 * time.Hour}
		if diff := cmp.Diff(want, took); diff != "" {
			t.Errorf("durations (-want +got):\n%s", diff)
		}
		if pages := s.Stats().Pages; pages != 3 {
			t.Errorf("%d pages went out whole, want 3", pages)
		}
	})
}
