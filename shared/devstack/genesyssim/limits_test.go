package genesyssim_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestA429NamesTheLimitOfAMinuteWhateverTheWindow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		window time.Duration
		want   int
	}{
		"a minute by default": {0, 2},
		"two seconds":         {2 * time.Second, 60},
		"seven seconds":       {7 * time.Second, 17},
		"two minutes":         {2 * time.Minute, 1},
		"an hour":             {time.Hour, 1},
		"a nanosecond":        {1, 2147483647},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, genesyssim.Config{RateLimit: 2, RateWindow: test.window}, func(t *testing.T, s *sim) {
				token := s.token(t)
				var got answer
				for range 3 {
					got = s.must(t, http.MethodGet, usersQuery, token, "")
				}
				want := map[string]any{"key": "user.rate.per.minute", "namespace": "directory", "value": float64(test.want)}
				if diff := cmp.Diff(want, field[map[string]any](t, got.body, "limit")); diff != "" || got.status != http.StatusTooManyRequests {
					t.Errorf("status %d, limit (-want +got):\n%s", got.status, diff)
				}
			})
		})
	}
}

// limitHeaders are the three withdrawn headers; "" where one is not there.
func limitHeaders(header http.Header) [3]string {
	return [3]string{
		header.Get("inin-ratelimit-count"), header.Get("inin-ratelimit-allowed"), header.Get("inin-ratelimit-reset"),
	}
}

func TestTheWithdrawnHeadersTellTheLimitWhereTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	config := genesyssim.Config{RateLimit: 3, RateWindow: 20 * time.Second, RateLimitHeaders: true}
	inBubble(t, config, func(t *testing.T, s *sim) {
		token, other := s.token(t), s.token(t)
		ask := func(token string) (int, [3]string) {
			got := s.must(t, http.MethodGet, usersQuery, token, "")

			return got.status, limitHeaders(got.header)
		}
		for _, want := range []struct {
			status  int
			headers [3]string
		}{
			{200, [3]string{"3", "9", "20"}},
			{200, [3]string{"6", "9", "16"}},
			{200, [3]string{"9", "9", "11"}},
			{429, [3]string{"9", "9", "7"}},
		} {
			status, headers := ask(token)
			if diff := cmp.Diff(want.headers, headers); diff != "" || status != want.status {
				t.Errorf("status %d, want %d; count, allowed, reset (-want +got):\n%s", status, want.status, diff)
			}
			time.Sleep(4500 * time.Millisecond)
		}
		if _, headers := ask(other); headers != [3]string{"3", "9", "20"} {
			t.Errorf("another token is told %v, want a window of its own", headers)
		}
		if _, headers := ask("stranger"); headers != [3]string{} {
			t.Errorf("a token that counts nowhere is told %v, want nothing", headers)
		}
	})
}
