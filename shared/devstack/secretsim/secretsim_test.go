package secretsim_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/secretsim"
)

// credentials are what the SDK signs with; nobody checks the signature.
func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
}

func newClient(url string, transport aws.HTTPClient) *secretsmanager.Client {
	return secretsmanager.New(secretsmanager.Options{
		Region: "eu-central-1", BaseEndpoint: &url, Credentials: aws.CredentialsProviderFunc(credentials),
		HTTPClient: transport, Retryer: aws.NopRetryer{},
	})
}

// serve returns the real SDK's client of a new endpoint, and the endpoint.
func serve(t *testing.T) (*secretsmanager.Client, *secretsim.Endpoint) {
	t.Helper()
	endpoint, err := secretsim.New(secretsim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(endpoint)
	t.Cleanup(server.Close)

	return newClient(server.URL, server.Client()), endpoint
}

// code returns the error type that AWS gave, "" for none, and the text of anything else.
func code(err error) string {
	if err == nil {
		return ""
	}
	if refusal, ok := errors.AsType[smithy.APIError](err); ok {
		return refusal.ErrorCode()
	}

	return err.Error()
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("got error %q (%v), want %q", got, err, want)
	}
}

func create(t *testing.T, client *secretsmanager.Client, name, value string) *secretsmanager.CreateSecretOutput {
	t.Helper()
	out, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &value})
	if err != nil {
		t.Fatal(err)
	}

	return out
}

func put(t *testing.T, client *secretsmanager.Client, id, value string, stages ...string) string {
	t.Helper()
	out, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
		SecretId: &id, SecretString: &value, VersionStages: stages,
	})
	if err != nil {
		t.Fatal(err)
	}

	return *out.VersionId
}

// value returns the secret's value of a stage, or the code of the error.
func value(t *testing.T, client *secretsmanager.Client, id, stage string) string {
	t.Helper()
	in := &secretsmanager.GetSecretValueInput{SecretId: &id}
	if stage != "" {
		in.VersionStage = &stage
	}
	out, err := client.GetSecretValue(t.Context(), in)
	if err != nil {
		return code(err)
	}

	return *out.SecretString
}

func TestASecretIsFoundByNameAndByWholeOrPartialARN(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	arn := *create(t, client, "genesys/credentials", "v").ARN
	if !strings.HasPrefix(arn, "arn:aws:secretsmanager:eu-central-1:000000000000:secret:genesys/credentials-") {
		t.Errorf("got ARN %s", arn)
	}

	for id, want := range map[string]string{
		"genesys/credentials": "v", arn: "v", arn[:len(arn)-7]: "v",
		"genesys": "ResourceNotFoundException", arn[:len(arn)-8]: "ResourceNotFoundException",
	} {
		if got := value(t, client, id, ""); got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
}

func TestTheErrorsSayWhatAWSSays(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	create(t, client, "s", "v")

	for name, test := range map[string]struct {
		in   secretsmanager.GetSecretValueInput
		want string
	}{
		"no such secret": {
			secretsmanager.GetSecretValueInput{SecretId: aws.String("none")},
			"Secrets Manager can't find the specified secret.",
		},
		"no such stage": {
			secretsmanager.GetSecretValueInput{SecretId: aws.String("s"), VersionStage: aws.String("AWSPENDING")},
			"Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
		},
		"no such version": {
			secretsmanager.GetSecretValueInput{SecretId: aws.String("s"), VersionId: aws.String(strings.Repeat("0", 36))},
			"Secrets Manager can't find the specified secret value for VersionId: " + strings.Repeat("0", 36),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.GetSecretValue(t.Context(), &test.in)
			missing, ok := errors.AsType[*types.ResourceNotFoundException](err)
			if !ok {
				t.Fatalf("got %v, want a ResourceNotFoundException", err)
			}
			if diff := cmp.Diff(test.want, missing.ErrorMessage()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheStagesMoveOn(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	create(t, client, "s", "1")
	put(t, client, "s", "2")
	put(t, client, "s", "3")
	pending := put(t, client, "s", "4", "AWSPENDING")

	for stage, want := range map[string]string{"": "3", "AWSCURRENT": "3", "AWSPREVIOUS": "2", "AWSPENDING": "4"} {
		if got := value(t, client, "s", stage); got != want {
			t.Errorf("stage %q: got %s, want %s", stage, got, want)
		}
	}

	move := &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: aws.String("s"), VersionStage: aws.String("AWSCURRENT"), MoveToVersionId: &pending,
	}
	_, err := client.UpdateSecretVersionStage(t.Context(), move)
	wantCode(t, err, "InvalidParameterException")
	current, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("s")})
	if err != nil {
		t.Fatal(err)
	}
	move.RemoveFromVersionId = current.VersionId
	_, err = client.UpdateSecretVersionStage(t.Context(), move)
	wantCode(t, err, "")

	for stage, want := range map[string]string{"AWSCURRENT": "4", "AWSPREVIOUS": "3", "AWSPENDING": "4"} {
		if got := value(t, client, "s", stage); got != want {
			t.Errorf("after the move, stage %q: got %s, want %s", stage, got, want)
		}
	}
	_, err = client.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: aws.String("s"), VersionStage: aws.String("AWSCURRENT"), RemoveFromVersionId: &pending,
	})
	wantCode(t, err, "InvalidParameterException")
	_, err = client.UpdateSecretVersionStage(t.Context(), &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: aws.String("s"), VersionStage: aws.String("AWSPENDING"), RemoveFromVersionId: &pending,
	})
	wantCode(t, err, "")
	if got := value(t, client, "s", "AWSPENDING"); got != "ResourceNotFoundException" {
		t.Errorf("got %s of the removed stage, want ResourceNotFoundException", got)
	}
}

