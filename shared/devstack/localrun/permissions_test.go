package localrun_test

import (
	"context"
	"errors"
	"maps"
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
	"go.yaml.in/yaml/v3"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/localrun"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// functionRoles are the roles whose statements are taken away one by one.
func functionRoles() []string { return []string{"RotatorRole", "ExporterRole"} }

// everything are the parameters of a deployment with every statement: with a customer key, in a VPC.
func everything() map[string]string {
	return map[string]string{
		"KmsKeyArn": "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555",
		"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1",
	}
}

// permission is one action of one statement.
type permission struct{ Role, Statement, Action string }

// granted are the permissions of the functions' roles in a deployment.
func granted(t *testing.T, parameters map[string]string) map[permission]bool {
	t.Helper()

	source, err := template.Read(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	given := map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"}
	maps.Copy(given, parameters)

	deployed, err := source.Evaluate(template.Deployment{Parameters: given})
	if err != nil {
		t.Fatal(err)
	}

	roles, err := stack.Roles(deployed)
	if err != nil {
		t.Fatal(err)
	}

	all := make(map[permission]bool)
	for _, role := range roles {
		for _, statement := range role.Statements {
			for _, action := range statement.Actions {
				if slices.Contains(functionRoles(), role.Name) {
					all[permission{role.Name, statement.ID, action}] = true
				}
			}
		}
	}

	return all
}

// everythingOnce is a run in which every permission of the functions is of use: a rotation, an export of several invocations
// whose token is gone after the first, so that it asks the rotator, and a part of an interrupted invocation to be deleted.
func everythingOnce(t *testing.T, file string, parameters map[string]string) (uses []iamsim.Use, logs map[string]string, err error) {
	t.Helper()

	w := newWorld(t)
	w.Stack.Template, w.Stack.Parameters = file, parameters
	// An invocation reads two pages of three.
	w.organisation.Users, w.organisation.RateLimit, w.organisation.Latency = 150, 0, 700*time.Millisecond
	w.OnInvocation = afterFirst(func(ctx context.Context, s *stack.Stack, i driver.Invocation) {
		s.Lambda.Kill(stack.ExportUsers)

		_, errDelete := s.SSM().DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(s.TokenParameter)})
		_, errPut := s.S3().PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String(stack.Bucket), Body: strings.NewReader("left over"),
			Key: aws.String("exports/users/export_id=" + i.Result.ExportID + "/part-000001-0123456789abcdef.jsonl.gz"),
		})
		if err := errors.Join(errDelete, errPut); err != nil {
			t.Error(err)
		}
	})
	w.BeforeCheck = func(_ context.Context, s *stack.Stack, _ export.Result) { uses = s.IAM.Uses() }

	_, err = localrun.Run(t.Context(), w.Config, w.organisation)

	return uses, left(t, filepath.Join(w.Out, "logs")), err
}

func TestEveryPermissionOfTheFunctionsIsOfUse(t *testing.T) {
	t.Parallel()

	for name, parameters := range map[string]map[string]string{
		"with AWS's own keys": {}, "with a customer key, in a VPC": everything(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			uses, _, err := everythingOnce(t, templateFile, parameters)
			if err != nil {
				t.Fatalf("the run failed: %v", err)
			}

			want := granted(t, parameters)
			// A token of over 4,096 bytes makes a parameter of the advanced tier. No simulated token is so long.
			delete(want, permission{"RotatorRole", "EncryptToken", "kms:GenerateDataKey"})

			got := make(map[permission]bool)
			for _, use := range uses {
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

// complaints are what a run without a statement reports: the store or the function that was refused, or the action that AWS
// itself needs.
func complaints(role string) map[string]string {
	const (
		token  = "SSM parameter /genesys-cloud-export/token: access was denied"
		secret = "read the client credentials: secret genesys-cloud-export/credentials"
		state  = "/checkpoint.json: access was denied"
	)

	return map[string]string{
		"ReadCredentials":         secret,
		"DecryptCredentials":      secret,
		"KeepToken":               token,
		"EncryptToken":            token,
		"ReadToken":               token,
		"DecryptToken":            "SSM parameter /genesys-cloud-export/token: the stored value cannot be decrypted: access was denied",
		"AskRotator":              "the rotator failed: it could not be invoked: access was denied",
		"WriteParts":              ".jsonl.gz: access was denied",
		"KeepState":               state,
		"EncryptExports":          state,
		"ReportFailedInvocations": role + " may not sqs:SendMessage on arn:aws:sqs:",
		"WriteLog":                role + " may not logs:PutLogEvents on arn:aws:logs:",
		"Trace":                   role + " may not xray:PutTraceSegments on *",
		"UseNetwork":              role + " may not ec2:CreateNetworkInterface on *",
		// Where a bucket may not be listed an export goes on, warns, and leaves what it cannot see, which the check finds.
		"ListExports": verify.ErrFailed.Error(),
	}
}

func TestARunFailsByNameWithoutAnyOneStatement(t *testing.T) {
	t.Parallel()

	statements := make(map[permission]bool)
	for p := range granted(t, everything()) {
		statements[permission{Role: p.Role, Statement: p.Statement}] = true
	}

	for p := range statements {
		t.Run(p.Role+" without "+p.Statement, func(t *testing.T) {
			t.Parallel()

			says, known := complaints(p.Role)[p.Statement]
			if !known {
				t.Fatal("this test does not know what becomes of such a run: add it")
			}

			_, logs, err := everythingOnce(t, without(t, p.Role, p.Statement), everything())
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v, want an error that says %q", err, says)
			}

			log := strings.Join(slices.Collect(maps.Values(logs)), "")
			if p.Statement == "ListExports" && (!strings.Contains(log, `"level":"WARN"`) || !strings.Contains(log, "grant s3:ListBucket")) {
				t.Errorf("nobody was warned:\n%s", log)
			}
		})
	}
}

// without writes the template without one statement, and returns the file's name.
func without(t *testing.T, role, statement string) string {
	t.Helper()

	text, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}

	policies := find(find(find(find(document.Content[0], "Resources"), role), "Properties"), "Policies")
	list := find(find(policies.Content[0], "PolicyDocument"), "Statement")
	before := len(list.Content)

	list.Content = slices.DeleteFunc(list.Content, func(element *yaml.Node) bool {
		if element.Tag == "!If" {
			element = element.Content[1]
		}

		return find(element, "Sid").Value == statement
	})

	if len(policies.Content) != 1 || len(list.Content) != before-1 {
		t.Fatalf("%s has %d policies, and not one statement %s", role, len(policies.Content), statement)
	}

	changed, err := yaml.Marshal(&document)
	if err != nil {
		t.Fatal(err)
	}

	name := filepath.Join(t.TempDir(), "template.yaml")
	write(t, name, string(changed))

	return name
}

// find is the node under a key of a map.
func find(node *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}

	panic("the template has no " + key)
}
