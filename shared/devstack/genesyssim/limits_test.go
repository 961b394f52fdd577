package genesyssim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestTheRateLimitLetsThroughAgainWhenItsWindowHasPassed(t *testing.T) {
	t.Parallel()
	for _, headers := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, genesyssim.Config{RateLimit: 3, RateWindow: 20 * time.Second, RateLimitHeaders: headers})
			token, other := s.token(), s.token()
			var got []string
			for _, caller := range []string{token, token, token, token, other, "stranger", token, token, token} {
				reply := s.ask(caller, usersQuery)
				limits := []string{reply.header.Get("inin-ratelimit-count"), reply.header.Get("inin-ratelimit-allowed"), reply.header.Get("inin-ratelimit-reset")}
				seen := fmt.Sprint(reply.status, " ", reply.header.Get("Retry-After"), limitOf(t, reply.body), " ", strings.Join(limits, " "))
				got = append(got, strings.TrimSpace(seen))
				time.Sleep(2500 * time.Millisecond)
			}
			// Another token has a window of its own, and a stranger's requests count nowhere. The last begins a new window.
			want := []string{
				"200  3 9 20", "200  6 9 18", "200  9 9 15", "429 13 9 9 9 13", "200  3 9 20", "401", "429 5 9 9 9 5", "429 3 9 9 9 3", "200  3 9 20",
			}
			if !headers { // the withdrawn headers are sent only where they are asked for
				want = []string{"200", "200", "200", "429 13 9", "200", "401", "429 5 9", "429 3 9", "200"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("headers: %t; status, Retry-After, limit.value, and count, allowed, reset (-want +got):\n%s", headers, diff)
			}
			stats := s.Stats() // the last comes early, too: a Retry-After is in whole seconds, rounded up
			if diff := cmp.Diff(map[string]int64{"/api/v2/users/query": 3}, stats.EarlyRequests); diff != "" || stats.Throttled != 3 {
				t.Errorf("%d throttled, want 3; early requests (-want +got):\n%s", stats.Throttled, diff)
			}
		})
	}
}

// limitOf is the limit of a 429 as the platform words it, after a space; "" where there is none.
func limitOf(t *testing.T, body string) string {
	t.Helper()
	limit := member[map[string]any](t, body, "limit")
	if limit == nil {
		return ""
	}
	if limit["key"] != "user.rate.per.minute" || limit["namespace"] != "directory" || len(limit) != 3 {
		t.Errorf("the limit is %v", limit)
	}

	return fmt.Sprintf(" %.0f", limit["value"])
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
			if got := s.ask(token, tokensMe); limitOf(t, got.body) != want || got.status != http.StatusTooManyRequests {
				t.Errorf("a window of %s: status %d, limit%s; want%s", window, got.status, limitOf(t, got.body), want)
			}
		})
	}
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
				t.Errorf("%s: early requests (-want +got):\n%s", name, diff)
			}
		})
	}
}
