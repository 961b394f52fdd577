package deployment_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/stack"
)

// scenarios drive each alarm to ALARM and back, by the alarm's name without the stack's.
func scenarios() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"rotator-errors":       rotatorFails,
		"rotator-silent":       rotatorFallsSilent,
		"token-expiring":       tokenIsNotReplaced,
		"deliveries-failed":    deliveriesFail,
		"invocations-failed":   asynchronousInvocationsFail,
		"tokens-minted-often":  tokensAreMintedOften,
		"export-overdue":       exportIsOverdue,
		"executions-failed":    func(t *testing.T) { executionsEnd(t, "executions-failed", "ExecutionsFailed") },
		"executions-timed-out": func(t *testing.T) { executionsEnd(t, "executions-timed-out", "ExecutionsTimedOut") },
		"executions-aborted":   func(t *testing.T) { executionsEnd(t, "executions-aborted", "ExecutionsAborted") },
		"export-stalled":       exportStalls,
		"export-waiting":       exportWaits,
		"exporter-throttled":   exporterIsThrottled,
	}
}

func TestEveryAlarmRingsAndStopsByWhatTheBinariesDid(t *testing.T) {
	t.Parallel()

	if diff := cmp.Diff(alarmNames(t), slices.Sorted(maps.Keys(scenarios()))); diff != "" {
		t.Errorf("scenarios (-alarms of the template +scenarios):\n%s", diff)
	}

	for name, scenario := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			scenario(t)
		})
	}
}

// alarm is the running stack's alarm of that name.
func (s *scene) alarm(name string) Alarm {
	s.t.Helper()

	for _, alarm := range alarms(s.t, running(s.t, everything())) {
		if alarm.Name == stack.Name+"-"+name {
			return alarm
		}
	}

	s.t.Fatalf("the template has no alarm %s", name)

	return Alarm{}
}

// wantStates compares the states that the alarm went through, from a minute on to the scene's present, with a list of
// "minute STATE". A minute is the end of the one in which what caused the state happened.
func (s *scene) wantStates(name string, from int, want ...string) {
	s.t.Helper()

	var got []string

	for _, change := range s.alarm(name).Watch(&s.cloudwatch, s.began.Add(time.Duration(from)*time.Minute), s.now) {
		got = append(got, fmt.Sprintf("%d %s", change.At.Sub(s.began)/time.Minute, change.State))
	}

	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("states of %s (-want +got):\n%s", name, diff)
	}
}
