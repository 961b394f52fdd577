package driver_test

import (
	"context"
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/driver"
)

// schedule runs a schedule for that long and returns its runs.
func schedule(t *testing.T, d *driver.Driver, length time.Duration, s driver.Schedule) []driver.Run {
	t.Helper()

	var runs []driver.Run
	s.OnRun = func(r driver.Run) { runs = append(runs, r) }
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	if err := d.Schedule(ctx, s); err != nil {
		t.Errorf("Schedule: %v", err)
	}

	return runs
}

func TestAScheduleInvokesAtOnceAndThenAtItsRate(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{takes: 5 * time.Second, body: `{"rotated":true}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		runs := schedule(t, d, 210*time.Second, driver.Schedule{Name: "rotator", FunctionName: "rotator", Every: time.Minute})

		want := []time.Duration{0, time.Minute, 2 * time.Minute, 3 * time.Minute}
		if diff := cmp.Diff(want, f.times()); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
		if len(runs) != 4 {
			t.Fatalf("%d runs were told, want 4", len(runs))
		}
		told := driver.Run{At: f.began.Add(time.Minute), Duration: 5 * time.Second, Reply: json.RawMessage(`{"rotated":true}`)}
		if diff := cmp.Diff(told, runs[1]); diff != "" {
			t.Errorf("second run (-want +got):\n%s", diff)
		}
	})
}

func TestAScheduleSendsWhatTheSchedulerSends(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		schedule(t, d, 90*time.Second, driver.Schedule{Name: "rotator", FunctionName: "rotator", Every: time.Minute})

		var events [2]map[string]any
		for i, c := range f.seen() {
			if err := json.Unmarshal([]byte(c.Event), &events[i]); err != nil {
				t.Fatal(err)
			}
		}
		if events[0]["id"] == events[1]["id"] {
			t.Errorf("both events have the id %v", events[0]["id"])
		}
		id, _ := events[1]["id"].(string)
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
			t.Errorf("the id is %q", id)
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

func TestAScheduleSendsItsOwnPayloadWhereItHasOne(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		schedule(t, d, time.Second, driver.Schedule{
			Name: "rotator", FunctionName: "rotator", Every: time.Minute, Payload: json.RawMessage(`{"force":true}`),
		})
		want := []call{{0, "/2015-03-31/functions/rotator/invocations", `{"force":true}`}}
		if diff := cmp.Diff(want, f.seen()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestAScheduleOutlivesFailuresAndDoesNotRepeatThem(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{failure("UpstreamUnavailable"), {broken: true}, {body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		runs := schedule(t, d, 150*time.Second, driver.Schedule{Name: "rotator", FunctionName: "rotator", Every: time.Minute})

		if diff := cmp.Diff([]time.Duration{0, time.Minute, 2 * time.Minute}, f.times()); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
		var failed *driver.FunctionError
		if !asError(runs[0].Err, &failed) || failed.Type != "UpstreamUnavailable" || runs[0].Reply != nil {
			t.Errorf("the first run was told as %+v", runs[0])
		}
		if runs[1].Err == nil || runs[2].Err != nil {
			t.Errorf("the other runs were told as %+v", runs[1:])
		}
	})
}

func TestASlowInvocationDelaysTheNextAndOverlapsWithNone(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{takes: 150 * time.Second, body: `{}`}, {body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		schedule(t, d, 200*time.Second, driver.Schedule{Name: "rotator", FunctionName: "rotator", Every: time.Minute})

		want := []time.Duration{0, 150 * time.Second, 180 * time.Second}
		if diff := cmp.Diff(want, f.times()); diff != "" {
			t.Errorf("times (-want +got):\n%s", diff)
		}
	})
}

func TestTheContextEndsARunningInvocationOfASchedule(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{takes: time.Hour, body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		runs := schedule(t, d, 90*time.Second, driver.Schedule{Name: "rotator", FunctionName: "rotator", Every: time.Minute})
		if after := time.Since(f.began); after != 90*time.Second || len(runs) != 0 {
			t.Errorf("it ended after %s with %d runs, want 90 s and none", after, len(runs))
		}
	})
}

func TestAScheduleWithoutARateIsRefused(t *testing.T) {
	t.Parallel()
	f := &function{script: []answer{{body: `{}`}}}

	drive(t, f, driver.Config{}, func(t *testing.T, d *driver.Driver) {
		if err := d.Schedule(t.Context(), driver.Schedule{Name: "rotator", FunctionName: "rotator"}); err == nil {
			t.Error("it was accepted")
		}
		if len(f.seen()) > 0 {
			t.Error("the function was called")
		}
	})
}
