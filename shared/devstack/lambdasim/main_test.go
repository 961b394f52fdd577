package lambdasim_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"go.uber.org/goleak"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/lambdasim"
)

// program is the probe, built once for all tests.
var program string //nolint:gochecknoglobals // set by TestMain alone

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if program, err = functiontest.Build("shared/devstack/lambdasim/testdata/src/probe", "probe/bootstrap"); err != nil {
		fmt.Fprintln(os.Stderr, err)

		return 1
	}

	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)

		return 1
	}

	return code
}

// world is a running endpoint with the probe, the SDK's client of it, and what the probe printed.
type world struct {
	*lambdasim.Endpoint
	client *lambda.Client
	url    string
	logs   *lines
}

// start runs an endpoint over loopback until the test ends. The changes are made to its configuration.
func start(t *testing.T, changes ...func(*lambdasim.Config, *lambdasim.Function)) world {
	t.Helper()

	logs := &lines{}
	config := lambdasim.Config{
		Logs: logs, Functions: []lambdasim.Function{{Name: "probe", Path: program, Timeout: time.Minute}},
	}
	for _, change := range changes {
		change(&config, &config.Functions[0])
	}

	endpoint, err := lambdasim.New(config)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	server := httptest.NewServer(endpoint)
	t.Cleanup(func() {
		_ = endpoint.Close()
		server.Close()
	})

	client := lambda.New(lambda.Options{
		Region: "local", BaseEndpoint: aws.String(server.URL), HTTPClient: server.Client(), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})

	return world{Endpoint: endpoint, client: client, url: server.URL, logs: logs}
}

// invoke calls the probe synchronously.
func (w world) invoke(t *testing.T, payload string) *lambda.InvokeOutput {
	t.Helper()

	output, err := w.client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("probe"), Payload: []byte(payload)})
	if err != nil {
		t.Fatalf("Invoke %s: %v", payload, err)
	}

	return output
}

// begin calls the probe synchronously, and returns once it runs, with where what comes of it is delivered.
func (w world) begin(t *testing.T, payload string) <-chan result {
	t.Helper()

	done := make(chan result, 1)
	go func() {
		output, err := w.client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("probe"), Payload: []byte(payload)})
		done <- result{output, err}
	}()
	w.logs.await(t, "running\n")

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

// lines is a log that is read while it is written, and notes what was not written as one whole line.
type lines struct {
	mu     sync.Mutex
	text   bytes.Buffer
	broken int
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()

	if bytes.IndexByte(p, '\n') != len(p)-1 {
		l.broken++
	}

	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.text.String()
}

// await waits until the log has a text.
func (l *lines) await(t *testing.T, text string) {
	t.Helper()

	for began := time.Now(); !strings.Contains(l.String(), text); time.Sleep(time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("%q is not in the log:\n%s", text, l.String())
		}
	}
}
