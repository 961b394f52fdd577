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
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("status, Retry-After, limit.value (-want +got):\n%s", diff)
		}
		stats := s.Stats() // the last comes early, too: a Retry-After is in whole seconds, rounded up
		if diff := cmp.Diff(map[string]int64{"/api/v2/users/query": 3}, stats.EarlyRequests); diff != "" || stats.Throttled != 3 {
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
