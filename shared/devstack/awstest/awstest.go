// Package awstest serves services of AWS to tests: on a network in memory, so under virtual time too, with faults in front
// of them, and reached as the functions reach AWS. Only tests import it.
package awstest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/failure"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Canary is in every credential, and in every message that a [Refuse] answers with. No error, log or result may contain it.
const Canary = "canary"

// Fault answers a request in the service's place, or after it.
type Fault func(w http.ResponseWriter, r *http.Request, service http.Handler)

// Front stands in front of a service. It keeps the requests, and has faults answer some of them.
type Front struct {
	service   http.Handler
	operation func(*http.Request) string

	mu     sync.Mutex
	bodies map[string][]string
	faults map[string][]Fault
}

// NewFront returns the front of a service whose requests have these operations.
func NewFront(service http.Handler, operation func(*http.Request) string) *Front {
	return &Front{service: service, operation: operation, bodies: make(map[string][]string), faults: make(map[string][]Fault)}
}

// ServeHTTP reads each request whole, so that a fault sees the client go.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}

	r.Body = io.NopCloser(bytes.NewReader(body))
	operation := f.operation(r)

	f.mu.Lock()
	f.bodies[operation] = append(f.bodies[operation], string(body))

	var fault Fault
	if next := f.faults[operation]; len(next) > 0 {
		fault, f.faults[operation] = next[0], next[1:]
	}
	f.mu.Unlock()

	if fault == nil {
		f.service.ServeHTTP(w, r)
		return
	}

	fault(w, r, f.service)
}

// Fail has the next requests of an operation met by these faults, in order; nil lets one pass.
func (f *Front) Fail(operation string, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.faults[operation] = faults
}

// Bodies are those of an operation's requests. [Front.Requests] begins anew.
func (f *Front) Bodies(operation string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()

	return slices.Clone(f.bodies[operation])
}

// Requests counts the requests by operation, and begins anew.
func (f *Front) Requests() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()

	counts := make(map[string]int)
	for operation, bodies := range f.bodies {
		counts[operation] = len(bodies)
	}

	clear(f.bodies)

	return counts
}

// Times repeats a fault.
func Times(n int, fault Fault) []Fault { return slices.Repeat([]Fault{fault}, n) }

// Refuse answers with an error of a JSON service. Its message contains what may not be shown.
func Refuse(status int, code string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"%s of arn:aws:iam::123456789012:role/rotator"}`, code, Canary)
	}
}

// Hang answers nothing until the client goes.
func Hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// Break closes the connection without an answer.
func Break(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// Lose has the service do what is asked, and closes the connection before the answer.
func Lose(_ http.ResponseWriter, r *http.Request, service http.Handler) {
	service.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// Serve serves handler at host on network until the test ends, and returns a configuration that leads there with the
// functions' own client and retries. Call it inside a bubble for virtual time.
func Serve(t testing.TB, network *memnet.Network, host string, handler http.Handler) aws.Config {
	t.Helper()

	stop, err := network.Serve(host+":80", handler)
	if err != nil {
		t.Fatal(err)
	}

	client, err := network.Carry(awsapi.NewHTTPClient())
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		client.CloseIdleConnections()
		stop()
	})

	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://" + host), HTTPClient: client, Retryer: awsapi.NewRetryer,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: Canary + "-aws-key", SessionToken: Canary + "-aws-session"}, nil
		}),
	}
}

// WantFailure checks an error's kind ("" is no failure's), that its text has the parts, and that it shows no canary, ARN or
// account.
func WantFailure(t testing.TB, err error, kind failure.Kind, parts ...string) {
	t.Helper()

	if got := failure.KindOf(err); err == nil || got != kind {
		t.Errorf("the failure is %q (%v), want %q", got, err, kind)
		return
	}

	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want %q in it", err, part)
		}
	}

	for _, hidden := range []string{Canary, "arn:", "123456789012", "000000000000"} {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), hidden) {
			t.Errorf("the error shows %q: %v", hidden, err)
		}
	}
}
