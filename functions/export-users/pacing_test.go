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

// follow invokes new processes, an invocation each, until the export is complete, and returns the last result.
func follow(t *testing.T, w *world, length time.Duration, payload string, variables ...string) export.Result {
	t.Helper()

	for range 100 {
		result, err := w.invoke(w.process(variables...), length, payload)
		if err != nil {
			t.Fatal(err)
		}

		if result.Status == export.StatusComplete {
			return result
		}

		time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
	}

	t.Fatal("the export did not come to its end in 100 invocations")

	return export.Result{}
}

func TestX24ASecondClientOfTheTokenMeetsNo429CausedByAnExport(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const users, limit = 60_000, 300

		w := newWorld(t, genesyssim.Config{Users: users, Seed: 1, RateLimit: limit, Latency: 50 * time.Millisecond})

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
		result := follow(t, w, time.Minute, `{"export_id":"paced","state":"any"}`)
		took := time.Since(begun)

		close(done)
		statuses := <-other

		if result.Records != users {
			t.Errorf("records: got %d, want %d", result.Records, users)
		}

		if statuses[http.StatusTooManyRequests] != 0 || statuses[http.StatusOK] < 60 {
			t.Errorf("the second client was answered %v", statuses)
		}

		if got := w.genesys.Stats().Throttled; got != 0 {
			t.Errorf("429s: got %d, want none", got)
		}

		// 600 pages at 240 a minute: the share is used, and not much less.
		if least, most := 145*time.Second, 200*time.Second; took < least || took > most {
			t.Errorf("the export took %s, want %s to %s", took, least, most)
		}
	})
}

func TestX01TheLimitOfA429IsLearnedAndKeptForTheNextInvocation(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const users = 30_000

		// The organisation allows less than the platform's documented limit.
		w := newWorld(t, genesyssim.Config{Users: users, Seed: 1, RateLimit: 60})
		result := follow(t, w, 45*time.Second, `{"export_id":"learning","state":"any"}`)

		if result.Records != users {
			t.Errorf("records: got %d, want %d", result.Records, users)
		}

		// One to learn from; every later process starts with what stands in the checkpoint.
		if got := w.genesys.Stats().Throttled; got != 1 {
			t.Errorf("429s: got %d, want 1", got)
		}

		if early := w.genesys.Stats().EarlyRequests; len(early) != 0 {
			t.Errorf("requests before Retry-After had passed: %v", early)
		}
	})
}

func TestTheOldHeadersOfAReplyTeachNoLimit(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const users = 15_000

		w := newWorld(t, genesyssim.Config{Users: users, Seed: 1, RateLimit: 60, RateLimitHeaders: true})
		result := follow(t, w, 45*time.Second, `{"export_id":"told","state":"any"}`)

		if result.Records != users {
			t.Errorf("records: got %d, want %d", result.Records, users)
		}

		if got := w.genesys.Stats().Throttled; got != 1 {
			t.Errorf("429s: got %d, want the one that the limit was learned from", got)
		}
	})
}

func TestX01ALimitThatIsNotPerMinuteIsNotLearned(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const users = 6_000

		body := `{"code":"too.many.requests.retry.after","status":429,"limit":{"key":"user.rate.per.day","namespace":"directory","value":2}}`
		w := newWorld(t, genesyssim.Config{Users: users, Seed: 1, Faults: []genesyssim.Fault{
			{Path: "/api/v2/users/query", Nth: 2, Status: http.StatusTooManyRequests, RetryAfter: "3", Body: &body},
		}})

		begun := time.Now()
		follow(t, w, 10*time.Minute, `{"export_id":"daily","state":"any"}`)

		// 60 pages at 240 a minute; at 2 a minute they would take half an hour.
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("the export took %s: it was slowed down by a limit of another kind", took)
		}
	})
}
