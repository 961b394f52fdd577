package secretsim_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/secretsim"
)

// How secrets are read, shared/clientcred's conformance tests show, and the AWS CLI and boto3 what else is answered.
func TestWhatAWSRefusesIsRefused(t *testing.T) {
	t.Parallel()
	endpoint := conformance.New(t, func() (http.Handler, error) { return secretsim.New(), nil })
	client := secretsmanager.NewFromConfig(endpoint.Config)
	get := func(id string) error {
		_, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
		return err
	}
	made, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String("genesys/credentials"), SecretString: aws.String("v"),
	})
	if err != nil {
		t.Fatal(err)
	}
	arn := *made.ARN

	wantCode(t, "the beginning of the name", get("genesys"), "ResourceNotFoundException")
	wantCode(t, "the beginning of the partial ARN", get(arn[:len(arn)-8]), "ResourceNotFoundException")
	_, staged := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &arn, VersionStage: aws.String("AWSPENDING")})
	wantCode(t, "another stage, which is not here", staged, "ValidationException")

	_, deleted := client.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &arn})
	wantCode(t, "a deletion", deleted, "")
	_, put := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &arn, SecretString: aws.String("w")})
	wantCode(t, "a put after the deletion", put, "InvalidRequestException")
}

func wantCode(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := awsapi.Code(err); got != want || err != nil && got == "" {
		t.Errorf("%s: got error %q (%v), want %q", what, got, err, want)
	}
}
