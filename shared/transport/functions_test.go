package transport_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
)

// What the built functions do with connections that go wrong, over real sockets, with each of the six services that they
// talk to.

const (
	users         = 300
	clientSecret  = canary + "-client-secret"
	awsSecret     = canary + "-aws-secret"
	storedToken   = canary + "-stored-token"
	bucket        = "exports"
	parameterName = "/wire/token"
	secretName    = "client"
)

// cloud is everything that the functions talk to, each service behind a wire of its own.
type cloud struct {
	genesys *genesyssim.Simulator
	wires   map[string]*wire
	// environment is what both functions are started with.
	environment map[string]string
}

func newCloud(t *testing.T) *cloud {
	t.Helper()

	genesys, err := genesyssim.New(genesyssim.Config{Users: users, ClientID: "wire", ClientSecret: secret.New(clientSecret)})
	noError(t, err)
	parameters, secrets := ssmsim.New(ssmsim.Config{}), secretsim.New(secretsim.Config{})
	objects, err := s3sim.New(s3sim.Config{Folder: t.TempDir(), Buckets: []string{bucket}})
	noError(t, err)

	rotated := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"rotated":true}`) })

	c := &cloud{genesys: genesys, wires: map[string]*wire{
		"api": {service: genesys}, "login": {service: genesys}, "ssm": {service: parameters},
		"secrets": {service: secrets}, "s3": {service: objects}, "lambda": {service: rotated},
	}}

	address := func(name string) string { return "http://" + c.wires[name].serve(t) }
	c.environment = map[string]string{
		"GENESYS_API_URL": address("api"), "GENESYS_TOKEN_URL": address("login") + "/oauth/token",
		"AWS_ENDPOINT_URL_SSM": address("ssm"), "AWS_ENDPOINT_URL_SECRETS_MANAGER": address("secrets"),
		"AWS_ENDPOINT_URL_S3": address("s3"), "AWS_ENDPOINT_URL_LAMBDA": address("lambda"),
		"AWS_ACCESS_KEY_ID": "wire", "AWS_SECRET_ACCESS_KEY": awsSecret, "AWS_REGION": "eu-central-1",
		"TOKEN_PARAMETER_NAME": parameterName, "GENESYS_CREDENTIALS_SECRET_ID": secretName, "TOKEN_PROBE_SECONDS": "0",
		"EXPORT_BUCKET": bucket, "ROTATOR_FUNCTION_NAME": "rotator", "EXPORT_TIME_RESERVE_SECONDS": "2",
	}

	c.call(t, "secrets", "secretsmanager.CreateSecret", map[string]any{
		"Name": secretName, "SecretString": fmt.Sprintf(`{"client_id":"wire","client_secret":%q}`, clientSecret),
	})

	return c
}

// call is an operation of AWS's JSON protocol, asked of the service itself.
func (c *cloud) call(t *testing.T, service, operation string, input map[string]any) {
	t.Helper()

	body, err := json.Marshal(input)
	noError(t, err)

	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", operation)

	recorder := httptest.NewRecorder()
	c.wires[service].service.ServeHTTP(recorder, request)

	if recorder.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", operation, recorder.Code, recorder.Body)
	}
}

// mint has the rotator store a token, so that an export has one.
func (c *cloud) mint(t *testing.T) {
	t.Helper()

	rotator := functiontest.Start(t, "rotator", 20*time.Second, c.environment)
	if reply, failed := rotator.Invoke(t, `{}`); failed {
		t.Fatalf("the rotator answered %s\n%s", reply, rotator.Logs())
	}
}

// services are those that the functions talk to.
func services() []string { return []string{"api", "login", "ssm", "secrets", "s3", "lambda"} }

// outcome invokes the function and returns how that ended: a status of the export's, "rotated", or an error type.
func outcome(t *testing.T, function *functiontest.Function, event string) string {
	t.Helper()

	reply, failed := function.Invoke(t, event)

	var answer struct {
		ErrorType string `json:"errorType"`
		Status    string `json:"status"`
	}
	noError(t, json.Unmarshal(reply, &answer))

	switch {
	case failed && !slices.Contains(failure.Kinds(), failure.Kind(answer.ErrorType)):
		t.Errorf("the invocation ended without a name: %s", reply)
		return answer.ErrorType
	case failed:
		return answer.ErrorType
	case answer.Status == "":
		return "rotated"
	default:
		return answer.Status
	}
}

// start starts the function that talks to the service, with all that it needs beside it, and returns it with its event.
func (c *cloud) start(t *testing.T, service string) (*functiontest.Function, string) {
	t.Helper()

	function, event := "export-users", `{"export_id":"wire"}`
	if service == "login" || service == "secrets" {
		function, event = "rotator", `{"force":true}`
	}

	if function == "export-users" && service != "lambda" { // without a token, it asks the rotator
		c.mint(t)
	}

	return c.started(t, function, 20*time.Second), event
}

// started starts a function whose log is searched when the test ends.
func (c *cloud) started(t *testing.T, name string, timeout time.Duration) *functiontest.Function {
	t.Helper()

	function := functiontest.Start(t, name, timeout, c.environment)
	t.Cleanup(func() { wantNothingShown(t, function.Logs()) })

	return function
}

// wantNothingShown searches a log for what libraries print of bad replies, for what was sent, and for users.
func wantNothingShown(t *testing.T, logs string) {
	t.Helper()

	for _, hidden := range []string{canary, "Unsolicited", "@", "access_token"} {
		if strings.Contains(logs, hidden) {
			t.Errorf("%q is in the log:\n%s", hidden, logs)
		}
	}
}

func TestNothingOfABadReplyReachesTheLog(t *testing.T) {
	t.Parallel()

	for _, service := range services() {
		for name, fault := range map[string]fault{
			"bytes after the reply": bytesAfter, "a second reply": secondReply, "a length that is too short": shortLength,
		} {
			t.Run(service+", "+name, func(t *testing.T) {
				t.Parallel()

				c := newCloud(t)
				function, event := c.start(t, service)

				c.wires[service].set(fault)
				outcome(t, function, event)
				c.wires[service].set(nil)
				outcome(t, function, event)
			})
		}
	}
}

func TestAReplyThatSwitchesProtocolsEndsByNameBeforeTheDeadline(t *testing.T) {
	t.Parallel()

	for _, service := range services() {
		t.Run(service, func(t *testing.T) {
			t.Parallel()

			c := newCloud(t)
			function, event := c.start(t, service)

			c.wires[service].set(switching)
			if ended := outcome(t, function, event); ended == "rotated" || ended == "complete" {
				t.Errorf("the invocation ended as %s", ended)
			}

			c.wires[service].set(nil)
			if ended := outcome(t, function, event); service != "lambda" && ended != "rotated" && ended != "complete" {
				t.Errorf("afterwards the invocation ended as %s:\n%s", ended, function.Logs())
			}
		})
	}
}

func TestEachRequestThatIsSentIsOneOfTheAttempts(t *testing.T) {
	t.Parallel()

	// The most that one invocation may send: the attempts of one page; of one token request, after reading the secret again.
	for service, most := range map[string]int{"api": 6, "login": 8} {
		for name, fault := range map[string]fault{"closed after the head": headersOnly, "closed without an answer": hangUp} {
			t.Run(service+", "+name, func(t *testing.T) {
				t.Parallel()

				c := newCloud(t)
				function, event := c.start(t, service)

				c.wires[service].set(fault)
				outcome(t, function, event)

				if sent := c.wires[service].sent(); sent < 2 || sent > most {
					t.Errorf("%d requests were sent in one invocation, want 2 to %d", sent, most)
				}
			})
		}
	}
}

func TestAConnectionThatWentSilentIsNotUsedAgain(t *testing.T) {
	t.Parallel()

	c := newCloud(t)
	c.mint(t)
	address, certificate, protocols := silentAfter(t, c.wires["api"], 2)
	c.environment["GENESYS_API_URL"] = address
	c.environment["SSL_CERT_FILE"] = certificate
	c.environment["EXPORT_PAGE_SIZE"] = "50"
	function := c.started(t, "export-users", 6*time.Second)

	var ended []string
	for len(ended) < 4 && !slices.Contains(ended, "complete") {
		ended = append(ended, outcome(t, function, `{"export_id":"silent"}`))
	}

	if ended[len(ended)-1] != "complete" {
		t.Errorf("the invocations ended as %v\n%s", ended, function.Logs())
	}
	if got := protocols(); !slices.Equal(got, []string{"HTTP/1.1"}) {
		t.Errorf("the function speaks %v where the server offers h2 first, want HTTP/1.1", got)
	}
}

func TestARotatorThatNeverAnswersIsNamedBeforeTheDeadline(t *testing.T) {
	t.Parallel()

	c := newCloud(t) // without a token, so that the export asks the rotator
	c.wires["lambda"].set(silent)
	function := c.started(t, "export-users", 6*time.Second)

	reply, failed := function.Invoke(t, `{"export_id":"unanswered"}`)

	if !failed || !strings.Contains(string(reply), `"errorType":"TokenUnavailable"`) || !strings.Contains(string(reply), "rotator") {
		t.Errorf("answered %s, want TokenUnavailable that names the rotator", reply)
	}
}
