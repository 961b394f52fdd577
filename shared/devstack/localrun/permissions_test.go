package localrun_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/localrun"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// everything are the parameters of a deployment with every statement: with a customer key, in a VPC, with a schedule.
func everything() map[string]string {
	return map[string]string{
		"KmsKeyArn": "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555",
		"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1", "ExportScheduleExpression": "rate(1 day)",
	}
}

// permission is one action of one statement.
type permission struct{ Role, Statement, Action string }

// deployed is the template of a deployment, and its roles.
func deployed(t *testing.T, deployment template.Deployment) (*template.Stack, []iamsim.Role) {
	t.Helper()
	source, err := template.Read(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	given := map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"}
	maps.Copy(given, deployment.Parameters)
	deployment.Parameters = given

	evaluated, err := source.Evaluate(deployment)
	if err != nil {
		t.Fatal(err)
	}

	roles, err := stack.Roles(evaluated)
	if err != nil {
		t.Fatal(err)
	}

	return evaluated, slices.Collect(maps.Values(roles))
}

// permissions are those of the roles of a deployment: all that are granted, and those that AWS itself uses without a request
// that could be refused here. An action of AWS's that nothing allows is missing.
func permissions(t *testing.T, parameters map[string]string) (granted, byAWS map[permission]bool, missing []string) {
	t.Helper()
	evaluated, roles := deployed(t, template.Deployment{Parameters: parameters})
	granted, byAWS = make(map[permission]bool), make(map[permission]bool)

	for _, role := range roles {
		for _, statement := range role.Statements {
			for _, action := range statement.Actions {
				granted[permission{role.Name, statement.ID, action}] = true
			}
		}

		for _, access := range accessesOfAWS(evaluated, role.Name) {
			if decision := role.Decide(access); decision.Allowed {
				byAWS[permission{role.Name, decision.Statement, access.Action}] = true
			} else {
				missing = append(missing, fmt.Sprintf("%s may not %s on %s", role.Name, access.Action, access.Resource))
			}
		}
	}

	return granted, byAWS, missing
}

// accessesOfAWS are what Lambda, Step Functions or the Scheduler do with a role of the deployment.
func accessesOfAWS(deployed *template.Stack, role string) (all []iamsim.Access) {
	const here = ":eu-central-1:000000000000:"
	const machine, queue = "arn:aws:states" + here + "stateMachine:genesys-cloud-export-export", "arn:aws:sqs" + here + "genesys-cloud-export-"

	uses := func(resource, actions string) {
		for action := range strings.FieldsSeq(actions) {
			all = append(all, iamsim.Access{Action: action, Resource: resource})
		}
	}

	for _, function := range deployed.OfType("AWS::Serverless::Function") {
		if role == "WorkflowRole" {
			uses("arn:aws:lambda"+here+"function:"+function.Name, "lambda:InvokeFunction")
		}

		if own := path.Base(fmt.Sprint(function.Properties["Role"])); own == "genesys-cloud-export-"+role {
			uses("arn:aws:logs"+here+"log-group:/aws/lambda/"+function.Name+":log-stream:2026/01/01/[$LATEST]0123",
				"logs:CreateLogStream logs:PutLogEvents")
			uses("*", "xray:PutTraceSegments xray:PutTelemetryRecords")
			uses("*", "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:DeleteNetworkInterface "+
				"ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses")
		}
	}

	switch role {
	case "ExporterRole":
		uses(queue+"FailedInvocations", "sqs:SendMessage")
	case "ScheduleRole":
		uses("arn:aws:lambda"+here+"function:genesys-cloud-export-rotator", "lambda:InvokeFunction")
		uses(machine, "states:StartExecution")
		uses(queue+"ScheduleDeadLetters", "sqs:SendMessage")
	case "WorkflowRole":
		uses(machine, "states:StartExecution")
		uses(strings.Replace(machine, "stateMachine", "execution", 1)+":child", "states:DescribeExecution states:StopExecution")
		uses("arn:aws:events"+here+"rule/StepFunctionsGetEventsForStepFunctionsExecutionRule", "events:PutTargets events:PutRule events:DescribeRule")
		uses("*", "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries "+
			"logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups")
		uses("*", "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets")
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
	w.OnInvocation = func(ctx context.Context, s *stack.Stack, i driver.Invocation) {
		if i.Number > 1 {
			return
		}

		s.Lambda.Kill(stack.ExportUsers)

		_, errDelete := s.SSM().DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(s.TokenParameter)})
		_, errPut := s.S3().PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String(stack.Bucket), Body: strings.NewReader("left over"),
			Key: aws.String("exports/users/export_id=" + i.Result.ExportID + "/part-000001-0123456789abcdef.jsonl.gz"),
		})
		if err := errors.Join(errDelete, errPut); err != nil {
			t.Error(err)
		}
	}
	w.BeforeCheck = func(_ context.Context, s *stack.Stack, _ export.Result) {
		uses = s.IAM.Uses()
		if minted := s.Genesys.Stats().TokensMinted; minted != 2 {
			t.Errorf("%d tokens were minted, want the first, and one for that which was gone", minted)
		}
	}

	_, err = localrun.Run(t.Context(), w.Config, w.organisation)

	logs = left(t, filepath.Join(w.Out, "logs"))
	logs["printed"] = w.out.String()

	return uses, logs, err
}

