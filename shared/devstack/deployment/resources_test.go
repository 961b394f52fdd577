package deployment_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/template"
)

// role is a role of the template with its statements.
type role = iamsim.Role

// functions are the stack's; there has to be one.
func functions(t *testing.T, of *template.Stack) []template.Resource {
	t.Helper()

	all := of.OfType("AWS::Serverless::Function")
	if len(all) == 0 {
		t.Fatal("the template has no function")
	}

	return all
}

func TestEachFunctionHasALogAndARoleOfItsOwnAndIsTraced(t *testing.T) {
	t.Parallel()

	whole := deployed(t, "prod", map[string]string{"LogRetentionDays": "90"})
	groups, owners := whole.OfType("AWS::Logs::LogGroup"), make(map[string][]string)

	for _, group := range groups {
		if group.Properties["RetentionInDays"] != "90" {
			t.Errorf("%s is kept for %v days, want LogRetentionDays", group.LogicalID, group.Properties["RetentionInDays"])
		}
	}

	for _, function := range functions(t, whole) {
		id := function.LogicalID
		group, role := text(t, function.Properties, "LoggingConfig", "LogGroup"), text(t, function.Properties, "Role")
		owners[group], owners[role] = append(owners[group], id), append(owners[role], id)

		if !slices.ContainsFunc(groups, func(r template.Resource) bool { return r.Properties["LogGroupName"] == group }) {
			t.Errorf("%s writes to %s, which is no log group of the template's", id, group)
		}

		if function.Properties["Tracing"] != "Active" || within(function.Properties, "LoggingConfig", "LogFormat") != "JSON" {
			t.Errorf("%s is not traced, or its log is not JSON", id)
		}
	}

	maps.DeleteFunc(owners, func(_ string, of []string) bool { return len(of) == 1 })

	if diff := cmp.Diff(map[string][]string{}, owners); diff != "" {
		t.Errorf("logs and roles that functions share (-want +got):\n%s", diff)
	}
}

// unbounded are the statements on every resource, with the reason.
func unbounded() map[string]string {
	const (
		traces     = "X-Ray knows no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html"
		deliveries = "deliveries of logs know no resources: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"
		interfaces = "they are asked for before they exist: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"
	)

	return map[string]string{
		"RotatorRole.Trace": traces, "ExportUsersRole.Trace": traces, "WorkflowRole.Trace": traces,
		"RotatorRole.UseNetwork": interfaces, "ExportUsersRole.UseNetwork": interfaces,
		"WorkflowRole.WriteLog": deliveries,
	}
}

func TestStatementsAreNamedOnceAndNameTheirResources(t *testing.T) {
	t.Parallel()

	parameters := everything()
	parameters["KmsKeyArn"] = "arn:aws:kms:eu-central-1:000000000000:key/k"

	known := unbounded()

	for _, role := range roles(t, deployed(t, "prod", parameters)) {
		seen := make(map[string]bool)

		for _, statement := range role.Statements {
			name := role.Name + "." + statement.ID
			if seen[statement.ID] {
				t.Errorf("%s has two statements %s", role.Name, statement.ID)
			}

			seen[statement.ID] = true

			if slices.Contains(statement.Resources, "*") {
				if known[name] == "" {
					t.Errorf("%s is on every resource, and no reason is known", name)
				}

				delete(known, name)
			}

			for _, action := range statement.Actions {
				if action == "*" || action[len(action)-1] == '*' {
					t.Errorf("%s allows every action of a kind: %s", name, action)
				}
			}
		}
	}

	if diff := cmp.Diff(map[string]string{}, known); diff != "" {
		t.Errorf("reasons for statements that are not on every resource (-want +got):\n%s", diff)
	}
}

// What AWS's services do with a role of the template is seen in no local run, so that each action is looked up here once.
func TestWhatTheSchedulesAndTheStateMachineMayDoIsWhatAWSAsksFor(t *testing.T) {
	t.Parallel()

	want := map[string][]string{
		// Targets: https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
		// Queue: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
		"ScheduleRole": {"lambda:InvokeFunction", "sqs:SendMessage", "states:StartExecution"},
		// Functions: https://docs.aws.amazon.com/step-functions/latest/dg/lambda-iam.html
		// Executions: https://docs.aws.amazon.com/step-functions/latest/dg/stepfunctions-iam.html
		// Log: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
		// Traces: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html#xray-iam
		"WorkflowRole": {
			"lambda:InvokeFunction", "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups",
			"logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy",
			"logs:UpdateLogDelivery", "states:StartExecution", "xray:GetSamplingRules", "xray:GetSamplingTargets",
			"xray:PutTelemetryRecords", "xray:PutTraceSegments",
		},
	}

	got := make(map[string][]string)

	for _, role := range roles(t, deployed(t, "prod", everything())) {
		if want[role.Name] == nil {
			continue
		}

		for _, statement := range role.Statements {
			got[role.Name] = append(got[role.Name], statement.Actions...)
		}

		slices.Sort(got[role.Name])
		got[role.Name] = slices.Compact(got[role.Name])
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}

func TestNothingThatCannotBeMadeAgainGoesWithTheStack(t *testing.T) {
	t.Parallel()

	whole := deployed(t, "prod", everything())

	// A bucket that stays without its policy would be open to plain HTTP.
	for _, kind := range []string{"AWS::SecretsManager::Secret", "AWS::S3::Bucket", "AWS::S3::BucketPolicy"} {
		resources := whole.OfType(kind)
		if len(resources) == 0 {
			t.Errorf("there is no %s", kind)
		}

		for _, resource := range resources {
			if resource.DeletionPolicy != "Retain" || resource.UpdateReplacePolicy != "Retain" {
				t.Errorf("%s: DeletionPolicy is %q and UpdateReplacePolicy %q, want both Retain",
					resource.LogicalID, resource.DeletionPolicy, resource.UpdateReplacePolicy)
			}
		}
	}
}

func TestEveryOutputIsExplained(t *testing.T) {
	t.Parallel()

	for name, output := range deployed(t, "prod", everything()).Outputs {
		if value, is := output.Value.(string); !is || value == "" || output.Description == "" {
			t.Errorf("the output %s is %v, described as %q", name, output.Value, output.Description)
		}
	}
}
