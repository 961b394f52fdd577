package deployment_test

import (
	"strings"
	"testing"
	"time"
)

// queueFills is a queue that is empty as it was made, gets a message a quarter of an hour later and keeps it for 45 minutes,
// until somebody empties it. The message has to come to the queue that the alarm watches; .ci/deploy shows that it does come.
func queueFills(t *testing.T, alarm, queueARN string) {
	t.Helper()

	s := newQuietScene(t)

	watched := s.alarm(alarm).Metric
	if watched.Name != "ApproximateNumberOfMessagesVisible" || !strings.HasSuffix(queueARN, ":"+watched.Dimensions["QueueName"]) {
		t.Fatalf("%s watches %s, and messages come to %s", alarm, watched, queueARN)
	}

	report := func(from, until int, messages float64) {
		for minute := from; minute < until; minute++ {
			s.cloudwatch.Put(Sample{Metric: watched, At: s.now.Add(runAt + time.Duration(minute)*time.Minute), Value: messages})
		}
	}

	// A queue that nobody touched for six hours reports up to 15 minutes late:
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html
	report(0, 5, 0)
	report(25, 70, 1)
	report(70, 100, 0)
	s.pass(2 * time.Hour)
	s.wantStates(alarm, 0, "1 OK", "26 ALARM", "75 OK")
}

// What the Scheduler cannot hand over, since the function is gone or may not be invoked, it sends there once its retries are spent.
func deliveriesFail(t *testing.T) {
	queueFills(t, "deliveries-failed", text(t, rotation(running(t, nil)), "DeadLetterConfig", "Arn"))
}

func asynchronousInvocationsFail(t *testing.T) {
	resources := running(t, nil).Resources
	queueFills(t, "invocations-failed", text(t, resources["ExportUsers"].Properties, "EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination"))

	if destination := within(resources["Rotator"].Properties, "EventInvokeConfig", "DestinationConfig"); destination != nil {
		t.Errorf("the rotator's failures go to a queue too: %v", destination)
	}
}

// executionsEnd is two executions that did not succeed, of which the functions write nothing. Step Functions counts them, and
// reports nothing where there are none: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
func executionsEnd(t *testing.T, alarm, metric string) {
	t.Helper()

	s := newQuietScene(t)

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
