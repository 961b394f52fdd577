package clientcred_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"testing"

	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/witness"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const witnessedValue = `{"client_id":"id","client_secret":"canary s3cret/+= ü"}`

// witnessed is Secrets Manager as a witness has it, with a name of the test's own.
type witnessed struct {
	witness.Endpoint

	client *secretsmanager.Client
	id     string
	arn    string // of the secret, once there is one
}

func newWitnessed(t *testing.T) *witnessed {
	t.Helper()

	endpoint := witness.New(t, func() (http.Handler, error) { return secretsim.New(secretsim.Config{}) })

	return &witnessed{Endpoint: endpoint, client: secretsmanager.NewFromConfig(endpoint.Config), id: "genesys/client-" + rand.Text()}
}

// create makes the secret; an empty value is none.
func (w *witnessed) create(t *testing.T, value string) {
	t.Helper()

	input := &secretsmanager.CreateSecretInput{Name: &w.id}
	if value != "" {
		input.SecretString = &value
	}

	created, err := w.client.CreateSecret(t.Context(), input)
	if err != nil {
		t.Fatalf("create a secret at the %s: %v", w.Name, err)
	}
	w.arn = *created.ARN
}

// put adds a version with these stages, or the current one where there are none.
func (w *witnessed) put(t *testing.T, value string, stages ...string) {
	t.Helper()

	if _, err := w.client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: &w.id, SecretString: &value, VersionStages: stages,
	}); err != nil {
		t.Fatalf("put a value at the %s: %v", w.Name, err)
	}
}

func (w *witnessed) read(ctx context.Context) (token.Credentials, error) {
	return clientcred.New(w.client, w.id).Read(ctx)
}

func (w *witnessed) wantSecret(t *testing.T, want string) {
	t.Helper()

	got, err := w.read(t.Context())
	if err != nil || got.ClientID != "id" || got.ClientSecret.Reveal() != want {
		t.Errorf("at the %s another secret than expected is read, error %v", w.Name, err)
	}
}

func TestWitnessedCredentialsAreReadByNameAndByARN(t *testing.T) {
	t.Parallel()

	w := newWitnessed(t)
	w.create(t, witnessedValue)
	partial := w.arn[:len(w.arn)-len("-123456")] // AWS appends six characters to the name

	for _, id := range []string{w.id, w.arn, partial} {
		got, err := clientcred.New(w.client, id).Read(t.Context())
		if err != nil || !got.Equal(token.Credentials{ClientID: "id", ClientSecret: secret.New("canary s3cret/+= ü")}) {
			t.Errorf("at the %s by %s: got another client, error %v", w.Name, id, err)
		}
	}
}

func TestWitnessedSecretsThatAreNotThereSayWhatToDo(t *testing.T) {
	t.Parallel()

	const why = "does not exist or has no value"
	w := newWitnessed(t)

	_, err := w.read(t.Context())
	wantFailure(t, err, failure.InvalidCredentials, w.id, why)

	_, err = clientcred.New(w.client, "arn:aws:secretsmanager:eu-central-1:000000000000:secret:genesys/client-AbCdEf").Read(t.Context())
	wantFailure(t, err, failure.InvalidCredentials, why)

	w.create(t, "") // as CloudFormation makes one without a value
	_, err = w.read(t.Context())
	wantFailure(t, err, failure.InvalidCredentials, w.id, why)

	w.put(t, witnessedValue)
	w.wantSecret(t, "canary s3cret/+= ü")
}

func TestWitnessedSecretMarkedForDeletionIsToBeRestored(t *testing.T) {
	t.Parallel()

	w := newWitnessed(t)
	w.create(t, witnessedValue)

	if _, err := w.client.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &w.id}); err != nil {
		t.Fatal(err)
	}
	_, err := w.read(t.Context())
	wantFailure(t, err, failure.InvalidCredentials, w.id, "marked for deletion", "restore it")
}

func TestWitnessedCurrentVersionIsRead(t *testing.T) {
	t.Parallel()

	w := newWitnessed(t)
	w.create(t, `{"client_id":"id","client_secret":"first"}`)
	w.wantSecret(t, "first")

	w.put(t, `{"client_id":"id","client_secret":"second"}`)
	w.wantSecret(t, "second")

	w.put(t, `{"client_id":"id","client_secret":"third"}`, "AWSPENDING")
	w.wantSecret(t, "second")
}

func TestWitnessedSecretsOfAnotherFormAreRefusedUnseen(t *testing.T) {
	t.Parallel()

	for what, value := range map[string]string{
		"plain text": "canary",
		"no secret":  `{"client_id":"canary"}`,
		"a number":   `{"client_id":"canary","client_secret":7}`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()

			w := newWitnessed(t)
			w.create(t, value)
			_, err := w.read(t.Context())
			wantFailure(t, err, failure.InvalidCredentials, w.id, "does not hold")
		})
	}

	t.Run("binary", func(t *testing.T) {
		t.Parallel()

		w := newWitnessed(t)
		if _, err := w.client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
			Name: &w.id, SecretBinary: []byte(witnessedValue),
		}); err != nil {
			t.Fatal(err)
		}
		_, err := w.read(t.Context())
		wantFailure(t, err, failure.InvalidCredentials, w.id, "does not hold")
	})
}
