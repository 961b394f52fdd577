package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
	"genesys-cloud-export/shared/transport"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"
)

const (
	parameterName = "/stack/token"
	secretName    = "stack/client"
	clientID      = "client-id"

	// The canaries: no output may hold one of them, nor a token.
	clientSecretCanary = "canary-client-secret"
	awsSecretCanary    = "canary-aws-secret-key"
	awsSessionCanary   = "canary-aws-session"

	// lambdaTimeout is what an invocation is given here.
	lambdaTimeout = 30 * time.Second
	// tokenLifetime makes tokens due with 200 s left, a third of it.
	tokenLifetime = 600 * time.Second
)

// stack is everything around the rotator's processes: Genesys Cloud and the AWS services on a network in memory.
type stack struct {
	t       *testing.T
	network *memnet.Network
	genesys *genesyssim.Simulator
	// aws and login stand in front of the services, count requests and make them fail.
	aws, login *tap
	parameters *ssmsim.Endpoint
	ssm        *ssm.Client // to look with; not counted
	secrets    *secretsmanager.Client
	output     *transcript
}

// newStack must be called inside a bubble. At its end the test fails if any output held a secret. The organisation is the
// usual one, but for what change says.
func newStack(t *testing.T, change ...func(*genesyssim.Config)) *stack {
	t.Helper()

	organisation := genesyssim.Config{ClientID: clientID, ClientSecret: secret.New(clientSecretCanary), TokenLifetime: tokenLifetime}
	for _, apply := range change {
		apply(&organisation)
	}

	simulator, err := genesyssim.New(organisation)
	noError(t, err)
	parameters, secrets := ssmsim.New(ssmsim.Config{}), secretsim.New(secretsim.Config{})

	services := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if secretsim.Operation(r) != "" {
			secrets.ServeHTTP(w, r)
			return
		}
		parameters.ServeHTTP(w, r)
	})

	s := &stack{
		t: t, network: memnet.New(), genesys: simulator, parameters: parameters, output: &transcript{},
		aws:   newTap(services, func(r *http.Request) string { return ssmsim.Operation(r) + secretsim.Operation(r) }),
		login: newTap(simulator, func(*http.Request) string { return "token" }),
	}
	for address, handler := range map[string]http.Handler{"aws.test:80": s.aws, "127.0.0.1:80": s.login, "look.test:80": services} {
		stop, err := s.network.Serve(address, handler)
		noError(t, err)
		t.Cleanup(stop)
	}

	look := s.cloud("http://look.test")
	s.ssm, s.secrets = ssm.NewFromConfig(look), secretsmanager.NewFromConfig(look)
	_, err = s.secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String(secretName), SecretString: aws.String(credentialsJSON(clientSecretCanary)),
	})
	noError(t, err)
	t.Cleanup(s.wantNothingSecretShown)

	return s
}

func noError(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

func credentialsJSON(clientSecret string) string {
	return fmt.Sprintf(`{"client_id":%q,"client_secret":%q}`, clientID, clientSecret)
}

// ownBody sends a copy of each request's body. The SDK closes the body that it gave as soon as a reply begins; a network
// in memory answers before the transport has seen that body's end, and the transport then breaks off a reply over 4 KB.
type ownBody struct{ http.RoundTripper }

func (o ownBody) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	sent.Body = io.NopCloser(bytes.NewReader(body))

	return o.RoundTripper.RoundTrip(sent)
}

// cloud is the AWS configuration that main loads, on this network.
func (s *stack) cloud(address string) aws.Config {
	return aws.Config{
		Region: "eu-central-1", BaseEndpoint: &address, Retryer: awsapi.NewRetryer,
		HTTPClient: &http.Client{Transport: ownBody{s.network.Transport()}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: awsSecretCanary, SessionToken: awsSessionCanary}, nil
		}),
	}
}

