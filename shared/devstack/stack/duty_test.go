package stack_test

import (
	"slices"
	"testing"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
)

// The functions' own roles are in localrun's tests, without each of their statements.
func TestARoleWithWhichAWSCannotDoItsPartIsNamed(t *testing.T) {
	t.Parallel()

	const here = ":eu-central-1:000000000000:"

	for _, test := range []struct{ role, statement, lacks string }{
		{"RotatorRole", "WriteLog", "logs:CreateLogStream on arn:aws:logs" + here + "log-group:/aws/lambda/genesys-cloud-export-rotator:log-stream:"},
		{"ExporterRole", "ReportFailedInvocations", "sqs:SendMessage on arn:aws:sqs" + here + "genesys-cloud-export-FailedInvocations"},
		{"RotatorRole", "UseNetwork", "ec2:DescribeSubnets on *"},
		{"ExporterRole", "Trace", "xray:PutTelemetryRecords on *"},
		{"ScheduleRole", "RunRotator", "lambda:InvokeFunction on arn:aws:lambda" + here + "function:rotator"},
		{"ScheduleRole", "StartExport", "states:StartExecution on arn:aws:states" + here + "stateMachine:genesys-cloud-export-export"},
		{"ScheduleRole", "KeepUndelivered", "sqs:SendMessage on arn:aws:sqs" + here + "genesys-cloud-export-ScheduleDeadLetters"},
		{"WorkflowRole", "RunExports", "lambda:InvokeFunction on arn:aws:lambda" + here + "function:genesys-cloud-export-export-users"},
		{"WorkflowRole", "AskRotator", "lambda:InvokeFunction on arn:aws:lambda" + here + "function:genesys-cloud-export-rotator"},
		{"WorkflowRole", "StartSuccessor", "states:StartExecution on"},
		{"WorkflowRole", "WriteLog", "logs:PutResourcePolicy on *"},
		{"WorkflowRole", "Trace", "xray:GetSamplingRules on *"},
	} {
		t.Run(test.role+" without "+test.statement, func(t *testing.T) {
			t.Parallel()

			c := config(t)
			c.Template = edited(t, "\n  "+test.role+":\n", "Sid: "+test.statement, "Effect: Allow", "Effect: Deny")
			c.Parameters = map[string]string{"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1", "ExportScheduleExpression": "rate(1 day)"}

			wantRefused(t, c, test.role+" may not "+test.lacks, ": add the statement to template.yaml")
		})
	}
}

// A bucket of the stack's own has a bucket key, and then the encryption context is the bucket; else it is the object.
func TestExportsCanBeEncryptedWithAndWithoutABucketKey(t *testing.T) {
	t.Parallel()

	const key = "arn:aws:kms:eu-central-1:000000000000:key/k"

	source, err := template.Read(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	deployed, err := source.Evaluate(template.Deployment{Parameters: map[string]string{
		"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook", "KmsKeyArn": key, "ExportBucketName": "mine",
	}})
	if err != nil {
		t.Fatal(err)
	}

	all, err := stack.Roles(deployed)
	if err != nil {
		t.Fatal(err)
	}

	exporter := all[slices.IndexFunc(all, func(r iamsim.Role) bool { return r.Name == "ExporterRole" })]

	for _, action := range []string{"kms:GenerateDataKey", "kms:Decrypt"} {
		for context, want := range map[string]bool{
			"arn:aws:s3:::mine":                         true,
			"arn:aws:s3:::mine/exports/users/part":      true,
			"arn:aws:s3:::mine/exports/_state/users/id": true,
			"arn:aws:s3:::mine/others/part":             false,
			"arn:aws:s3:::other":                        false,
		} {
			access := iamsim.Access{Action: action, Resource: key, Context: map[string]string{
				"kms:ViaService": "s3.eu-central-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": context,
			}}
			if got := exporter.Decide(access).Allowed; got != want {
				t.Errorf("%s for %s: got %t, want %t", action, context, got, want)
			}
		}
	}
}
