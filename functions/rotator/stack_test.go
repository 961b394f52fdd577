package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"

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

	// clientSecretCanary contains [awstest.Canary], as AWS's credentials and messages do: no output may show it, nor a token.
	clientSecretCanary = "canary-client-secret"

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
	// aws and tokens stand in front of the services. The operation of the latter is "token".
	aws, tokens *awstest.Front
	cloud       aws.Config // of the front
	parameters  *ssmsim.Endpoint
	ssm         *ssm.Client   // to look with; not counted
	output      *bytes.Buffer // all that a process writes, and what it returns
}

// newStack must be called inside a bubble. At its end the test fails if any output showed a secret. The organisation is the
// usual one, but for what change says.
func newStack(t *testing.T, change ...func(*genesyssim.Config)) *stack {
	t.Helper()

	organisation := genesyssim.Config{ClientID: clientID, ClientSecret: secret.New(clientSecretCanary), TokenLifetime: tokenLifetime}
	for _, apply := range change {
		apply(&organisation)
	}

	simulator, err := genesyssim.New(organisation)
	noError(t, err)
	parameters, secrets := ssmsim.New(), secretsim.New()

	services := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if secretsim.Operation(r) != "" {
			secrets.ServeHTTP(w, r)
			return
		}
		parameters.ServeHTTP(w, r)
	})

	s := &stack{
		t: t, network: memnet.New(), genesys: simulator, parameters: parameters, output: &bytes.Buffer{},
		aws:    awstest.NewFront(services, func(r *http.Request) string { return ssmsim.Operation(r) + secretsim.Operation(r) }),
		tokens: awstest.NewFront(simulator, func(*http.Request) string { return "token" }),
	}
	s.cloud = awstest.Serve(t, s.network, "aws.test", s.aws)
	awstest.Serve(t, s.network, "127.0.0.1", s.tokens)
	look := awstest.Serve(t, s.network, "look.test", services)
	s.ssm = ssm.NewFromConfig(look)
	_, err = secretsmanager.NewFromConfig(look).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String(secretName), SecretString: aws.String(fmt.Sprintf(`{"client_id":%q,"client_secret":%q}`, clientID, clientSecretCanary)),
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

// process starts a rotator process. The probe is off unless the environment switches it on.
func (s *stack) process(environment ...string) *invocation.Handler {
	logger := slog.New(slog.NewJSONHandler(s.output, &slog.HandlerOptions{Level: slog.LevelDebug}))
	environ := append([]string{
		"GENESYS_TOKEN_URL=http://127.0.0.1/oauth/token", "GENESYS_API_URL=http://127.0.0.1",
		"GENESYS_CREDENTIALS_SECRET_ID=" + secretName, "TOKEN_PARAMETER_NAME=" + parameterName,
		"TOKEN_PROBE_SECONDS=0", "STACK_NAME=stack",
	}, environment...)
	client, err := s.network.Carry(genesys.NewHTTPClient())
	noError(s.t, err)
	s.t.Cleanup(client.CloseIdleConnections)

	return newHandler(&invocation.Process{Environ: environ, Cloud: s.cloud, HTTP: client, Out: s.output, Logger: logger})
}

// invoke gives a process one event and Lambda's time for it.
func (s *stack) invoke(h *invocation.Handler, payload string) (result, error) {
	s.t.Helper()

	ctx, cancel := context.WithTimeout(s.t.Context(), lambdaTimeout)
	defer cancel()

	answer, err := h.Invoke(ctx, []byte(payload))
	fmt.Fprintf(s.output, "%s %v %+v %#v\n", answer, err, err, err)

	if err != nil {
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

// stored is what is in Parameter Store; it fails the test where that is no token.
func (s *stack) stored() token.Stored {
	s.t.Helper()

	stored, err := tokenstore.New(s.ssm, parameterName, "").Read(s.t.Context())
	if err != nil {
		s.t.Fatalf("the parameter has no token: %v", err)
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
type requests = map[string]int

// wantRequests checks what was sent since the last call of it, and that nobody came before a Retry-After had passed.
func (s *stack) wantRequests(want requests) {
	s.t.Helper()

	got := s.aws.Requests()
	maps.Copy(got, s.tokens.Requests())
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

	failed, _ := err.(messages.InvokeResponse_Error) //nolint:errorlint // Lambda looks at the outermost type alone
	if failed.Type != kind {
		s.t.Errorf("the error is %q (%v), want %q", failed.Type, err, kind)
	}
	for _, part := range parts {
		if !strings.Contains(failed.Message, part) {
			s.t.Errorf("the message is %q, want %q in it", failed.Message, part)
		}
	}
}

// wantNothingSecretShown searches all output for the canaries, for every token that was ever stored, and for the forms in
// which they are sent.
func (s *stack) wantNothingSecretShown() {
	s.t.Helper()

	shown := s.output.String()
	hidden := []string{awstest.Canary, "arn:", "123456789012", base64.StdEncoding.EncodeToString([]byte(clientID + ":" + clientSecretCanary))}

	// The test's own context has ended by now.
	history, err := s.ssm.GetParameterHistory(context.WithoutCancel(s.t.Context()), &ssm.GetParameterHistoryInput{
		Name: aws.String(parameterName), WithDecryption: aws.Bool(true),
	})
	if err == nil {
		for _, version := range history.Parameters {
			var document struct {
				AccessToken string `json:"access_token"`
			}
			if json.Unmarshal([]byte(*version.Value), &document) == nil && document.AccessToken != "" {
				hidden = append(hidden, document.AccessToken)
			}
		}
	}

	for _, text := range hidden {
		if at := strings.Index(shown, text); at >= 0 {
			s.t.Errorf("the output shows a secret, or what a service said: …%.120s…", shown[max(at-60, 0):])
		}
	}
}

// metric returns the values of a metric in the output, in order.
func (s *stack) metric(name string) []float64 {
	s.t.Helper()

	var values []float64
	for line := range strings.Lines(s.output.String()) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) != nil || fields["_aws"] == nil {
			continue
		}
		if fields["Stack"] != "stack" {
			s.t.Errorf("a metric line without the stack's dimension: %s", line)
		}
		if value, ok := fields[name].(float64); ok {
			values = append(values, value)
		}
	}

	return values
}
