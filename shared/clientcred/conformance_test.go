package clientcred_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"testing"

	"genesys-cloud-export/shared/clientcred"
	"genesys-cloud-export/shared/devstack/awstest"
	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const peerValue = `{"client_id":"id","client_secret":"canary s3cret/+= ü"}`

// peer is Secrets Manager as somebody else has it, with a name of the test's own.
type peer struct {
	conformance.Endpoint

	client *secretsmanager.Client
	store  *clientcred.Store // one for the whole test: it keeps nothing
	id     string
	arn    string // of the secret, once there is one
}

func newPeer(t *testing.T) *peer {
	t.Helper()

	endpoint := conformance.New(t, func() (http.Handler, error) { return secretsim.New(), nil })

	client, id := secretsmanager.NewFromConfig(endpoint.Config), "genesys/client-"+rand.Text()

	return &peer{Endpoint: endpoint, client: client, store: clientcred.New(client, id), id: id}
}

// create makes the secret; an empty value is none.
func (w *peer) create(t *testing.T, value string) {
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
func (w *peer) put(t *testing.T, value string, stages ...string) {
	t.Helper()

	if _, err := w.client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: &w.id, SecretString: &value, VersionStages: stages,
	}); err != nil {
		t.Fatalf("put a value at the %s: %v", w.Name, err)
	}
}

func (w *peer) read(ctx context.Context) (token.Credentials, error) {
	return w.store.Read(ctx)
}

func (w *peer) wantSecret(t *testing.T, want string) {
	t.Helper()

	got, err := w.read(t.Context())
	if err != nil || got.ClientID != "id" || got.ClientSecret.Reveal() != want {
		t.Errorf("at the %s another secret than expected is read, error %v", w.Name, err)
	}
}

func TestConformanceCredentialsAreReadByNameAndByARN(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	w.create(t, peerValue)
	partial := w.arn[:len(w.arn)-len("-123456")] // AWS appends six characters to the name

	for _, id := range []string{w.id, w.arn, partial} {
		got, err := clientcred.New(w.client, id).Read(t.Context())
		if err != nil || !got.Equal(token.Credentials{ClientID: "id", ClientSecret: secret.New("canary s3cret/+= ü")}) {
			t.Errorf("at the %s by %s: got another client, error %v", w.Name, id, err)
		}
	}
}

func TestConformanceSecretsThatAreNotThereSayWhatToDo(t *testing.T) {
	t.Parallel()

	const why = "does not exist or has no value"
	w := newPeer(t)

	_, err := w.read(t.Context())
	awstest.WantFailure(t, err, failure.InvalidCredentials, w.id, why)

	w.create(t, "") // as CloudFormation makes one without a value
	_, err = w.read(t.Context())
	awstest.WantFailure(t, err, failure.InvalidCredentials, w.id, why)

	w.put(t, peerValue)
	w.wantSecret(t, "canary s3cret/+= ü")
}

func TestConformanceSecretMarkedForDeletionIsToBeRestored(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	w.create(t, peerValue)

	if _, err := w.client.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &w.id}); err != nil {
		t.Fatal(err)
	}
	_, err := w.read(t.Context())
	awstest.WantFailure(t, err, failure.InvalidCredentials, w.id, "marked for deletion", "restore it")
}

func TestConformanceCurrentVersionIsRead(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	w.create(t, `{"client_id":"id","client_secret":"first"}`)
	w.wantSecret(t, "first")

	w.put(t, `{"client_id":"id","client_secret":"second"}`)
	w.wantSecret(t, "second")

	w.put(t, `{"client_id":"id","client_secret":"third"}`, "AWSPENDING")
	w.wantSecret(t, "second")
}

func TestConformanceBinarySecretIsRefused(t *testing.T) {
	t.Parallel()

	w := newPeer(t)
	if _, err := w.client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &w.id, SecretBinary: []byte(peerValue)}); err != nil {
		t.Fatal(err)
	}
	_, err := w.read(t.Context())
	awstest.WantFailure(t, err, failure.InvalidCredentials, w.id, "does not contain")
}
