package stack_test

import (
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/stack"
)

func TestARoleWithWhichAWSCannotDoItsPartIsNamed(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ role, statement, says string }{
		"a function cannot log":            {"RotatorRole", "WriteLog", "RotatorRole may not logs:CreateLogStream on arn:aws:logs:eu-central-1:000000000000:log-group:/aws/lambda/genesys-cloud-export-rotator:log-stream:"},
		"a function cannot be traced":      {"ExportUsersRole", "Trace", "ExportUsersRole may not xray:PutTelemetryRecords on *"},
		"a failure is reported to nobody":  {"RotatorRole", "ReportFailedRuns", "RotatorRole may not sqs:SendMessage on arn:aws:sqs:eu-central-1:000000000000:genesys-cloud-export-FailedRuns"},
		"a function cannot use its VPC":    {"RotatorRole", "UseNetwork", "RotatorRole may not ec2:DescribeSubnets on *"},
		"the schedule cannot invoke":       {"ScheduleRole", "RunRotator", "ScheduleRole may not lambda:InvokeFunction on arn:aws:lambda:eu-central-1:000000000000:function:rotator"},
		"the schedule cannot start":        {"ScheduleRole", "StartExport", "ScheduleRole may not states:StartExecution on arn:aws:states:eu-central-1:000000000000:stateMachine:genesys-cloud-export-export"},
		"what is undelivered is lost":      {"ScheduleRole", "KeepUndelivered", "ScheduleRole may not sqs:SendMessage on arn:aws:sqs:eu-central-1:000000000000:genesys-cloud-export-ScheduleDeadLetters"},
		"the machine cannot export":        {"WorkflowRole", "RunUsersExport", "WorkflowRole may not lambda:InvokeFunction on arn:aws:lambda:eu-central-1:000000000000:function:export-users"},
		"the machine cannot ask":           {"WorkflowRole", "AskRotator", "WorkflowRole may not lambda:InvokeFunction on arn:aws:lambda:eu-central-1:000000000000:function:rotator"},
		"the machine cannot hand on":       {"WorkflowRole", "StartSuccessor", "WorkflowRole may not states:StartExecution on"},
		"the machine cannot log":           {"WorkflowRole", "WriteLog", "WorkflowRole may not logs:PutResourcePolicy on *"},
		"the machine cannot be traced":     {"WorkflowRole", "Trace", "WorkflowRole may not xray:GetSamplingRules on *"},
		"the exporter cannot be reported":  {"ExportUsersRole", "ReportFailedRuns", "ExportUsersRole may not sqs:SendMessage on"},
		"the exporter cannot use its VPC":  {"ExportUsersRole", "UseNetwork", "ExportUsersRole may not ec2:CreateNetworkInterface on *"},
		"the exporter cannot log its runs": {"ExportUsersRole", "WriteLog", "ExportUsersRole may not logs:PutLogEvents on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := config(t)
			c.Template = edited(t, "\n  "+test.role+":\n", "Sid: "+test.statement+"\n", "Effect: Allow", "Effect: Deny")
			c.Parameters = map[string]string{"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1", "ExportScheduleExpression": "rate(1 day)"}

			s, err := stack.Start(t.Context(), c)
			if err == nil {
				_ = s.Close()
			}

			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), ": add the statement to template.yaml") {
				t.Errorf("got %v, want an error that says %q and what to do", err, test.says)
			}
		})
	}
}

// A bucket of the stack's own has a bucket key, and then the encryption context is the bucket; else it is the object.
func TestExportsCanBeEncryptedWithAndWithoutABucketKey(t *testing.T) {
	t.Parallel()

	const key = "arn:aws:kms:eu-central-1:000000000000:key/k"

	exporter := roles(t, templateFile, map[string]string{"KmsKeyArn": key, "ExportBucketName": "mine"})["ExportUsersRole"]

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
