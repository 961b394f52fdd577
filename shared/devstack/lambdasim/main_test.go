package lambdasim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"go.uber.org/goleak"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/lambdasim"
)

//nolint:gochecknoglobals // the programs are built once for all tests, by TestMain
var programs string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	directory, err := os.MkdirTemp("", "lambdasim")
	if err == nil {
		defer os.RemoveAll(directory)
		err = errors.Join(build(directory, "probe"), build(directory, "stillborn"), build(directory, "misfit"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)

		return 1
	}
	programs = directory

	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)

		return 1
	}

	return code
}

func build(directory, program string) error {
	return functiontest.Build(context.Background(), "./testdata/src/"+program, filepath.Join(directory, program))
}

// probe is a function that does what its event says.
func probe() lambdasim.Function {
	return lambdasim.Function{Name: "probe", Path: filepath.Join(programs, "probe"), Timeout: time.Minute}
}

// stack is a running endpoint and the SDK's client of it.
type stack struct {
	*lambdasim.Endpoint
	client *lambda.Client
	url    string
}

// start runs an endpoint over loopback until the test ends.
func start(t *testing.T, config lambdasim.Config) stack {
	t.Helper()

	endpoint, err := lambdasim.New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	server := httptest.NewServer(endpoint)
	t.Cleanup(func() {
		if err := endpoint.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		server.Close()
	})

	client := lambda.New(lambda.Options{
		Region:       "local",
		BaseEndpoint: aws.String(server.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient:   server.Client(),
		Retryer:      aws.NopRetryer{},
	})

	return stack{Endpoint: endpoint, client: client, url: server.URL}
}

// startProbe runs an endpoint with the probe alone.
func startProbe(t *testing.T) stack {
	t.Helper()

	return start(t, lambdasim.Config{Functions: []lambdasim.Function{probe()}})
}

// invoke calls the probe synchronously.
func (s stack) invoke(t *testing.T, payload string) *lambda.InvokeOutput {
	t.Helper()

	output, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("probe"), Payload: []byte(payload)})
	if err != nil {
		t.Fatalf("Invoke %s: %v", payload, err)
	}

	return output
}

// invokeInBackground calls the probe synchronously and delivers what comes of it.
func (s stack) invokeInBackground(t *testing.T, payload string) <-chan result {
	t.Helper()

	done := make(chan result, 1)
	go func() {
		output, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("probe"), Payload: []byte(payload)})
		done <- result{output: output, err: err}
	}()

	return done
}

type result struct {
	output *lambda.InvokeOutput
	err    error
}

// receive waits for a value, and fails the test where none comes.
func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()

	select {
	case value := <-from:
		return value
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came within 30 s")
		panic("unreachable")
	}
}
