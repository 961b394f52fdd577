package deployment_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
)

const usersPath = "/api/v2/users/query"

// limited refuses every page and asks for a wait of so many seconds, which no slice has time for.
func limited(seconds string) genesyssim.Fault {
	return genesyssim.Fault{Path: usersPath, Times: -1, Status: http.StatusTooManyRequests, RetryAfter: seconds}
}

// slice is one invocation of the exporter, which has to end as said: with a reason, or with an error's type.
func (s *scene) slice(id, want string) {
	s.t.Helper()

	if got := s.run(stack.ExportUsers, fmt.Sprintf(`{"export_id":%q,"page_size":50}`, id)); got.Reason+got.errorType != want {
		s.t.Fatalf("a slice ended as %q, want %q", got.Reason+got.errorType, want)
	}
}

// occupy leaves an export as an invocation leaves it that died: held, until the time that it had is over.
func (s *scene) occupy(id string) {
	s.t.Helper()

	s.faults(genesyssim.Fault{Path: usersPath, Action: genesyssim.ActionHang})

	ended := make(chan error, 1)
	go func() {
		_, err := s.Functions().Invoke(s.t.Context(), &lambda.InvokeInput{
			FunctionName: aws.String(stack.ExportUsers), Payload: fmt.Appendf(nil, `{"export_id":%q,"page_size":50}`, id),
		})
		ended <- err
	}()

	s.until(func() bool { return s.Genesys.Faults()[0].Hits > 0 })
	s.Lambda.Kill(stack.ExportUsers)

	if err := <-ended; err != nil {
		s.t.Fatal(err)
	}

	s.faults()
}

// until waits for something to happen.
func (s *scene) until(happened func() bool) {
	s.t.Helper()

	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()

	for !happened() {
		if ctx.Err() != nil {
			s.t.Fatal("it did not happen in time")
		}

		wait(s.t, 5*time.Millisecond)
	}
}

// at moves the clock to a minute.
func (s *scene) at(minute int) {
	s.t.Helper()

	s.pass(s.began.Add(time.Duration(minute) * time.Minute).Sub(s.now))
}

func exportStalls(t *testing.T) {
	t.Run("as slices end without a page", func(t *testing.T) {
		t.Parallel()

		s := newScene(t, genesyssim.Config{Users: 300, Seed: 7}, briefly)
		s.rotations(1, "")
		s.slice("whole", "end")

		// One slice without a page waits for its turn; the next one may read many.
		s.at(100)
		s.faults(limited("60"))
		s.slice("waiting", "rate_limited")
		s.at(103)
		s.faults()
		s.slice("another", "end")

		s.at(200)
		s.faults(limited("60"))
		s.slice("first", "rate_limited")
		s.at(210)
		s.slice("second", "rate_limited")
		s.at(225)
		s.faults()
		s.slice("third", "end")
		s.at(330)
		s.wantStates("export-stalled", 0, "0 OK", "211 ALARM", "226 OK")
	})

	t.Run("as they find it busy, and then nobody asks any more", func(t *testing.T) {
		t.Parallel()

		s := newScene(t, genesyssim.Config{Users: 300, Seed: 7})
		s.rotations(1, "")
		s.occupy("held")
		s.at(100)
		s.slice("held", "busy")
		s.at(112)
		s.slice("held", "busy")
		s.at(330)

		// CloudWatch evaluates old datapoints again where there are no new ones: none of them may ring twice.
		s.wantStates("export-stalled", 0, "0 OK", "113 ALARM", "131 OK")
	})

	t.Run("as the API asks for a wait of half an hour", func(t *testing.T) {
		t.Parallel()

		s := newScene(t, genesyssim.Config{Users: 300, Seed: 7}, briefly)
		s.rotations(1, "")
		s.faults(limited("1800"))
		s.at(100)
		s.slice("waiting", "rate_limited")
		s.at(330)
		s.wantStates("export-stalled", 0, "0 OK", "101 ALARM", "131 OK")
	})

	t.Run("but not by a delivery in duplicate, a finished export that is asked for again, or a failure", func(t *testing.T) {
		t.Parallel()

		s := newScene(t, genesyssim.Config{Users: 300, Seed: 7})
		s.rotations(1, "")
		s.slice("whole", "end")
		s.at(100)
		s.slice("whole", "end")
		s.at(110)
		s.slice("whole", "end")

		s.occupy("held")
		s.at(200)
		s.slice("held", "busy")

		// That is told by executions-failed and runs-failed.
		s.at(300)
		s.faults(genesyssim.Fault{Path: usersPath, Times: -1, Status: http.StatusForbidden})
		s.slice("forbidden", "Forbidden")
		s.at(310)
		s.slice("forbidden", "Forbidden")
		s.at(430)
		s.wantStates("export-stalled", 0, "0 OK")
	})
}

func exporterIsThrottled(t *testing.T) {
	t.Run("again and again", func(t *testing.T) {
		t.Parallel()

		s := newScene(t, genesyssim.Config{Users: 300, Seed: 7})
		s.rotations(1, "")
		s.at(100)
		s.slices(15, "one", "two", "three")
		s.at(130)
		s.wantStates("exporter-throttled", 0, "0 OK")

		s.at(200)
		s.slices(12, "four", "five")
		s.at(208)
		s.slices(8, "six", "seven")
		s.at(330)

		// CloudWatch evaluates old datapoints again where there are no new ones: none of them may ring twice.
		s.wantStates("exporter-throttled", 0, "0 OK", "209 ALARM", "216 OK")
	})

	t.Run("but not by an export that meets its limit and learns it", func(t *testing.T) {
		t.Parallel()

		s := wholeRun(t)
		s.pass(2 * time.Hour)
		s.wantStates("exporter-throttled", 0, "0 OK")
		s.wantStates("export-stalled", 0, "0 OK")
	})
}

// slices are invocations at the same time, each of which has time for its whole export, while every second request is
// refused for a moment, so many altogether.
func (s *scene) slices(refusals int, ids ...string) {
	s.t.Helper()

	s.faults(genesyssim.Fault{Path: usersPath, Every: 2, Times: refusals, Status: http.StatusTooManyRequests, RetryAfter: "0"})

	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			reply, err := s.Functions().Invoke(s.t.Context(), &lambda.InvokeInput{
				FunctionName: aws.String(stack.ExportUsers), Payload: fmt.Appendf(nil, `{"export_id":%q,"page_size":25}`, id),
			})
			if err != nil || reply.FunctionError != nil {
				s.t.Errorf("the export %s failed: %v, %s", id, err, reply.Payload)
			}
		})
	}

	all.Wait()
	s.collect()

	if hits := s.Genesys.Faults()[0].Hits; hits != refusals {
		s.t.Errorf("%d requests were refused, want %d", hits, refusals)
	}
}
