package lambdasim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.uber.org/goleak"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

// TestMain is the probe's main too: the endpoint runs this binary.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		runProbe()
	}
	goleak.VerifyTestMain(m)
}

// world is a running endpoint with the probe, the SDK's client of it, and what the probe printed.
type world struct {
	*lambdasim.Endpoint
	client *lambda.Client
	logs   *lines
}

// start runs an endpoint over loopback until the test ends. The changes are made to its configuration.
func start(t *testing.T, changes ...func(*lambdasim.Config, *lambdasim.Function)) world {
	t.Helper()
	logs := &lines{}
	config := lambdasim.Config{
		Logs: logs, Functions: []lambdasim.Function{{Name: "probe", Path: os.Args[0], Timeout: time.Minute}},
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

	return world{endpoint, lambda.New(lambda.Options{
		Region: "local", BaseEndpoint: aws.String(server.URL), HTTPClient: server.Client(), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}), logs}
}

// call sends an invocation of the probe, unless the input names another function.
func (w world) call(t *testing.T, input lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	t.Helper()
	if input.FunctionName == nil {
		input.FunctionName = aws.String("probe")
	}

	return w.client.Invoke(t.Context(), &input)
}

// invoke calls the probe.
func (w world) invoke(t *testing.T, payload string) *lambda.InvokeOutput {
	t.Helper()
	output, err := w.call(t, lambda.InvokeInput{Payload: []byte(payload)})
	if err != nil {
		t.Fatalf("Invoke %.100s: %v", payload, err)
	}

	return output
}

// decoded reads a reply of the probe.
func decoded[T any](t *testing.T, payload []byte) (into T) {
	t.Helper()
	if err := json.Unmarshal(payload, &into); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}

	return into
}

type result struct {
	output *lambda.InvokeOutput
	err    error
}

// begin calls the probe, returns once it runs, and sends what comes of it.
func (w world) begin(t *testing.T, payload string) <-chan result {
	t.Helper()
	ended := make(chan result, 1)
	go func() {
		output, err := w.call(t, lambda.InvokeInput{Payload: []byte(payload)})
		ended <- result{output, err}
	}()
	for began := time.Now(); !strings.Contains(w.logs.String(), "running\n"); time.Sleep(time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("the invocation does not run")
		}
	}

	return ended
}

// wantRefusal wants an error of the API, with a message.
func wantRefusal(t *testing.T, what string, err error, code string, status int) {
	t.Helper()
	answer, named := errors.AsType[smithy.APIError](err)
	reply, answered := errors.AsType[*smithyhttp.ResponseError](err)
	if !named || !answered || answer.ErrorCode() != code || reply.HTTPStatusCode() != status || answer.ErrorMessage() == "" {
		t.Errorf("%s got %v, want %s, status %d and a message", what, err, code, status)
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
