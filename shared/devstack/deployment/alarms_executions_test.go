package deployment_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/failure"
)

// execute is an execution of the state machine as far as its Export state goes, by the definition's own lists: an error that
// they retry is tried again, as often as they say, and what they catch ends where that leads to. It returns the type of the
// state in which the execution ended.
func (m machine) execute(t *testing.T, invoke func() answer) string {
	t.Helper()

	export := m.States["Export"]

	for tries := 1; ; tries++ {
		got := invoke().errorType
		if got == "" {
			return "Succeed"
		}

		retried := slices.IndexFunc(export.Retry, func(r retrier) bool { return slices.Contains(r.ErrorEquals, got) })
		if retried >= 0 && tries <= export.Retry[retried].MaxAttempts {
			continue
		}

		caught := slices.IndexFunc(export.Catch, func(c catcher) bool {
			return slices.Contains(c.ErrorEquals, got) || slices.Contains(c.ErrorEquals, "States.ALL")
		})
		if caught < 0 {
			t.Fatalf("%s is neither retried nor caught", got)
		}

		at := m.States[export.Catch[caught].Next]
		for at.Type == "Pass" {
			at = m.States[at.Next]
		}

		return at.Type
	}
}

// Step Functions counts an execution that fails, and tells nothing where none does:
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
func executionsFail(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 100, Seed: 7})
	s.rotations(1, "")

	m, _ := definition(t)
	machine := map[string]string{"StateMachineArn": s.alarm("executions-failed").Metrics()[0].Dimensions["StateMachineArn"]}

	execution := func(invoke func() answer, want string) {
		t.Helper()

		got := m.execute(t, invoke)
		if got != want {
			t.Fatalf("the execution ended in a state %s, want %s", got, want)
		}

		if got == "Fail" {
			s.count("AWS/States", "ExecutionsFailed", machine, true)
		}

		s.pass(time.Minute)
	}
	asking := func(payload string) func() answer {
		return func() answer { return s.run(stack.ExportUsers, payload) }
	}

	execution(asking(`{"export_id":"good"}`), "Succeed")
	execution(s.after(2, failure.StorageUnavailable, asking(`{"export_id":"retried"}`)), "Succeed")
	s.pass(10 * time.Minute)
	execution(asking(`{"export_id":"good","page_size":501}`), "Fail") // in minute 13
	s.pass(30 * time.Minute)

	s.faults(genesyssim.Fault{Path: usersPath, Times: -1, Status: http.StatusForbidden})
	execution(asking(`{"export_id":"forbidden"}`), "Fail") // in minute 44
	s.pass(30 * time.Minute)

	// For want of newer ones CloudWatch looks at datapoints of the last three periods, a quarter of an hour.
	s.wantStates("executions-failed", 0, "0 OK", "14 ALARM", "29 OK", "45 ALARM", "60 OK")
}

// after is an exporter that has so often been deployed with a bucket that it may not use, which has to end as that kind, and
// then as the next one.
func (s *scene) after(failures int, kind failure.Kind, next func() answer) func() answer {
	s.t.Helper()

	f := s.function(s.wired().Resources["ExportUsers"])
	f.Env["EXPORT_BUCKET"] = "another"
	broken := s.endpoint(lambdasim.Config{Region: stack.Region, Functions: []lambdasim.Function{f}})

	return func() answer {
		if failures == 0 {
			return next()
		}

		failures--

		got := s.invoke(broken, stack.ExportUsers, `{"export_id":"retried"}`)
		if got.errorType != string(kind) {
			s.t.Fatalf("the exporter ended as %q, want %q", got.errorType, kind)
		}

		return got
	}
}

// What times out or is aborted no function knows of.
func TestEachWayInWhichAnExecutionDoesNotSucceedRings(t *testing.T) {
	t.Parallel()

	alarm := alarms(t, deployed(t, "prod", nil))["ExecutionsFailedAlarm"]
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

	ways := alarm.Metrics()
	if len(ways) != 3 {
		t.Errorf("the alarm looks at %v, want failed, timed out and aborted ones", ways)
	}

	for _, way := range ways {
		var store cloudwatchsim.Store

		store.Put(cloudwatchsim.Sample{Metric: way, Unit: "Count", At: now.Add(-time.Minute), Value: 1})

		if got := alarm.Evaluate(&store, now, cloudwatchsim.OK); got != cloudwatchsim.InAlarm {
			t.Errorf("%s alone: got %s, want %s", way, got, cloudwatchsim.InAlarm)
		}
	}
}