func TestVersionIdAndStageMustAgree(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	first := create(t, client, "s", "1").VersionId
	put(t, client, "s", "2")

	in := &secretsmanager.GetSecretValueInput{SecretId: aws.String("s"), VersionId: first}
	out, err := client.GetSecretValue(t.Context(), in)
	if err != nil || *out.SecretString != "1" {
		t.Errorf("got %v, %v, want 1", out, err)
	}
	in.VersionStage = aws.String("AWSCURRENT")
	_, err = client.GetSecretValue(t.Context(), in)
	wantCode(t, err, "InvalidRequestException")
}

func TestAClientRequestTokenMakesARepeatHarmless(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	create(t, client, "s", "1")
	in := &secretsmanager.PutSecretValueInput{
		SecretId: aws.String("s"), SecretString: aws.String("2"), ClientRequestToken: aws.String(strings.Repeat("t", 32)),
	}
	for range 2 {
		out, err := client.PutSecretValue(t.Context(), in)
		wantCode(t, err, "")
		if err == nil && *out.VersionId != *in.ClientRequestToken {
			t.Errorf("got version %s, want the token", *out.VersionId)
		}
	}
	if got := value(t, client, "s", "AWSPREVIOUS"); got != "1" {
		t.Errorf("got %s before the current one, want 1: the repeat made a version", got)
	}

	in.SecretString = aws.String("3")
	_, err := client.PutSecretValue(t.Context(), in)
	wantCode(t, err, "ResourceExistsException")
	in.ClientRequestToken = aws.String("short")
	_, err = client.PutSecretValue(t.Context(), in)
	wantCode(t, err, "InvalidParameterException")

	again := &secretsmanager.CreateSecretInput{
		Name: aws.String("c"), SecretString: aws.String("1"), ClientRequestToken: aws.String(strings.Repeat("u", 32)),
	}
	for range 2 {
		_, err := client.CreateSecret(t.Context(), again)
		wantCode(t, err, "")
	}
	again.SecretString = aws.String("2")
	_, err = client.CreateSecret(t.Context(), again)
	wantCode(t, err, "ResourceExistsException")
}

func TestValuesThatAWSRefuses(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	create(t, client, "s", strings.Repeat("x", 65536))

	for name, test := range map[string]struct {
		in   secretsmanager.PutSecretValueInput
		want string
	}{
		"65,537 bytes of text": {
			secretsmanager.PutSecretValueInput{SecretString: aws.String(strings.Repeat("x", 65537))}, "ValidationException",
		},
		"65,537 bytes": {secretsmanager.PutSecretValueInput{SecretBinary: make([]byte, 65537)}, "ValidationException"},
		"both": {
			secretsmanager.PutSecretValueInput{SecretString: aws.String("x"), SecretBinary: []byte("x")},
			"InvalidParameterException",
		},
		"neither":          {secretsmanager.PutSecretValueInput{}, "InvalidRequestException"},
		"bytes that fit":   {secretsmanager.PutSecretValueInput{SecretBinary: []byte{0, 255}}, ""},
		"an empty string,": {secretsmanager.PutSecretValueInput{SecretString: aws.String("")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.in.SecretId = aws.String("s")
			_, err := client.PutSecretValue(t.Context(), &test.in)
			wantCode(t, err, test.want)
		})
	}
}

func TestASecretWithoutAValueHasNone(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	_, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("s")})
	wantCode(t, err, "")
	if got := value(t, client, "s", ""); got != "ResourceNotFoundException" {
		t.Errorf("got %s, want ResourceNotFoundException", got)
	}
	put(t, client, "s", "v")
	if got := value(t, client, "s", ""); got != "v" {
		t.Errorf("got %s, want v", got)
	}
	_, err = client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("a b")})
	wantCode(t, err, "ValidationException")
}

func TestReadersAndWritersAtOnceSeeWholeVersions(t *testing.T) {
	t.Parallel()
	client, _ := serve(t)
	create(t, client, "s", "v")

	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				put(t, client, "s", "v")
			}
		})
		group.Go(func() {
			for range 10 {
				out, err := client.GetSecretValue(t.Context(),
					&secretsmanager.GetSecretValueInput{SecretId: aws.String("s")})
				if err != nil || !cmp.Equal(out.VersionStages, []string{"AWSCURRENT"}) {
					t.Errorf("got %v, %v, want the current version", out, err)
				}
			}
		})
	}
	group.Wait()
}

func TestARequestIsToldByItsOperation(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	request.Header.Set("X-Amz-Target", "secretsmanager.GetSecretValue")
	if got := secretsim.Operation(request); got != "GetSecretValue" {
		t.Errorf("got %q, want GetSecretValue", got)
	}
	request.Header.Set("X-Amz-Target", "AmazonSSM.GetParameter")
	if got := secretsim.Operation(request); got != "" {
		t.Errorf("got %q of another service's request, want nothing", got)
	}
}
