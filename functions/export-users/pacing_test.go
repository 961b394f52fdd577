package main

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/export"
)

// follow invokes new processes, an invocation each, until an export of pages of ten users is complete, and wants so many users.
func (w *world) follow(length time.Duration, users int64) {
	w.t.Helper()

	for range 100 {
		result := w.mustInvoke(w.process(), length, `{"export_id":"followed","state":"any","page_size":10}`)
		if result.Status == export.StatusComplete {
			w.wantUsers(users, result)
			return
		}

		time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
	}

	w.t.Fatal("the export did not come to its end in 100 invocations")
}

func TestX24ASecondClientOfTheTokenMeetsNo429CausedByAnExport(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const limit = 300

		w := newWorld(t, genesyssim.Config{Users: 6_000, Seed: 1, RateLimit: limit, Latency: 50 * time.Millisecond})

		// Its own 15% of the limit, evenly.
		every := time.NewTicker(time.Minute / (limit * 15 / 100))
		defer every.Stop()

		done, other := make(chan struct{}), make(chan map[int]int)
		go func() {
			statuses := make(map[int]int)
			defer func() { other <- statuses }()

			for {
				select {
				case <-done:
					return
				case <-every.C:
					statuses[w.get("/api/v2/users", url.Values{"pageSize": {"1"}})]++
				}
			}
		}()

		begun := time.Now()
		w.follow(time.Minute, 6_000)
		took := time.Since(begun)

		close(done)

		if statuses := <-other; statuses[http.StatusTooManyRequests] != 0 || statuses[http.StatusOK] < 60 {
			t.Errorf("the second client was answered %v", statuses)
		}

		w.wantThrottled(0)

		// 600 pages at 240 a minute: the share is used, and not much less.
		if least, most := 145*time.Second, 200*time.Second; took < least || took > most {
			t.Errorf("the export took %s, want %s to %s", took, least, most)
		}
	})
}

// One 429 is to learn from; every later process starts with what stands in the checkpoint. The old headers teach nothing.
func TestX01TheLimitOfA429IsLearnedAndKeptForTheNextInvocation(t *testing.T) {
	t.Parallel()

	for name, headers := range map[string]bool{"the 429 alone says so": false, "the old headers say so too": true} {
		inBubble(t, name, func(t *testing.T) {
			// The organisation allows less than the platform's documented limit.
			w := newWorld(t, genesyssim.Config{Users: 3_000, Seed: 1, RateLimit: 60, RateLimitHeaders: headers})
			w.follow(45*time.Second, 3_000)
			w.wantThrottled(1)

			if early := w.genesys.Stats().EarlyRequests; len(early) != 0 {
				t.Errorf("requests before Retry-After had passed: %v", early)
			}
		})
	}
}

func TestX01ALimitThatIsNotPerMinuteIsNotLearned(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		body := `{"code":"too.many.requests.retry.after","status":429,"limit":{"key":"user.rate.per.day","namespace":"directory","value":2}}`
		w := newWorld(t, genesyssim.Config{Users: 600, Seed: 1, Faults: []genesyssim.Fault{
			{Path: usersPath, Nth: 2, Status: http.StatusTooManyRequests, RetryAfter: "3", Body: &body},
		}})

		begun := time.Now()
		w.follow(10*time.Minute, 600)

		// 60 pages at 240 a minute; at 2 a minute they would take half an hour.
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("the export took %s: it was slowed down by a limit of another kind", took)
		}
	})
}
