package driver_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/driver"
)

// schedule runs the rotator's schedule, every minute, for that long and returns its runs.
func schedule(t *testing.T, d *driver.Driver, length time.Duration) []driver.Run {
	t.Helper()

	var runs []driver.Run

	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()

	if err := d.Schedule(ctx, driver.Schedule{
		Name: "rotator", FunctionName: "rotator", Every: time.Minute, OnRun: func(r driver.Run) { runs = append(runs, r) },
	}); err != nil {
		t.Errorf("Schedule: %v", err)
	}

	return runs
}

func TestAScheduleInvokesAtItsRateAndASlowInvocationDelaysTheNext(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{takes: 5 * time.Second, body: `{"rotated":true}`}, {takes: 150 * time.Second, body: `{}`}, {body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		runs := schedule(t, d, 250*time.Second)

		want := []time.Duration{0, time.Minute, 210 * time.Second, 240 * time.Second}
		if diff := cmp.Diff(want, f.times()); diff != "" || len(runs) != 4 || string(runs[0].Reply) != `{"rotated":true}` {
			t.Errorf("%d runs; times (-want +got):\n%s", len(runs), diff)
		}
	})
}

func TestAScheduleSendsWhatTheSchedulerSends(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		schedule(t, d, 90*time.Second)

		var events [2]map[string]any
		for i, c := range f.seen() {
			if err := json.Unmarshal([]byte(c.Event), &events[i]); err != nil {
				t.Fatal(err)
			}
		}

		id, _ := events[1]["id"].(string)
		if events[0]["id"] == id || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
			t.Errorf("the id is %q, after %q", id, events[0]["id"])
		}
		delete(events[1], "id")

		want := map[string]any{
			"version": "0", "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": "000000000000",
			"time": "2000-01-01T00:01:00Z", "region": "local", "detail": "{}", // a string, not an object
			"resources": []any{"arn:aws:scheduler:local:000000000000:schedule/default/rotator"},
		}
		if diff := cmp.Diff(want, events[1]); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
	})
}

func TestAScheduleOutlivesFailuresAndDoesNotRepeatThem(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{failure("UpstreamUnavailable"), {broken: true}, {body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		runs := schedule(t, d, 150*time.Second)

		failed, ok := errors.AsType[*driver.FunctionError](runs[0].Err)
		if !ok || failed.Type != "UpstreamUnavailable" || runs[0].Reply != nil || runs[1].Err == nil || runs[2].Err != nil || len(runs) != 3 {
			t.Errorf("the runs were %+v", runs)
		}
	})
}

func TestTheContextEndsARunningInvocationOfASchedule(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{takes: time.Hour, body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		runs := schedule(t, d, 90*time.Second)
		if after := time.Since(f.began); after != 90*time.Second || len(runs) != 0 {
			t.Errorf("it ended after %s with %d runs, want 90 s and none", after, len(runs))
		}
	})
}
