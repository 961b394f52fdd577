package operator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/operator"
)

func TestWhatStaysAfterTheStackIsDeletedIsReported(t *testing.T) {
	t.Parallel()

	const (
		own = `  bucket   exports-bucket with the exports below data/exports/
             deleted by: aws s3 rb --force s3://exports-bucket --region eu-central-1
  secret   exports/credentials with the OAuth client's credentials
             deleted by: aws secretsmanager delete-secret --recovery-window-in-days 7 --secret-id exports/credentials --region eu-central-1
`
		given = `  bucket   exports-bucket with the exports below data/exports/
             the bucket itself is yours and not the stack's
             deleted by: aws s3 rm --recursive s3://exports-bucket/data/exports/ --region eu-central-1
  secret   exports/credentials with the OAuth client's credentials, which is yours and not the stack's
`
		token = `  token    SSM parameter /exports/token, once the rotator has made it; the last token in it is good until it expires
             deleted by: aws ssm delete-parameter --name /exports/token --region eu-central-1
`
		key = "  key      yours, and in use as long as the above is\n"
	)

	for name, test := range map[string]struct {
		parameters map[string]string
		want       string
	}{
		"the stack's own":            {nil, own + token},
		"what the stack was given":   {map[string]string{"ExportBucketName": bucket, "CredentialsSecretArn": "arn", "KmsKeyArn": "arn"}, given + token + key},
		"a key for the stack's own ": {map[string]string{"KmsKeyArn": "arn"}, own + token + key},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			w.queried.parameters = test.parameters
			if err := operator.AfterDeletion(t.Context(), w.target()); err != nil {
				t.Fatal(err)
			}

			said, billed, _ := strings.Cut(w.said(), "AWS goes on billing for what stays")
			if diff := cmp.Diff("Deleting the stack exports leaves in eu-central-1:\n"+test.want, said); diff != "" || billed == "" {
				t.Errorf("said (-want +got), and of AWS's bill %q:\n%s", billed, diff)
			}
		})
	}
}

func TestAStackWhosePolicyAConsumerHasIsNotDeleted(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.queried.readers = []string{"crm-sync", "wallboard"}

	err := operator.AfterDeletion(t.Context(), w.target())
	if err == nil || !strings.Contains(err.Error(), "detach it from role crm-sync, role wallboard, then delete the stack") {
		t.Errorf("%v", err)
	}
	if said := w.said(err); said != "" {
		t.Errorf("it said %q", said)
	}
}

func TestCredentialsThatEndBeforeACallAreReportedAsThat(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("refresh " + canary)
	})

	err := operator.AfterDeletion(t.Context(), w.target())
	w.said(err)

	if want := "read the stack exports: the request could not be signed: log in again (aws sso login) or set AWS_PROFILE"; err == nil || err.Error() != want {
		t.Errorf("ended with %v, want %s", err, want)
	}
}
