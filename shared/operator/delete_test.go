package operator_test

import (
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

// store puts a token's parameter of so many bytes.
func (w *world) store(t *testing.T, bytes int) {
	t.Helper()

	if _, err := ssm.NewFromConfig(w.config).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String(parameter), Value: aws.String(strings.Repeat("x", bytes)),
		Type: types.ParameterTypeSecureString, Tier: types.ParameterTierIntelligentTiering,
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatStaysAfterTheStackIsDeletedIsToldAndNothingIsDeleted(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.fill(t, clientID, canary)
	w.store(t, 100)
	w.put(t, "data/exports/users/export_id=e-1/part-000001.jsonl.gz", 3_000_000)
	w.put(t, "data/exports/_state/users/latest.json", 300)
	w.put(t, "data/other", 5)

	if err := operator.AfterDeletion(t.Context(), w.target()); err != nil {
		t.Fatal(err)
	}

	want := `Deleting the stack exports leaves in eu-central-1, at the prices of us-east-1:
  bucket   exports-bucket with 2 objects, 2.9 MB, below data/exports/: under 0.01 USD a month
             deleted by: aws s3 rb --force s3://exports-bucket --region eu-central-1
  secret   exports/credentials with the OAuth client's credentials: 0.40 USD a month
             deleted by: aws secretsmanager delete-secret --recovery-window-in-days 7 --secret-id exports/credentials --region eu-central-1
  token    SSM parameter /exports/token with the last token: free
             the token itself is good until it expires, wherever it was copied to
             deleted by: aws ssm delete-parameter --name /exports/token --region eu-central-1
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

func TestWhatIsNotTheStacksOwnIsNotOfferedForDeletion(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store(t, 5_000)
	w.stacks.change(stackName, func(d *described) {
		d.parameters["ExportBucketName"] = bucket
		d.parameters["CredentialsSecretArn"] = d.outputs["CredentialsSecretArn"]
		d.parameters["KmsKeyArn"] = "arn:aws:kms:eu-central-1:000000000000:key/1"
	})

	if err := operator.AfterDeletion(t.Context(), w.target()); err != nil {
		t.Fatal(err)
	}

	said := w.said(t)
	for _, want := range []string{
		"exports-bucket with 0 objects, 0 bytes, below data/exports/: 0.00 USD a month", "the bucket itself is yours and not the stack's",
		"aws s3 rm --recursive s3://exports-bucket/data/exports/ ", "which is yours and not the stack's: 0.40 USD a month",
		"0.05 USD a month, as it is an advanced one", "key      yours, and in use as long as the above is: 1.00 USD a month",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
	for _, never := range []string{"delete-secret", "s3 rb"} {
		if strings.Contains(said, never) {
			t.Errorf("%q is in\n%s", never, said)
		}
	}
}

func TestWhatMayNotBeLookedAtIsToldAndTheRestFollows(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.deny("s3", "ssm")

	if err := operator.AfterDeletion(t.Context(), w.target()); err != nil {
		t.Fatal(err)
	}

	said := w.said(t)
	for _, want := range []string{
		"whose exports below data/exports/ were not counted: list them: access was denied: your AWS role needs s3:ListBucket",
		"which was not looked at: describe it: access was denied: your AWS role needs ssm:DescribeParameters",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
}

func TestWithoutATokenThereIsNoneToDelete(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	if err := operator.AfterDeletion(t.Context(), w.target()); err != nil {
		t.Fatal(err)
	}
	if said := w.said(t); !strings.Contains(said, "token    none: there is no SSM parameter /exports/token\n") || strings.Contains(said, "delete-parameter") {
		t.Errorf("said\n%s", said)
	}
}
