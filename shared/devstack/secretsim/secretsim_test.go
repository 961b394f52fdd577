package secretsim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/secretsim"
)

const name = "genesys/credentials"

// vault is the real SDK's client of a new Secrets Manager.
type vault struct{ *secretsmanager.Client }

func newVault(t *testing.T) vault {
	t.Helper()
	endpoint := conformance.New(t, func() (http.Handler, error) { return secretsim.New(secretsim.Config{}), nil })

	return vault{secretsmanager.NewFromConfig(endpoint.Config)}
}

// create makes the secret, without a value where there is none, and returns its ARN.
func (v vault) create(t *testing.T, value *string) string {
	t.Helper()
	out, err := v.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(name), SecretString: value})
	if err != nil {
		t.Fatal(err)
	}

	return *out.ARN
}

func (v vault) put(t *testing.T, value string, stages ...string) string {
	t.Helper()
	out, err := v.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(name), SecretString: &value, VersionStages: stages,
	})
	if err != nil {
		t.Fatal(err)
	}

	return *out.VersionId
}

// value returns the secret's value, or the code of the error.
func (v vault) value(t *testing.T, id string) string {
	t.Helper()
	out, err := v.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		return awsapi.Code(err)
	}

	return aws.ToString(out.SecretString)
}

func TestASecretIsFoundByNameAndByWholeOrPartialARN(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	arn := v.create(t, aws.String("v"))
	if !strings.HasPrefix(arn, "arn:aws:secretsmanager:eu-central-1:000000000000:secret:"+name+"-") {
		t.Errorf("got ARN %s", arn)
	}

	for id, want := range map[string]string{
		name: "v", arn: "v", arn[:len(arn)-7]: "v",
		"genesys": "ResourceNotFoundException", arn[:len(arn)-8]: "ResourceNotFoundException",
	} {
		if got := v.value(t, id); got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
}

func TestASecretIsMadeOnce(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.create(t, aws.String("v"))
	_, err := v.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String(name), SecretString: aws.String("other")})
	if got := awsapi.Code(err); got != "ResourceExistsException" {
		t.Errorf("got error %q, want ResourceExistsException", got)
	}
	if got := v.value(t, name); got != "v" {
		t.Errorf("got %s, want the first value", got)
	}
}

func TestASecretWithoutAValueHasNone(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.create(t, nil)
	if got := v.value(t, name); got != "ResourceNotFoundException" {
		t.Errorf("got %s, want ResourceNotFoundException", got)
	}
	v.put(t, "v")
	if got := v.value(t, name); got != "v" {
		t.Errorf("got %s, want v", got)
	}
}

func TestBytesComeBackAsBytes(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.create(t, aws.String("text"))
	if _, err := v.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(name), SecretBinary: []byte{0, 255},
	}); err != nil {
		t.Fatal(err)
	}
	got, err := v.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(name)})
	if err != nil || got.SecretString != nil || !cmp.Equal(got.SecretBinary, []byte{0, 255}) {
		t.Errorf("got %+v, %v, want the bytes alone", got, err)
	}
}

func TestTheCurrentVersionIsTheOneThatIsRead(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.create(t, aws.String("1"))
	current := v.put(t, "2")
	pending := v.put(t, "3", "AWSPENDING")

	if got := v.value(t, name); got != "2" {
		t.Errorf("got %s, want 2", got)
	}
	described, err := v.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{current: {"AWSCURRENT"}, pending: {"AWSPENDING"}}
	if diff := cmp.Diff(want, described.VersionIdsToStages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
}

func TestASecretMarkedForDeletionIsNeitherReadNorFilled(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.create(t, aws.String("v"))
	if _, err := v.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: aws.String(name)}); err != nil {
		t.Fatal(err)
	}

	if got := v.value(t, name); got != "InvalidRequestException" {
		t.Errorf("got %s, want InvalidRequestException", got)
	}
	_, err := v.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: aws.String(name), SecretString: aws.String("w")})
	if got := awsapi.Code(err); got != "InvalidRequestException" {
		t.Errorf("put: got error %q, want InvalidRequestException", got)
	}
}

func TestWhatIsNotThereIsRefusedAndNotIgnored(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.create(t, aws.String("v"))

	_, operation := v.RestoreSecret(t.Context(), &secretsmanager.RestoreSecretInput{SecretId: aws.String(name)})
	_, member := v.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(name), VersionStage: aws.String("AWSPENDING")})
	for want, err := range map[string]error{"UnknownOperationException": operation, "ValidationException": member} {
		if got := awsapi.Code(err); got != want || !strings.Contains(err.Error(), "moto and LocalStack") {
			t.Errorf("got error %q (%v), want %q, and who has more", got, err, want)
		}
	}
}
