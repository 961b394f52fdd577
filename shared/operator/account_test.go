package operator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"genesys-cloud-export/shared/operator"
)

func TestWithoutCredentialsOrRegionItIsSaidWhatToDo(t *testing.T) {
	t.Parallel()

	refused := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("get " + canary)
	})
	granted := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b", CanExpire: true, Expires: time.Now().Add(time.Hour)}, nil
	})

	for name, test := range map[string]struct {
		config aws.Config
		want   string
	}{
		"nothing":         {aws.Config{}, "no AWS credentials: log in (aws sso login) or set AWS_PROFILE"},
		"expired":         {aws.Config{Region: region, Credentials: refused}, "no AWS credentials: log in (aws sso login) or set AWS_PROFILE"},
		"no region":       {aws.Config{Credentials: granted}, "no region: set AWS_REGION"},
		"all that is due": {aws.Config{Region: region, Credentials: granted}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := ""
			if err := operator.Ready(t.Context(), test.config); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestCredentialsThatEndBeforeACallAreToldAsThat(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("refresh " + canary)
	})

	err := operator.AfterDeletion(t.Context(), w.target())
	w.said(t, err)

	if want := "read the stack exports: the request could not be signed: log in again (aws sso login) or set AWS_PROFILE"; err == nil || err.Error() != want {
		t.Errorf("ended with %v, want %s", err, want)
	}
}
