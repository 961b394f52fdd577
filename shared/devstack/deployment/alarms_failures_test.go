package deployment_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/failure"
)

// arrive is a message that a queue gets, which has to be the one that the alarm watches. It counts where a service sends it,
// as the Scheduler and Lambda do. From then on the queue is active, and an active one tells each minute how many came:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
func (s *scene) arrive(alarm, queueARN string) {
	s.t.Helper()

	watched := s.alarm(alarm).Metrics()[0]
	if watched.Name != "NumberOfMessagesSent" || !strings.HasSuffix(queueARN, ":"+watched.Dimensions["QueueName"]) {
		s.t.Fatalf("%s watches %s, and the message came to %s", alarm, watched, queueARN)
	}

	for minute := range 60 {
		sample := cloudwatchsim.Sample{Metric: watched, Unit: "Count", At: s.now.Add(runAt + time.Duration(minute)*time.Minute)}
		if minute == 0 {
			sample.Value = 1
		}

		s.cloudwatch.Put(sample)
	}
}

// The Scheduler hands events to Lambda's queue, which takes them also where the function is throttled. What it cannot hand
// over, since the function is gone or may not be invoked, it sends to the dead-letter queue once its retries are spent.
func deliveriesFail(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 1})
	schedule := schedules(running(t, nil))["Rotator.EveryMinute"]
	attempts := 1 + number(t, schedule, "RetryPolicy", "MaximumRetryAttempts")

	deliver := func(to *lambda.Client) {
		t.Helper()

		for range attempts {
			reply, err := to.Invoke(t.Context(), &lambda.InvokeInput{
				FunctionName: aws.String(stack.Rotator), InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte("{}"),
			})
			if err == nil && reply.StatusCode == http.StatusAccepted {
				s.pass(time.Minute)

				return
			}

			if _, gone := errors.AsType[*lambdatypes.ResourceNotFoundException](err); !gone {
				t.Fatalf("Lambda did not refuse the event for want of the function: %v", err)
			}
		}

		s.arrive("deliveries-failed", text(t, schedule, "DeadLetterConfig", "Arn"))
		s.pass(time.Minute)
	}

	empty := s.endpoint(lambdasim.Config{})

	deliver(s.Functions())
	deliver(s.Functions())
	deliver(empty)
	deliver(empty)

	for range 10 {
		deliver(s.Functions())
	}

	s.wantStates("deliveries-failed", 0, "0 OK", "3 ALARM", "9 OK")
}

// queue is Lambda's queue of asynchronous events for one function, with the retries that the template gives it.
type queue struct {
	client   *lambda.Client
	function string
	// destination is the ARN of what gets the events that failed for good.
	destination string
	attempts    int
	ended       chan lambdasim.Invocation
}

// queueOf makes the queue for a function of the template, wired to the scene's stack.
func (s *scene) queueOf(resource template.Resource) *queue {
	s.t.Helper()

	f := s.function(resource)
	retries := number(s.t, resource.Properties, "EventInvokeConfig", "MaximumRetryAttempts")
	q := &queue{
		function: f.Name, attempts: 1 + retries, ended: make(chan lambdasim.Invocation, 1+retries),
		destination: text(s.t, resource.Properties, "EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination"),
	}
	q.client = s.endpoint(lambdasim.Config{
		Region: stack.Region, Functions: []lambdasim.Function{f},
		AsyncRetryDelays: slices.Repeat([]time.Duration{time.Millisecond}, retries),
		Hooks:            lambdasim.Hooks{Ended: func(i lambdasim.Invocation) { q.ended <- i }},
	})

	return q
}

// send hands an event over and lets a minute pass after its last attempt; it has to end as said, with an error of that kind
// or "". What failed for good is a message to the destination.
func (s *scene) send(q *queue, payload string, want failure.Kind) {
	s.t.Helper()

	if _, err := q.client.Invoke(s.t.Context(), &lambda.InvokeInput{
		FunctionName: &q.function, InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte(payload),
	}); err != nil {
		s.t.Fatal(err)
	}

	last := <-q.ended
	for last.ErrorType != "" && last.Attempt < q.attempts {
		last = <-q.ended
	}

	if last.ErrorType != string(want) {
		s.t.Fatalf("an event ended as %q, want %q", last.ErrorType, want)
	}

	if last.ErrorType != "" {
		s.arrive("runs-failed", q.destination)
	}

	s.pass(time.Minute)
}

func runsFail(t *testing.T) {
	s := newScene(t, genesyssim.Config{Users: 100, Seed: 7})
	wired := s.wired()
	rotator, exporter := s.queueOf(wired.Resources["Rotator"]), s.queueOf(wired.Resources["ExportUsers"])

	s.send(rotator, "{}", "")

	// A failure that its own retry mends, and one that the next minute's run does.
	s.faults(genesyssim.Fault{Path: usersPath, Times: exporter.attempts - 1, Status: http.StatusForbidden})
	s.send(exporter, `{"export_id":"mended"}`, "")
	s.faults(genesyssim.Fault{Path: "/oauth/token", Status: http.StatusUnauthorized})
	s.send(rotator, `{"force":true}`, failure.InvalidCredentials)
	s.send(rotator, `{"force":true}`, "")
	s.pass(10 * time.Minute)
	s.wantStates("runs-failed", 0, "0 OK")

	s.faults(refusing(), genesyssim.Fault{Path: usersPath, Times: -1, Status: http.StatusForbidden})
	s.send(rotator, `{"force":true}`, failure.InvalidCredentials)
	s.send(exporter, `{"export_id":"forbidden"}`, failure.Forbidden)
	s.send(rotator, `{"force":true}`, failure.InvalidCredentials)
	s.faults()

	for range 20 {
		s.send(rotator, "{}", "")
	}

	s.wantStates("runs-failed", 0, "0 OK", "17 ALARM", "20 OK")
}
