package deployment_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
)

// scene is the local stack with its built functions, and a clock of its own: what the functions wrote into their log while
// they ran in real time stands in CloudWatch at the scene's time. The stored token grows older as the clock moves.
type scene struct {
	*stack.Stack

	t          *testing.T
	log        *os.File // read from where it was read last
	cloudwatch Store
	began, now time.Time
}

// runAt is where in its minute an invocation ends: the schedule is never to the second.
const runAt = 5 * time.Second

// newQuietScene is a scene in which no function runs.
func newQuietScene(t *testing.T) *scene {
	t.Helper()

	began := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

	return &scene{t: t, began: began, now: began}
}

// newScene starts the stack of an organisation, with functions that their pace does not delay. The changes are made to
// its configuration.
func newScene(t *testing.T, organisation genesyssim.Config, changes ...func(*stack.Config)) *scene {
	t.Helper()

	s := newQuietScene(t)

	written, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}

	if s.log, err = os.Open(written.Name()); err != nil {
		t.Fatal(err)
	}

	config := stack.Config{
		Template: templateFile, Binaries: functiontest.Binaries(t), Data: t.TempDir(), Logs: written,
		Organisation: stack.Simulated{Config: organisation, CA: filepath.Join(t.TempDir(), "ca.pem")},
		// A buffer of minutes, so that a scene is short.
		Environment: map[string]string{"MAX_REQUESTS_PER_MINUTE": "60000", "TOKEN_ROTATION_BUFFER_SECONDS": "300"},
	}
	for _, change := range changes {
		change(&config)
	}

	if s.Stack, err = stack.Start(t.Context(), config); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = errors.Join(s.Close(), s.log.Close(), written.Close()) })

	return s
}

// play runs a scene of an organisation beside others.
func play(t *testing.T, name string, organisation genesyssim.Config, scene func(s *scene), changes ...func(*stack.Config)) {
	t.Helper()

	t.Run(name, func(t *testing.T) {
		t.Parallel()
		scene(newScene(t, organisation, changes...))
	})
}

// answer is what an invocation came to.
type answer struct {
	// ErrorType is "" on success.
	ErrorType string `json:"errorType"`
	Status    string `json:"status"`
	Reason    string `json:"reason"`
}

// run invokes a function and waits for it. What it wrote stands in CloudWatch at the scene's time, and so does AWS/Lambda's
// Errors, which is 1 or 0 for each invocation:
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#invocation-metrics
func (s *scene) run(function, payload string) answer {
	s.t.Helper()

	reply, err := s.Functions().Invoke(s.t.Context(), &lambda.InvokeInput{FunctionName: &function, Payload: []byte(payload)})
	if err != nil {
		s.t.Fatal(err)
	}

	var a answer
	if err := json.Unmarshal(reply.Payload, &a); err != nil || (reply.FunctionError != nil) != (a.ErrorType != "") {
		s.t.Fatalf("%s answered %s, with the error %v", function, reply.Payload, err)
	}

	s.collect()
	s.count(Metric{
		Namespace: "AWS/Lambda", Name: "Errors", Dimensions: map[string]string{"FunctionName": function},
	}, a.ErrorType != "")

	return a
}

// collect takes the metrics that the functions wrote since it was last called.
func (s *scene) collect() {
	s.t.Helper()

	samples, err := ParseLog(s.log)
	if err != nil {
		s.t.Fatal(err)
	}

	for i := range samples {
		samples[i].At = s.now.Add(runAt)
	}

	s.cloudwatch.Put(samples...)
}

// count puts 1 or 0 into a metric of AWS's own.
func (s *scene) count(metric Metric, happened bool) {
	sample := Sample{Metric: metric, At: s.now.Add(runAt)}
	if happened {
		sample.Value = 1
	}

	s.cloudwatch.Put(sample)
}

// rotate is an invocation of the rotator as its schedule makes it, and a minute that passes after it.
func (s *scene) rotate() answer {
	s.t.Helper()

	a := s.run(stack.Rotator, "{}")
	s.pass(time.Minute)

	return a
}

// at moves the clock to a minute.
func (s *scene) at(minute int) {
	s.t.Helper()

	s.pass(s.began.Add(time.Duration(minute) * time.Minute).Sub(s.now))
}

// pass lets time pass, for the clock and for the stored token.
func (s *scene) pass(d time.Duration) {
	s.t.Helper()

	s.now = s.now.Add(d)

	if s.Stack != nil {
		s.age(func(token.Token) time.Duration { return d })
	}
}

// faults are what the organisation does wrong from now on; none is nothing.
func (s *scene) faults(script ...genesyssim.Fault) {
	s.t.Helper()

	if err := s.Genesys.SetFaults(script); err != nil {
		s.t.Fatal(err)
	}
}

// briefly gives the exporter three seconds, of which it keeps one back: a wait of a few seconds ends the invocation.
func briefly(c *stack.Config) {
	c.Timeout = 3 * time.Second
	c.Environment["EXPORT_TIME_RESERVE_SECONDS"] = "1"
}

// leave lets the stored token grow so old that this much is left of its life.
func (s *scene) leave(remaining time.Duration) {
	s.t.Helper()
	s.age(func(stored token.Token) time.Duration { return time.Until(stored.ExpiresAt) - remaining })
}

// age makes the stored token older. Where there is none, it does nothing.
func (s *scene) age(by func(token.Token) time.Duration) {
	s.t.Helper()

	store := tokenstore.New(s.SSM(), s.TokenParameter, "")

	stored, err := store.Read(s.t.Context())
	if errors.Is(err, token.ErrNotStored) {
		return
	}

	if err == nil {
		older := by(stored.Token)
		stored.IssuedAt, stored.ExpiresAt = stored.IssuedAt.Add(-older), stored.ExpiresAt.Add(-older)
		_, err = store.Write(s.t.Context(), stored.Token)
	}

	if err != nil {
		s.t.Fatal(err)
	}
}

// forget deletes the stored token.
func (s *scene) forget() {
	s.t.Helper()

	if _, err := s.SSM().DeleteParameter(s.t.Context(), &ssm.DeleteParameterInput{Name: &s.TokenParameter}); err != nil {
		s.t.Fatal(err)
	}
}
