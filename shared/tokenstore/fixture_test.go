package tokenstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

const name = "/genesys/token"

// parameterStore is the simulator with faults in front of it.
type parameterStore struct {
	endpoint *ssmsim.Endpoint

	mu     sync.Mutex
	faults []http.HandlerFunc // of the next requests, in order
	sealed http.HandlerFunc   // answers every read that asks for decryption; nil: the simulator does
	calls  map[string]int
	puts   []map[string]any // what PutParameter was asked
}

func (p *parameterStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))

	p.mu.Lock()
	operation := ssmsim.Operation(r)
	p.calls[operation]++
	var asked map[string]any
	_ = json.Unmarshal(body, &asked)
	if operation == "PutParameter" {
		p.puts = append(p.puts, asked)
	}
	var fault http.HandlerFunc
	switch {
	case len(p.faults) > 0:
		fault, p.faults = p.faults[0], p.faults[1:]
	case asked["WithDecryption"] == true:
		fault = p.sealed
	}
	p.mu.Unlock()

	if fault != nil {
		fault(w, r)
		return
	}
	p.endpoint.ServeHTTP(w, r)
}

// refuse answers with an AWS error whose message holds what no log may show.
func refuse(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":"canary: arn:aws:kms:eu-central-1:123456789012:key/1"}`, code)
	}
}

func throttle(w http.ResponseWriter, r *http.Request) {
	refuse(http.StatusBadRequest, "ThrottlingException")(w, r)
}

// lose does what is asked and drops the connection before the reply.
func (p *parameterStore) lose(_ http.ResponseWriter, r *http.Request) {
	p.endpoint.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// serve must be called inside a bubble. The store has the function's own retry policy.
func serve(t *testing.T, config ssmsim.Config, keyID string) (*parameterStore, *tokenstore.Store) {
	t.Helper()

	p, client := serveClient(t, config)

	return p, tokenstore.New(client, name, keyID)
}

// serveClient is serve with the client, for what the store itself does not do.
func serveClient(t *testing.T, config ssmsim.Config) (*parameterStore, *ssm.Client) {
	t.Helper()

	endpoint := ssmsim.New(config)
	p := &parameterStore{endpoint: endpoint, calls: make(map[string]int)}
	network := memnet.New()
	stop, err := network.Serve("ssm.test:80", p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)

	client := ssm.New(ssm.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://ssm.test"), Retryer: awsapi.NewRetryer(),
		HTTPClient: &http.Client{Transport: network.Transport()},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "canary"}, nil
		}),
	})

	return p, client
}

func (p *parameterStore) wantCalls(t *testing.T, want map[string]int) {
	t.Helper()

	p.mu.Lock()
	defer p.mu.Unlock()

	if diff := cmp.Diff(want, p.calls); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func tokenNow(access string) token.Token {
	now := time.Now()

	return token.Token{Access: secret.New(access), Type: "bearer", IssuedAt: now, ExpiresAt: now.Add(time.Hour)}
}

// wantFailure checks the kind, that the text says the parts, and that it shows nothing of what AWS said.
func wantFailure(t *testing.T, err error, kind failure.Kind, parts ...string) {
	t.Helper()

	if got := failure.KindOf(err); got != kind {
		t.Errorf("the failure is %q (%v), want %q", got, err, kind)
	}

	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want %q in it", err, part)
		}
	}

	if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "arn:")) {
		t.Errorf("the error shows what the service said: %v", err)
	}
}
