package driver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/driver"
)

func TestAScheduleKeepsItsRateThroughFailuresAndASlowInvocationDelaysTheNext(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer

	drive(t, driver.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, []answer{
		{takes: 5 * time.Second, body: `{"rotated":true}`},
		failure("UpstreamUnavailable"),
		{broken: true},
		{takes: 150 * time.Second, body: `{}`},
		{body: `{}`},
		{takes: time.Hour, body: `{}`},
	}, func(t *testing.T, d *driver.Driver, f *function) {
		const length = 370 * time.Second

		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()

		d.Schedule(ctx, "rotator", time.Minute)
		if after := time.Since(f.began); after != length {
			t.Errorf("it ended after %s, want %s as its context ends", after, length)
		}

		var times []time.Duration
		calls := f.seen()
		for _, c := range calls {
			times = append(times, c.After/time.Second)
		}
		if diff := cmp.Diff([]time.Duration{0, 60, 120, 180, 330, 360}, times); diff != "" {
			t.Errorf("seconds of the calls (-want +got):\n%s", diff)
		}

		wantEvents(t, calls[0].Event, calls[1].Event)
	})

	if warnings := strings.Count(log.String(), "level=WARN"); warnings != 2 || !strings.Contains(log.String(), "rotator failed: UpstreamUnavailable: of the test") {
		t.Errorf("the log is to have the two failures:\n%s", log.String())
	}
}

// wantEvents wants what the Scheduler sends at the beginning and a minute later.
func wantEvents(t *testing.T, first, second string) {
	t.Helper()

	var events [2]map[string]any
	if err := errors.Join(json.Unmarshal([]byte(first), &events[0]), json.Unmarshal([]byte(second), &events[1])); err != nil {
		t.Fatal(err)
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
}
