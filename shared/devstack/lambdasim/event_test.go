package lambdasim_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

// send invokes the probe asynchronously.
func (s stack) send(t *testing.T, payload string) {
	t.Helper()

	output, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("probe"), InvocationType: types.InvocationTypeEvent, Payload: []byte(payload),
	})
	if err != nil {
		t.Fatal(err)
	}
	if output.StatusCode != http.StatusAccepted || len(output.Payload) > 0 {
		t.Errorf("got status %d and %q, want 202 and nothing", output.StatusCode, output.Payload)
	}
}

func TestAFailedEventIsRetriedTwiceUnderItsRequestID(t *testing.T) {
	t.Parallel()

	type attempt struct {
		Number    int
		ErrorType string
	}
	failed := func(number int) attempt { return attempt{number, "UpstreamUnavailable"} }
	tests := map[string]struct {
		succeeds int
		delays   []time.Duration
		want     []attempt
	}{
		"until it succeeds":      {2, []time.Duration{0, 0}, []attempt{failed(1), {2, ""}}},
		"until it is given up":   {9, []time.Duration{0, 0}, []attempt{failed(1), failed(2), failed(3)}},
		"not where none is left": {9, []time.Duration{}, []attempt{failed(1)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan lambdasim.Invocation, 10)
			s := start(t, lambdasim.Config{
				Functions:        []lambdasim.Function{probe()},
				AsyncRetryDelays: test.delays,
				Hooks:            lambdasim.Hooks{Ended: func(i lambdasim.Invocation) { ended <- i }},
			})
			path := filepath.Join(t.TempDir(), "attempts")

			s.send(t, fmt.Sprintf(`{"do":"fail_until","count":%d,"path":%q}`, test.succeeds, path))
			var got []attempt
			for range test.want {
				seen := receive(t, ended)
				got = append(got, attempt{seen.Attempt, seen.ErrorType})
			}
			if err := s.Close(); err != nil { // joins whatever else would have come
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || len(ended) > 0 {
				t.Errorf("%d more attempts, (-want +got):\n%s", len(ended), diff)
			}

			ids, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(ids), "\n")
			if want := strings.Repeat(first+"\n", len(test.want)); string(ids) != want {
				t.Errorf("the attempts had the request ids\n%s, want one", ids)
			}
		})
	}
}

func TestTheLargestEventIsDelivered(t *testing.T) {
	t.Parallel()
	ended := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions: []lambdasim.Function{probe()},
		Hooks:     lambdasim.Hooks{Ended: func(i lambdasim.Invocation) { ended <- i }},
	})

	s.send(t, string(jsonOf(256<<10)))
	if seen := receive(t, ended); seen.ErrorType != "" {
		t.Errorf("it ended as %+v, want a success", seen)
	}
}

func TestAnEventWaitsWhileTheFunctionIsThrottled(t *testing.T) {
	t.Parallel()
	function := probe()
	function.ReservedConcurrency = 1
	running, ended := make(chan lambdasim.Invocation, 10), make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions:        []lambdasim.Function{function},
		AsyncRetryDelays: []time.Duration{},
		Hooks: lambdasim.Hooks{
			Started: func(i lambdasim.Invocation) { running <- i },
			Ended:   func(i lambdasim.Invocation) { ended <- i },
		},
	})

	one := s.invokeInBackground(t, `{"do":"sleep","millis":60000}`)
	receive(t, running)
	s.send(t, `{"do":"count"}`)
	for s.Report("probe").Throttles == 0 {
		time.Sleep(time.Millisecond)
	}
	s.Kill("probe")
	receive(t, one)
	receive(t, ended)

	if event := receive(t, ended); event.ErrorType != "" || event.Attempt != 1 {
		t.Errorf("the event ended as %+v, want a success at the first attempt", event)
	}
}

func TestCloseDoesNotWaitForRetries(t *testing.T) {
	t.Parallel()
	ended := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{ // with Lambda's own delays
		Functions: []lambdasim.Function{probe()},
		Hooks:     lambdasim.Hooks{Ended: func(i lambdasim.Invocation) { ended <- i }},
	})

	s.send(t, `{"do":"fail"}`)
	receive(t, ended)
	began := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("Close took %s", took)
	}
	if got := s.Report("probe").Invocations; got != 1 {
		t.Errorf("%d attempts were made, want 1 and a minute's wait", got)
	}
}
