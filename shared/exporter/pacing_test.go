package exporter_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/export"
)

// follow invokes new processes, an invocation each, until an export of pages of ten users is complete, and wants so many
// users, so many 429s, and none of the requests too early. It returns how long that took.
func (w *world) follow(length time.Duration, users, throttled int64) time.Duration {
	w.t.Helper()

	begun := time.Now()

	var result export.Result
	for n := 0; result.Status != export.StatusComplete && n < 100; n++ {
		time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
		result = w.invoke(w.process(), length, `{"export_id":"followed","state":"any","page_size":10}`)
	}

	w.wantUsers(users, result)

	if got := w.genesys.Stats(); got.Throttled != throttled || len(got.EarlyRequests) != 0 {
		w.t.Errorf("429s: got %d, want %d; requests before Retry-After had passed: %v", got.Throttled, throttled, got.EarlyRequests)
	}

	return time.Since(begun)
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
					statuses[w.get("/api/v2/users?pageSize=1")]++
				}
			}
		}()

		took := w.follow(time.Minute, 6_000, 0)

		close(done)

		if statuses := <-other; statuses[http.StatusTooManyRequests] != 0 || statuses[http.StatusOK] < 60 {
			t.Errorf("the second client was answered %v", statuses)
		}

		// 600 pages at 240 a minute: the share is used, and not much less.
		if least, most := 145*time.Second, 200*time.Second; took < least || took > most {
			t.Errorf("the export took %s, want %s to %s", took, least, most)
		}
	})
}

// One 429 is to learn from; every later process starts with what stands in the checkpoint. The organisation allows less than
// the platform's documented limit.
func TestX01TheLimitOfA429IsLearnedAndKeptForTheNextInvocation(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		newWorld(t, genesyssim.Config{Users: 3_000, Seed: 1, RateLimit: 60}).follow(45*time.Second, 3_000, 1)
	})
}
