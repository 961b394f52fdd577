package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/genesyssim"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
)

// Every stack searches its output at the end of its test. Here, whoever answers also says what must not be repeated.
func TestNoSecretIsShownWhoeverRepeatsIt(t *testing.T) {
	t.Parallel()

	echo := func(status int, body string) awstest.Fault {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("X-Amzn-ErrorType", "AccessDeniedException")
			w.Header().Set("Retry-After", clientSecretCanary)
			w.Header().Set("Location", "http://127.0.0.1/"+clientSecretCanary)
			w.Header().Set("Inin-Correlation-Id", clientSecretCanary+" "+clientSecretCanary)
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, body)
		}
	}
	talkative := fmt.Sprintf(`{"__type":"%[1]s of many words","message":%[1]q,"error":"%[1]s of many words","error_description":%[1]q,"description":%[1]q}`,
		clientSecretCanary)

	for _, test := range []struct {
		name      string
		operation string
		fault     awstest.Fault
	}{
		{"the token endpoint's 400", "token", echo(400, talkative)},
		{"the token endpoint's 401", "token", echo(401, talkative)},
		{"the token endpoint's 403", "token", echo(403, talkative)},
		{"the token endpoint's 429", "token", echo(429, talkative)},
		{"the token endpoint's 500", "token", echo(500, talkative)},
		{"a redirect", "token", echo(302, "")},
		{"a grant that is cut", "token", echo(200, `{"access_token":"`+clientSecretCanary)},
		{"a grant of another type", "token", echo(200, `{"access_token":"canary","token_type":"canary","expires_in":1}`)},
		{"a grant that lasts canary", "token", echo(200, `{"access_token":"canary","token_type":"bearer","expires_in":"canary"}`)},
		{"the secret, malformed", "GetSecretValue", echo(200, `{"SecretString":"`+clientSecretCanary+`"}`)},
		{"the secret, denied", "GetSecretValue", echo(400, talkative)},
		{"the parameter, malformed reply", "GetParameter", echo(200, clientSecretCanary)},
		{"the parameter, denied", "GetParameter", awstest.Refuse(http.StatusBadRequest, "AccessDeniedException")},
		{"the put, denied", "PutParameter", awstest.Refuse(http.StatusBadRequest, "AccessDeniedException")},
		{"the put, refused at length", "PutParameter", awstest.Refuse(http.StatusBadRequest, "ValidationException")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, h := dueStack(t)
				s.aws.Fail(test.operation, awstest.Times(10, test.fault)...)
				s.tokens.Fail(test.operation, awstest.Times(200, test.fault)...)

				if _, err := s.invoke(h, `{}`); err == nil {
					t.Error("the rotation did not meet its fault")
				}

				// Then it succeeds, with tokens that the search at the end knows from Parameter Store.
				s.aws.Fail(test.operation)
				s.tokens.Fail(test.operation)
				time.Sleep(time.Minute)
				s.rotate(h, `{"force":true}`)
				s.rotate(h, schedulerEvent)
				if !strings.Contains(s.output.String(), `"token checked"`) {
					t.Error("nothing was logged, so nothing was searched")
				}
			})
		})
	}
}

func TestTheResultIsTheContractsAndNeverTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		h := s.process()
		time.Sleep(700 * time.Millisecond)

		answer, err := h.Invoke(t.Context(), []byte(`{}`))
		noError(t, err)

		want := `{"rotated":true,"reason":"missing","version":1,"issued_at":"2000-01-01T00:00:00Z",` +
			`"expires_at":"2000-01-01T00:10:00Z","remaining_seconds":600}`
		if diff := cmp.Diff(want, string(answer)); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
	})
}

func TestMetricsReportEachInvocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		h := s.process()
		s.tokens.Fail("token", func(w http.ResponseWriter, r *http.Request, service http.Handler) {
			w.Header().Set("Date", time.Now().Add(10*time.Minute).UTC().Format(http.TimeFormat))
			service.ServeHTTP(w, r)
		})
		s.rotate(h, `{}`)
		s.rotate(h, `{}`)
		s.faults(genesyssim.Fault{Status: 403, Code: "access_denied"})
		_, err := s.invoke(h, `{"rejected_version":1}`)
		s.wantError(err, "Forbidden")
		s.rotate(h, `{}`)

		for name, want := range map[string][]float64{
			"TokenRotated":       {1, 0, 0, 1}, // the last replaces what the invocation before could not
			"TokenMintFailed":    {0, 0, 1, 0},
			"TokenProbeRejected": {0, 0, 0, 0},
			"TokenRemaining":     {600, 600, 600}, // none of the invocation that left a rejected token
			"TokenBuffer":        {200, 200, 200}, // likewise; a third of the lifetime
			"TokenMargin":        {500, 500, 500}, // to half of it
			"ClockSkew":          {600, 0},        // a clock that is off changes no lifetime
		} {
			if diff := cmp.Diff(want, s.metric(name)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestABadConfigurationAnswersEveryEventAndSendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		h := s.process("GENESYS_TOKEN_URL=http://evil.example/oauth/token", "TOKEN_PARAMETER_NAME=canary", "GENESYS_TOKEN_AUTH_METHOD=canary",
			"TOKEN_ROTATION_BUFFER_SECONDS=canary", "GENESYS_CREDENTIALS_SECRET_ID=", "GENESYS_API_URL=")

		for _, event := range []string{`{}`, `{"force":true}`, `nonsense`} {
			_, err := s.invoke(h, event)
			s.wantError(err, "InvalidConfiguration", "GENESYS_ENVIRONMENT", "GENESYS_TOKEN_URL", "TOKEN_PARAMETER_NAME", "GENESYS_TOKEN_AUTH_METHOD",
				"TOKEN_ROTATION_BUFFER_SECONDS", "GENESYS_CREDENTIALS_SECRET_ID")
		}
		s.wantRequests(requests{})
	})
}

func TestTheTutorialsDialectIsChosenByConfiguration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStack(t)
		h := s.process("GENESYS_TOKEN_URL=http://127.0.0.1/api/v2/oauth/token", "GENESYS_TOKEN_AUTH_METHOD=client_secret_post", "GENESYS_SCOPES=users:readonly",
			"TOKEN_KMS_KEY_ID=alias/stack")

		if got := s.rotate(h, `{}`); !got.Rotated {
			t.Errorf("result %+v, want a rotation", got)
		}
		if sent := s.genesys.Stats().Requests["POST /api/v2/oauth/token"]; sent != 1 {
			t.Errorf("the tutorial's endpoint was asked %d times, want once", sent)
		}
		described, err := s.ssm.DescribeParameters(t.Context(), nil)
		noError(t, err)
		if got := aws.ToString(described.Parameters[0].KeyId); got != "alias/stack" {
			t.Errorf("the token is encrypted with %s, want alias/stack", got)
		}
		if encoded, err := json.Marshal(described.Parameters[0].Tier); err != nil || string(encoded) != `"Standard"` {
			t.Errorf("the token is in the tier %s, want Standard, as it is small", encoded)
		}
	})
}
