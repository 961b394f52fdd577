package operator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/operator"
)

// put stores an object of so many bytes.
func (w *world) put(t *testing.T, key string, bytes int) {
	t.Helper()

	client := s3.NewFromConfig(w.config, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(strings.Repeat("x", bytes)),
	}); err != nil {
		t.Fatal(err)
	}
}

// store puts a token's parameter.
func (w *world) store(t *testing.T) {
	t.Helper()

	if _, err := ssm.NewFromConfig(w.config).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String(parameter), Value: aws.String("x"),
		Type: types.ParameterTypeSecureString, Tier: types.ParameterTierIntelligentTiering,
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatStaysAfterTheStackIsDeletedIsReportedAndNothingIsDeleted(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill(t, clientID, canary)
	w.store(t)
	w.put(t, "data/exports/users/export_id=e-1/part-000001.jsonl.gz", 3_000_000)
	w.put(t, "data/exports/_state/users/latest.json", 300)
	w.put(t, "data/other", 5)

	if err := operator.AfterDeletion(t.Context(), w.target()); err != nil {
		t.Fatal(err)
	}

	want := `Deleting the stack exports leaves in eu-central-1:
  bucket   exports-bucket with 2 objects, 3,000,300 bytes, below data/exports/
             deleted by: aws s3 rb --force s3://exports-bucket --region eu-central-1
  secret   exports/credentials with the OAuth client's credentials
             deleted by: aws secretsmanager delete-secret --recovery-window-in-days 7 --secret-id exports/credentials --region eu-central-1
  token    SSM parameter /exports/token with the last token
             the token itself is good until it expires, wherever it was copied to
             deleted by: aws ssm delete-parameter --name /exports/token --region eu-central-1
AWS goes on billing for what stays, at https://aws.amazon.com/pricing/: for the bucket by the GB, for the secret and for the
key by the month, for the token only where it is longer than 4 KB.
Everything else goes with the stack, its log groups with all logs included. An export that is not complete is
resumed by another stack on the same bucket and prefix.
`
	said := w.said(t)
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}

	if err := operator.AfterDeletion(t.Context(), w.target()); err != nil || w.said(t) != said {
		t.Errorf("another time it said something else (%v)", err)
	}
}

func TestOnlyWhatIsThereAndTheStacksOwnIsOfferedForDeletion(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		prepare     func(*testing.T, *world)
		want, never []string
	}{
		"a bucket, a secret and a key that are not the stack's": {
			func(t *testing.T, w *world) {
				t.Helper()
				w.store(t)
				w.queried.parameters = map[string]string{
					"ExportBucketName": bucket, "CredentialsSecretArn": w.queried.outputs["CredentialsSecretArn"],
					"KmsKeyArn": "arn:aws:kms:eu-central-1:000000000000:key/1",
				}
			},
			[]string{
				"exports-bucket with 0 objects, 0 bytes, below data/exports/", "the bucket itself is yours and not the stack's",
				"aws s3 rm --recursive s3://exports-bucket/data/exports/ ", "which is yours and not the stack's\n",
				"key      yours, and in use as long as the above is\n",
			},
			[]string{"delete-secret", "s3 rb"},
		},
		"what may not be looked at": {
			func(_ *testing.T, w *world) { w.deny("s3", "ssm") },
			[]string{
				"whose exports below data/exports/ were not counted: list them: access was denied: your AWS role needs s3:ListBucket",
				"which was not looked at: access was denied: your AWS role needs ssm:GetParameter",
			},
			nil,
		},
		"no token": {
			func(*testing.T, *world) {},
			[]string{"token    none: there is no SSM parameter /exports/token\n"},
			[]string{"delete-parameter"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			test.prepare(t, w)
			if err := operator.AfterDeletion(t.Context(), w.target()); err != nil {
				t.Fatal(err)
			}

			said := w.said(t)
			mentions(t, said, test.want...)
			for _, never := range test.never {
				if strings.Contains(said, never) {
					t.Errorf("%q is in\n%s", never, said)
				}
			}
		})
	}
}

func TestCredentialsThatEndBeforeACallAreReportedAsThat(t *testing.T) {
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
