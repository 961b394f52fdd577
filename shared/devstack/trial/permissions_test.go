package trial_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/trial"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// functionRoles are the roles whose statements are taken away one by one.
func functionRoles() []string { return []string{"RotatorRole", "ExportUsersRole"} }

// deployments are the two ways to deploy: with AWS's own keys and without a network of one's own, and with both.
func deployments() map[string]map[string]string {
	return map[string]map[string]string{
		"with AWS's own keys": {},
		"with a customer key, in a VPC": {
			"KmsKeyArn": "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555",
			"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1",
		},
	}
}

// outcome is what a run came to.
type outcome struct {
	err  error
	log  string
	uses []iamsim.Use
}

// everythingOnce is a run in which every permission of the functions is of use: a rotation, an export of several slices whose
// token is gone after the first, so that it asks the rotator, and a part of an interrupted invocation to be deleted.
func everythingOnce(t *testing.T, template string, parameters map[string]string) outcome {
	t.Helper()

	var (
		out    bytes.Buffer
		result outcome
	)

	c := trial.Config{
		Users: 300, PageSize: pageSize, Out: t.TempDir(), Binaries: binaries, Template: template, Parameters: parameters, Stdout: &out,
		Timeout:     3 * time.Second, // a slice reads three or four pages of six
		Environment: map[string]string{"EXPORT_TIME_RESERVE_SECONDS": "1", "MAX_REQUESTS_PER_MINUTE": "60000"},
		Organisation: genesyssim.Config{
			Seed: 7, Latency: 500 * time.Millisecond, TokenLifetime: time.Hour,
		},
		OnSlice: func(ctx context.Context, s *stack.Stack, slice driver.Invocation) {
			if slice.Number > 1 {
				return
			}

			s.Lambda.Kill(stack.ExportUsers)

			_, errDelete := s.SSM().DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(s.TokenParameter)})
			_, errPut := s.S3().PutObject(ctx, &s3.PutObjectInput{
				Bucket: aws.String(stack.Bucket), Body: strings.NewReader("left over"),
				Key: aws.String("exports/users/export_id=" + slice.Result.ExportID + "/part-000001-0123456789abcdef.jsonl.gz"),
			})
			if err := errors.Join(errDelete, errPut); err != nil {
				t.Error(err)
			}
		},
		BeforeCheck: func(_ context.Context, s *stack.Stack, _ export.Result) { result.uses = s.IAM.Uses() },
	}

	_, result.err = trial.Run(t.Context(), c)
	result.log = logs(t, c.Out)

	return result
}

// logs are what the functions printed.
func logs(t *testing.T, folder string) string {
	t.Helper()

	var text strings.Builder

	err := filepath.WalkDir(filepath.Join(folder, "logs"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}

		content, err := os.ReadFile(path)
		text.Write(content)

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	return text.String()
}

// complaint is what a run without a statement has to say of it: the store or the function that was refused, or the action
// that AWS itself needs.
func complaint(t *testing.T, role, statement string) string {
	t.Helper()

	const (
		token  = "SSM parameter /genesys-cloud-export/token: access was denied"
		secret = "read the client credentials: secret genesys-cloud-export/credentials"
		state  = "/checkpoint.json: access was denied"
	)

	says, known := map[string]string{
		"ReadCredentials":    secret,
		"DecryptCredentials": secret,
		"KeepToken":          token,
		"EncryptToken":       token,
		"ReadToken":          token,
		"DecryptToken":       "SSM parameter /genesys-cloud-export/token: the stored value cannot be decrypted: access was denied",
		"AskRotator":         "the rotator failed: it could not be invoked: access was denied",
		"WriteParts":         ".jsonl.gz: access was denied",
		"KeepState":          state,
		"EncryptExports":     state,
		"ReportFailedRuns":   role + " may not sqs:SendMessage on arn:aws:sqs:",
		"WriteLog":           role + " may not logs:PutLogEvents on arn:aws:logs:",
		"Trace":              role + " may not xray:PutTraceSegments on *",
		"UseNetwork":         role + " may not ec2:CreateNetworkInterface on *",
	}[statement]
	if !known {
		t.Fatalf("this test does not know what becomes of a run without %s of %s: add it", statement, role)
	}

	return says
}

// permission is one action of one statement.
type permission struct{ Role, Statement, Action string }

// unused explains the permissions that no run here has a use for.
func unused(parameters map[string]string) []permission {
	if parameters["KmsKeyArn"] == "" {
		return nil
	}

	// A token of over 4,096 bytes makes a parameter of the advanced tier. No simulated token is so long.
	return []permission{{"RotatorRole", "EncryptToken", "kms:GenerateDataKey"}}
}

func TestEveryPermissionOfTheFunctionsIsOfUse(t *testing.T) {
	t.Parallel()

	for name, parameters := range deployments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			result := everythingOnce(t, templateFile, parameters)
			if result.err != nil {
				t.Fatalf("the run failed: %v", result.err)
			}

			want := make(map[permission]bool)
			for _, role := range functionRoles() {
				for _, statement := range statements(t, role, parameters) {
					for _, action := range statement.actions {
						want[permission{role, statement.id, action}] = true
					}
				}
			}

			for _, p := range unused(parameters) {
				delete(want, p)
			}

			got := make(map[permission]bool)
			for _, use := range result.uses {
				if slices.Contains(functionRoles(), use.Role) && use.Allowed {
					got[permission{use.Role, use.Statement, use.Action}] = true
				}
			}

			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("permissions (-granted +used):\n%s", diff)
			}
		})
	}
}

func TestARunFailsByNameWithoutAnyOneStatement(t *testing.T) {
	t.Parallel()

	for name, parameters := range deployments() {
		for _, role := range functionRoles() {
			for _, statement := range statements(t, role, parameters) {
				t.Run(name+", "+role+" without "+statement.id, func(t *testing.T) {
					t.Parallel()

					result := everythingOnce(t, without(t, role, statement.id), parameters)

					// Where a bucket may not be listed an export goes on, warns, and leaves what it cannot see.
					if statement.id == "ListExports" {
						if !strings.Contains(result.log, `"level":"WARN"`) || !strings.Contains(result.log, "grant s3:ListBucket") {
							t.Errorf("nobody was warned:\n%s", result.log)
						}

						if !errors.Is(result.err, trial.ErrIncomplete) {
							t.Errorf("got %v, want the part that was left over to be found by the check", result.err)
						}

						return
					}

					if says := complaint(t, role, statement.id); result.err == nil || !strings.Contains(result.err.Error(), says) {
						t.Errorf("got %v, want an error that says %q", result.err, says)
					}
				})
			}
		}
	}
}