func TestEveryPermissionIsOfUseToTheFunctionsOrToAWS(t *testing.T) {
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

			want, got, missing := permissions(t, parameters)
			if len(parameters) > 0 && len(missing) > 0 {
				t.Errorf("AWS cannot do its part:\n%s", strings.Join(missing, "\n"))
			}

			// A token of over 4,096 bytes makes a parameter of the advanced tier. No simulated token is so long.
			delete(want, permission{"RotatorRole", "EncryptToken", "kms:GenerateDataKey"})

			for _, use := range uses {
				if use.Allowed {
					got[permission{use.Role, use.Statement, use.Action}] = true
				}
			}

			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("permissions (-granted +used):\n%s", diff)
			}
		})
	}
}

// A bucket with a bucket key has the bucket as encryption context, another has the object.
func TestExportsCanBeEncryptedWithAndWithoutABucketKey(t *testing.T) {
	t.Parallel()
	const key = "arn:aws:kms:eu-central-1:000000000000:key/k"

	_, roles := deployed(t, template.Deployment{Parameters: map[string]string{"KmsKeyArn": key, "ExportBucketName": "mine"}})
	exporter := roles[slices.IndexFunc(roles, func(r iamsim.Role) bool { return r.Name == "ExporterRole" })]

	for context, want := range map[string]bool{
		"mine": true, "mine/exports/users/part": true, "mine/exports/_state/users/id": true, "mine/others/part": false, "other": false,
	} {
		for _, action := range []string{"kms:GenerateDataKey", "kms:Decrypt"} {
			access := iamsim.Access{Action: action, Resource: key, Context: map[string]string{
				"kms:ViaService": "s3.eu-central-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::" + context,
			}}
			if got := exporter.Decide(access).Allowed; got != want {
				t.Errorf("%s for %s: got %t, want %t", action, context, got, want)
			}
		}
	}
}

// complaints are what a run without a statement reports: the store or the function that was refused.
func complaints() map[string]string {
	const (
		token  = "SSM parameter /genesys-cloud-export/token: access was denied"
		secret = "read the client credentials: secret genesys-cloud-export/credentials"
		state  = "/checkpoint.json: access was denied"
	)

	return map[string]string{
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
		// Where a bucket may not be listed an export goes on, warns, and leaves what it cannot see, which the check finds.
		"ListExports": verify.ErrFailed.Error(),
	}
}

// What AWS itself uses fails no run here.
func TestARunFailsByNameWithoutAnyOneStatementOfTheFunctions(t *testing.T) {
	t.Parallel()
	granted, byAWS, _ := permissions(t, everything())
	statements := make(map[permission]bool)

	for p := range granted {
		if !byAWS[p] {
			statements[permission{Role: p.Role, Statement: p.Statement}] = true
		}
	}

	for p := range statements {
		t.Run(p.Role+" without "+p.Statement, func(t *testing.T) {
			t.Parallel()
			says, known := complaints()[p.Statement]
			if !known {
				t.Fatal("this test does not know what becomes of such a run: add it")
			}

			_, logs, err := everythingOnce(t, without(t, p.Role, p.Statement), everything())
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v, want an error that says %q", err, says)
			}

			log := strings.Join(slices.Collect(maps.Values(logs)), "")
			for _, warned := range []string{`"level":"WARN"`, "grant s3:ListBucket", "FAILED    check the export run-"} {
				if p.Statement == "ListExports" && (!strings.Contains(log, warned) || !errors.Is(err, verify.ErrFailed)) {
					t.Errorf("nobody was warned by %s: %v\n%s", warned, err, log)
				}
			}
		})
	}
}

// without writes the template with a statement that denies what it allowed, and returns the file's name.
func without(t *testing.T, role, statement string) string {
	t.Helper()
	text, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	before, inside, _ := strings.Cut(string(text), "\n  "+role+":\n")
	between, behind, found := strings.Cut(inside, "Sid: "+statement)

	if !found {
		t.Fatalf("%s has no statement %s", role, statement)
	}

	name := filepath.Join(t.TempDir(), "template.yaml")
	write(t, name, before+"\n  "+role+":\n"+between+"Sid: "+statement+strings.Replace(behind, "Effect: Allow", "Effect: Deny", 1))

	return name
}
