package exporter_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/export"
)

// figure is one that make bench prints too. It has to be in its bounds.
func figure(t *testing.T, name string, value, least, most float64) {
	t.Helper()
	t.Attr(name, fmt.Sprintf("%.4f", value))

	if value < least || value > most {
		t.Errorf("%s is %.4f, want %g to %g", name, value, least, most)
	}
}

// Another client of the token uses the rest of the limit, evenly. What it is refused counts once the window is over in which the
// export met the limit, and could learn it.
func TestAnExportUsesItsShareOfALimitThatItDoesNotKnow(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const (
			limit, own, minutes = 180, 80, 10 // requests a minute, where the export is told 300; percent; minutes
		)

		w := newWorld(t, genesyssim.Config{Users: 2_000, Seed: 1, RateLimit: limit, Latency: 200 * time.Millisecond})
		end := time.Now().Add(minutes * time.Minute)
		other := make(chan [2]int64)

		go func() {
			var (
				known         time.Time
				refused, late int64
			)

			for ; time.Now().Before(end); time.Sleep(time.Minute * 100 / (limit * (100 - own))) {
				if w.get("/api/v2/groups?pageSize=1") != http.StatusTooManyRequests {
					continue
				}

				if refused++; known.IsZero() {
					known = time.Now().Add(time.Minute)
				} else if time.Now().After(known) {
					late++
				}
			}

			other <- [2]int64{refused, late}
		}()

		var result export.Result
		for time.Now().Before(end) {
			result = w.invoke(w.process(), time.Until(end)+10*time.Second, `{"export_id":"shared","state":"any","page_size":1}`)
			time.Sleep(time.Duration(result.WaitSeconds) * time.Second)
		}

		refused := <-other
		figure(t, "share_of_the_limit", float64(result.Pages)/(limit*own/100*minutes), 0.95, 1.05)
		figure(t, "throttled", float64(w.genesys.Stats().Throttled-refused[0]), 0, 1)
		figure(t, "throttled_other", float64(refused[1]), 0, 0)
	})
}

// What throttling adds to the time that is billed, of what it adds to the time that an export takes.
func TestThrottledWaitingIsHandedOverAndNotBilled(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		billed, took := billedTime(t)
		billedThrottled, tookThrottled := billedTime(t, genesyssim.Fault{
			Path: "/api/v2/users/query", Nth: 20, Every: 20, Times: -1, Status: http.StatusTooManyRequests, RetryAfter: "22",
		})

		figure(t, "billed_share_of_waiting", float64(billedThrottled-billed)/float64(tookThrottled-took), 0, 0.02)
	})
}

// billedTime exports 200 pages, and returns how long the invocations took and how long it took with the waits between them. The API
// takes 200 ms, AWS 30.
func billedTime(t *testing.T, faults ...genesyssim.Fault) (billed, took time.Duration) {
	t.Helper()

	w := newWorld(t, genesyssim.Config{Users: 2_000, Seed: 1, Latency: 200 * time.Millisecond, Faults: faults})
	w.front = func(http.ResponseWriter, *http.Request) bool {
		time.Sleep(30 * time.Millisecond)

		return false
	}
	warm, begun := w.process("MAX_REQUESTS_PER_MINUTE=100000", "RATE_SHARE_PERCENT=100"), time.Now()

	var result export.Result
	for result.Status != export.StatusComplete {
		time.Sleep(time.Duration(result.WaitSeconds) * time.Second)

		invoked := time.Now()
		result = w.invoke(warm, 15*time.Minute, `{"export_id":"billed","state":"any","page_size":10}`)
		billed += time.Since(invoked)
	}

	w.wantUsers(2_000, result)

	return billed, time.Since(begun)
}
