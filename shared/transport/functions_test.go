package transport_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/s3sim"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// What the built functions do with connections that go wrong, over real sockets, with each of the six services that they
// talk to.

const (
	clientSecret = canary + "-client-secret"
	bucket       = "exports"
)

// cloud is everything that the functions talk to, each service behind a front of its own.
type cloud struct {
	fronts      map[string]*awstest.Front
	environment map[string]string // of both functions
}

func newCloud(t *testing.T) *cloud {
	t.Helper()

	genesys, err := genesyssim.New(genesyssim.Config{Users: 300, ClientID: "wire", ClientSecret: secret.New(clientSecret)})
	noError(t, err)
	parameters, secrets := ssmsim.New(), secretsim.New()
	objects, err := s3sim.New(s3sim.Config{Folder: t.TempDir(), Buckets: []string{bucket}})
	noError(t, err)

	rotated := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"rotated":true}`) })

	c := &cloud{fronts: make(map[string]*awstest.Front)}
	address := func(name string, service http.Handler) string {
		c.fronts[name] = awstest.NewFront(service, func(*http.Request) string { return "" })
		server := httptest.NewServer(c.fronts[name])
		t.Cleanup(server.Close)

		return server.URL
	}
	c.environment = map[string]string{
		"GENESYS_API_URL": address("api", genesys), "GENESYS_TOKEN_URL": address("login", genesys) + "/oauth/token",
		"AWS_ENDPOINT_URL_SSM": address("ssm", parameters), "AWS_ENDPOINT_URL_SECRETS_MANAGER": address("secrets", secrets),
		"AWS_ENDPOINT_URL_S3": address("s3", objects), "AWS_ENDPOINT_URL_LAMBDA": address("lambda", rotated),
		"AWS_ACCESS_KEY_ID": "wire", "AWS_SECRET_ACCESS_KEY": canary + "-aws-secret", "AWS_REGION": "eu-central-1",
		"TOKEN_PARAMETER_NAME": "/wire/token", "GENESYS_CREDENTIALS_SECRET_ID": "client", "TOKEN_PROBE_SECONDS": "0",
		"EXPORT_BUCKET": bucket, "ROTATOR_FUNCTION_NAME": "rotator", "EXPORT_TIME_RESERVE_SECONDS": "2",
	}

	value := fmt.Sprintf(`{"client_id":"wire","client_secret":%q}`, clientSecret)
	_, err = secretsmanager.NewFromConfig(awstest.Serve(t, memnet.New(), "secrets.test", secrets)).
		CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: new("client"), SecretString: &value})
	noError(t, err)

	return c
}

// start starts the function that talks to the service, with all that it needs beside it, and returns it with its event.
func (c *cloud) start(t *testing.T, service string) (function *functiontest.Function, event string) {
	t.Helper()

	if service == "login" || service == "secrets" {
		return functiontest.Start(t, "rotator", c.environment), `{"force":true}`
	}

	if service != "lambda" { // without a token, an export asks the rotator
		rotator := functiontest.Start(t, "rotator", c.environment)
		if reply, failed := rotator.Invoke(t, `{}`); failed {
			t.Fatalf("the rotator answered %s\n%s", reply, rotator.Logs())
		}
	}

	return functiontest.Start(t, "export-users", c.environment), `{"export_id":"wire"}`
}

// succeeds invokes the function and reports whether it did what was asked. A failure has to have a name.
func succeeds(t *testing.T, function *functiontest.Function, event string) bool {
	t.Helper()

	reply, failed := function.Invoke(t, event)

	var answer struct {
		ErrorType failure.Kind `json:"errorType"`
		Status    string       `json:"status"`
	}
	noError(t, json.Unmarshal(reply, &answer))

	if failed && !slices.Contains(failure.Kinds(), answer.ErrorType) {
		t.Errorf("the invocation ended without a name: %s", reply)
	}

	return !failed && answer.Status != "continue"
}

func TestABadConnectionEndsByNameAndReachesNoLog(t *testing.T) {
	t.Parallel()

	// The most that one invocation may send: the attempts of one page; of one token request, after reading the secret again.
	attempts := map[string]int{"api": 6, "login": 8}

	type row struct {
		spoil   func(reply []byte) (sent string, open bool)
		refused bool // there is no reply
		counted bool // each attempt is one request
	}

	for name, row := range map[string]row{
		"bytes after the reply":    {bytesAfter, false, false},
		"a second reply":           {secondReply, false, false},
		"a length that is short":   {shortLength, false, false},
		"a switch of protocols":    {switching, true, false},
		"closed after the head":    {headersOnly, true, true},
		"closed without an answer": {hangUp, true, true},
	} {
		for _, service := range []string{"api", "login", "ssm", "secrets", "s3", "lambda"} {
			most := attempts[service]
			if row.counted && most == 0 {
				continue
			}

			t.Run(service+", "+name, func(t *testing.T) {
				t.Parallel()

				c := newCloud(t)
				function, event := c.start(t, service)

				front := c.fronts[service]
				front.Requests()
				front.Fail("", awstest.Times(100, spoiled(row.spoil))...)
				if succeeds(t, function, event) && row.refused {
					t.Error("the invocation did what was asked")
				}
				if sent := front.Requests()[""]; row.counted && (sent < 2 || sent > most) {
					t.Errorf("%d requests were sent in one invocation, want 2 to %d", sent, most)
				}

				front.Fail("")
				// This Lambda stores no token. After a spoiled reply the export may still be leased.
				if !succeeds(t, function, event) && row.refused && service != "lambda" {
					t.Error("afterwards the invocation did not do what was asked")
				}

				// What libraries print of bad replies, what was sent, users.
				logs := function.Logs()
				for _, hidden := range []string{canary, "Unsolicited", "@", "access_token"} {
					if strings.Contains(logs, hidden) {
						t.Errorf("%q is in the log:\n%s", hidden, logs)
					}
				}
			})
		}
	}
}