// process starts a rotator process. The probe is off unless the environment switches it on.
func (s *stack) process(environment ...string) *invocation.Handler {
	logger := slog.New(slog.NewJSONHandler(s.output, &slog.HandlerOptions{Level: slog.LevelDebug}))
	environ := append([]string{
		"GENESYS_TOKEN_URL=http://127.0.0.1/oauth/token", "GENESYS_API_URL=http://127.0.0.1",
		"GENESYS_CREDENTIALS_SECRET_ID=" + secretName, "TOKEN_PARAMETER_NAME=" + parameterName,
		"TOKEN_PROBE_SECONDS=0", "STACK_NAME=stack",
	}, environment...)
	client := &http.Client{Transport: s.network.Transport(), CheckRedirect: transport.NoRedirect}

	return newHandler(&invocation.Process{Environ: environ, Cloud: s.cloud("http://aws.test"), HTTP: client, Out: s.output, Logger: logger})
}

// invoke gives a process one event and Lambda's time for it; what comes back is part of the output.
func (s *stack) invoke(h *invocation.Handler, payload string) (result, error) {
	s.t.Helper()

	ctx, cancel := context.WithTimeout(s.t.Context(), lambdaTimeout)
	defer cancel()

	answer, err := h.Invoke(ctx, []byte(payload))
	fmt.Fprintf(s.output, "%s %v %+v %#v\n", answer, err, err, err)

	if err != nil {
		if _, ok := err.(messages.InvokeResponse_Error); !ok { //nolint:errorlint // Lambda looks at the outermost type alone
			s.t.Errorf("the error is a %T, whose type Lambda would report: %v", err, err)
		}

		return result{}, err
	}

	var got result
	if err := json.Unmarshal(answer, &got); err != nil {
		s.t.Errorf("the result is no JSON object: %v", err)
	}

	return got, nil
}

// rotate is invoke where nothing may fail.
func (s *stack) rotate(h *invocation.Handler, payload string) result {
	s.t.Helper()

	got, err := s.invoke(h, payload)
	if err != nil {
		s.t.Fatalf("event %s: %v", payload, err)
	}

	return got
}

// stored is what stands in Parameter Store; it fails the test where that is no token.
func (s *stack) stored() token.Stored {
	s.t.Helper()

	stored, err := tokenstore.New(s.ssm, parameterName, "").Read(s.t.Context())
	if err != nil {
		s.t.Fatalf("the parameter holds no token: %v", err)
	}

	return stored
}

// faults puts a script of faults before the token endpoint.
func (s *stack) faults(faults ...genesyssim.Fault) {
	s.t.Helper()

	for i := range faults {
		faults[i].Path = "/oauth/token"
	}
	noError(s.t, s.genesys.SetFaults(faults))
}

// requests are counts of requests by operation; token is the token endpoint's.
type requests map[string]int

// wantRequests checks what was sent since the last call of it, and that nobody came before a Retry-After had passed.
func (s *stack) wantRequests(want requests) {
	s.t.Helper()

	got := s.aws.take()
	maps.Copy(got, s.login.take())
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("requests (-want +got):\n%s", diff)
	}

	if early := s.genesys.Stats().EarlyRequests; len(early) != 0 {
		s.t.Errorf("requests came before a Retry-After had passed: %v", early)
	}
}

// wantMinted checks how many tokens were granted so far.
func (s *stack) wantMinted(want int64) {
	s.t.Helper()

	if got := s.genesys.Stats().TokensMinted; got != want {
		s.t.Errorf("%d tokens were minted, want %d", got, want)
	}
}

// wantError checks the type that Lambda reports, and the message's parts.
func (s *stack) wantError(err error, kind string, parts ...string) {
	s.t.Helper()

	failed, _ := err.(messages.InvokeResponse_Error) //nolint:errorlint // as Lambda does
	if failed.Type != kind {
		s.t.Errorf("the error is %q (%v), want %q", failed.Type, err, kind)
	}
	for _, part := range parts {
		if !strings.Contains(failed.Message, part) {
			s.t.Errorf("the message is %q, want %q in it", failed.Message, part)
		}
	}
}

// transcript is all that a process writes, and what it returns.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()

	return o.text.Write(p)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()

	return o.text.String()
}
