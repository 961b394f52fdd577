package clientcred_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// read reads the secret with that id at a Secrets Manager of which every secret has this value, unless it fails.
func read(t *testing.T, id, value string, faults ...awstest.Fault) (got token.Credentials, requests int, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		front := awstest.NewFront(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": value})
		}), secretsim.Operation)
		front.Fail("GetSecretValue", faults...)

		client := secretsmanager.NewFromConfig(awstest.Serve(t, memnet.New(), "secrets.test", front))
		got, err = clientcred.New(client, id).Read(t.Context())
		requests = front.Requests()["GetSecretValue"]
	})

	return got, requests, err
}

// The ids of one secret. An error may show its name alone.
func ids() []string {
	return []string{"genesys/client", "arn:aws:secretsmanager:eu-central-1:000000000000:secret:genesys/client-AbCdEf"}
}

func TestCredentialsAreReadWithoutTheEndsOfAPaste(t *testing.T) {
	t.Parallel()

	for name, value := range map[string]string{
		"as promised":           `{"client_id":"id","client_secret":"canary s3cret/+="}`,
		"with more fields":      `{"note":"from 2026","client_id":"id","client_secret":"canary s3cret/+=","scopes":[]}`,
		"with the paste's ends": `{"client_id":" id\n","client_secret":"\tcanary s3cret/+=\r\n"}`,
	} {
		got, _, err := read(t, "genesys/client", value)
		if err != nil || !got.Equal(token.Credentials{ClientID: "id", ClientSecret: secret.New("canary s3cret/+=")}) {
			t.Errorf("%s: got another client, error %v", name, err)
		}
	}
}

func TestASecretOfAnotherFormIsRefusedUnseen(t *testing.T) {
	t.Parallel()

	for name, value := range map[string]string{
		"plain text":          "canary",
		"cut":                 `{"client_id":"id","client_secret":"canary`,
		"no id":               `{"client_secret":"canary"}`,
		"no secret":           `{"client_id":"canary"}`,
		"an empty secret":     `{"client_id":"canary","client_secret":""}`,
		"white space":         `{"client_id":"canary","client_secret":" \n"}`,
		"a number":            `{"client_id":"canary","client_secret":7}`,
		"an array":            `["canary","canary"]`,
		"nested":              `{"genesys":{"client_id":"canary","client_secret":"canary"}}`,
		"something after it":  `{"client_id":"id","client_secret":"canary"} canary`,
		"null in its members": `{"client_id":null,"client_secret":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, id := range ids() {
				_, _, err := read(t, id, value)
				awstest.WantFailure(t, err, failure.InvalidCredentials, "genesys/client", `{"client_id":"…","client_secret":"…"}`)
			}
		})
	}
}

func TestFailuresNameTheSecret(t *testing.T) {
	t.Parallel()

	for code, test := range map[string]struct {
		kind     failure.Kind
		requests int
		part     string
	}{
		"AccessDeniedException":     {failure.StorageUnavailable, 1, "access was denied"},
		"DecryptionFailure":         {failure.StorageUnavailable, 1, "DecryptionFailure"},
		"ThrottlingException":       {failure.StorageUnavailable, 5, "ThrottlingException"},
		"ResourceNotFoundException": {failure.InvalidCredentials, 1, "does not exist or has no value: put the OAuth client's id and secret there"},
		"InvalidRequestException":   {failure.InvalidCredentials, 1, "marked for deletion: restore it"},
	} {
		for _, id := range ids() {
			_, requests, err := read(t, id, "{}", awstest.Times(10, awstest.Refuse(http.StatusBadRequest, code))...)
			awstest.WantFailure(t, err, test.kind, "secret genesys/client", test.part)
			if requests != test.requests {
				t.Errorf("%s: the secret was asked for %d times, want %d", code, requests, test.requests)
			}
		}
	}
}
