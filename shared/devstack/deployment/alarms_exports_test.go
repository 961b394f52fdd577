package deployment_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
)

const usersPath = "/api/v2/users/query"

// throttled refuses every page and asks for a wait of so many seconds, which no invocation has time for.
func throttled(seconds string) genesyssim.Fault {
	return genesyssim.Fault{Path: usersPath, Times: -1, Status: http.StatusTooManyRequests, RetryAfter: seconds}
}

// export is one invocation of the exporter in a minute, which has to end as said: with a reason, or with an error's type.
func (s *scene) export(minute int, id, want string) {
	s.t.Helper()
	s.at(minute)

	if got := s.run(stack.ExportUsers, fmt.Sprintf(`{"export_id":%q,"page_size":50}`, id)); got.Reason+got.ErrorType != want {
		s.t.Fatalf("an invocation ended as %q, want %q", got.Reason+got.ErrorType, want)
	}
}

func exportStalls(t *testing.T) {
	play(t, "as invocations end without a page", genesyssim.Config{Users: 300, Seed: 7}, func(s *scene) {
		s.rotations(1, "")
		s.export(1, "whole", "end")

		// One alone waits for its turn; the next one may read many.
		s.faults(throttled("60"))
		s.export(100, "waiting", "rate_limited")
		s.faults()
		s.export(103, "another", "end")

		s.faults(throttled("60"))
		s.export(200, "first", "rate_limited")
		s.export(210, "second", "rate_limited")
		s.faults()
		s.export(225, "third", "end")
		s.at(330)

		// CloudWatch looks two datapoints beyond the half hour.
		s.wantStates("export-stalled", 0, "0 OK", "211 ALARM", "233 OK")
	}, briefly)

	play(t, "but not by a finished export that is asked for again, or by a failure", genesyssim.Config{Users: 300, Seed: 7}, func(s *scene) {
		s.rotations(1, "")
		s.export(1, "whole", "end")
		s.export(100, "whole", "end")
		s.export(110, "whole", "end")

		// executions-failed and invocations-failed report that.
		s.faults(genesyssim.Fault{Path: usersPath, Times: -1, Status: http.StatusForbidden})
		s.export(300, "forbidden", "Forbidden")
		s.export(310, "forbidden", "Forbidden")
		s.at(430)
		s.wantStates("export-stalled", 0, "0 OK")
	})
}

func exportWaits(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 300, Seed: 7}, briefly)
	s.rotations(1, "")
	s.faults(throttled("1000"))
	s.export(50, "shortly", "rate_limited")
	s.faults(throttled("1800"))
	s.export(100, "long", "rate_limited")
	s.at(330)
	s.wantStates("export-waiting", 0, "0 OK", "101 ALARM", "133 OK")
}

func exporterIsThrottled(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 300, Seed: 7})
	s.rotations(1, "")
	s.at(100)
	s.throttledExports(5, "one", "two", "three")
	s.at(130)
	s.wantStates("exporter-throttled", 0, "0 OK")

	s.at(200)
	s.throttledExports(6, "four", "five", "six")
	s.at(208)
	s.throttledExports(3, "seven", "eight")
	s.at(330)
	s.wantStates("exporter-throttled", 0, "0 OK", "201 ALARM", "226 OK")
}

// throttledExports are invocations at the same time, each of which has time for its whole export, while every second request
// is refused for a moment, so many altogether.
func (s *scene) throttledExports(refusals int, ids ...string) {
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

// Without a schedule there is no such alarm.
func exportIsOverdue(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 10, Seed: 7})
	s.rotations(1, "")

	for _, hour := range []int{1, 25, 60} {
		s.at(hour * 60)
		s.rotations(1, "")

		if got := s.run(stack.ExportUsers, `{"export_id":"e`+strconv.Itoa(hour)+`"}`); got.Status != "complete" {
			s.t.Fatalf("the export ended as %+v", got)
		}
	}

	s.at(70 * 60)
	s.wantStates("export-overdue", 90, "90 OK", "3182 ALARM", "3602 OK")

	for _, alarm := range alarms(t, running(t, nil)) {
		if strings.HasSuffix(alarm.Name, "-export-overdue") {
			t.Error("without a schedule an export can be overdue")
		}
	}
}
