package deployment_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/failure"
)

// arrive is a message that a queue gets, which has to be the one that the alarm watches, and keeps for so many minutes, until
// somebody empties it. A queue that nobody touched for six hours reports up to 15 minutes late:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html
func (s *scene) arrive(alarm, queueARN string, minutes int) {
	s.t.Helper()

	const late = 15

	watched := s.alarm(alarm).Metric
	if watched.Name != "ApproximateNumberOfMessagesVisible" || !strings.HasSuffix(queueARN, ":"+watched.Dimensions["QueueName"]) {
		s.t.Fatalf("%s watches %s, and the message came to %s", alarm, watched, queueARN)
	}

	for minute := late; minute < minutes+30; minute++ {
		sample := cloudwatchsim.Sample{Metric: watched, At: s.now.Add(runAt + time.Duration(minute)*time.Minute)}
		if minute < minutes {
			sample.Value = 1
		}

		s.cloudwatch.Put(sample)
	}
}

// empty is a queue as it was made: it reports for a while that nothing is in it.
func (s *scene) empty(alarm string) {
	s.t.Helper()

	for minute := range 5 {
		s.cloudwatch.Put(cloudwatchsim.Sample{Metric: s.alarm(alarm).Metric, At: s.now.Add(runAt + time.Duration(minute)*time.Minute)})
	}
}

// What the Scheduler cannot hand over to Lambda, since the function is gone or may not be invoked, it sends to the
// dead-letter queue once its retries are spent.
func deliveriesFail(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 1})
	queue := text(t, rotation(running(t, nil)), "DeadLetterConfig", "Arn")

	s.empty("deliveries-failed")
	s.rotations(10, "")

	s.arrive("deliveries-failed", queue, 60)
	s.pass(2 * time.Hour)
	s.wantStates("deliveries-failed", 0, "1 OK", "26 ALARM", "75 OK")
}

// send is an asynchronous event for the function of a resource, which Lambda tries again as the template says, and a minute
// that passes after it. It has to end as said, with an error of that kind or "". What failed for good is a message to the
// destination.
func (s *scene) send(resource, payload string, want failure.Kind) {
	s.t.Helper()

	config := within(running(s.t, nil).Resources[resource].Properties, "EventInvokeConfig")
	function := map[string]string{"Rotator": stack.Rotator, "ExportUsers": stack.ExportUsers}[resource]

	ended := s.run(function, payload)
	for range number(s.t, config, "MaximumRetryAttempts") {
		if ended.ErrorType != "" {
			ended = s.run(function, payload)
		}
	}

	if ended.ErrorType != string(want) {
		s.t.Fatalf("an event ended as %q, want %q", ended.ErrorType, want)
	}

	if ended.ErrorType != "" {
		s.arrive("invocations-failed", text(s.t, config, "DestinationConfig", "OnFailure", "Destination"), 60)
	}

	s.pass(time.Minute)
}

func asynchronousInvocationsFail(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 100, Seed: 7})
	s.empty("invocations-failed")
	s.rotations(1, "")

	// A failure that its own retry mends.
	s.faults(genesyssim.Fault{Path: usersPath, Status: http.StatusForbidden})
	s.send("ExportUsers", `{"export_id":"mended"}`, "")
	s.pass(time.Hour)
	s.wantStates("invocations-failed", 0, "1 OK")

	s.faults(genesyssim.Fault{Path: usersPath, Times: -1, Status: http.StatusForbidden})
	s.send("ExportUsers", `{"export_id":"forbidden"}`, failure.Forbidden)
	s.pass(2 * time.Hour)
	s.wantStates("invocations-failed", 0, "1 OK", "78 ALARM", "127 OK")

	if destination := within(running(t, nil).Resources["Rotator"].Properties, "EventInvokeConfig", "DestinationConfig"); destination != nil {
		t.Errorf("the rotator's failures go to a queue too: %v", destination)
	}
}

// executionsEnd is two executions that did not succeed, of which the functions write nothing. Step Functions counts them, and
// reports nothing where there are none: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
func executionsEnd(t *testing.T, alarm, metric string) {
	s := newScene(t, genesyssim.Config{Users: 1})

	watched := s.alarm(alarm).Metric
	if watched.Namespace != "AWS/States" || watched.Name != metric {
		t.Fatalf("%s watches %s, want %s", alarm, watched, metric)
	}

	for _, minute := range []int{13, 44} {
		s.at(minute)
		s.count(watched, true)
	}

	s.at(75)

	// For want of newer ones CloudWatch looks at datapoints of the last three periods, a quarter of an hour.
	s.wantStates(alarm, 0, "0 OK", "14 ALARM", "29 OK", "45 ALARM", "60 OK")
}
