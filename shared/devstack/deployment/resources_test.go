package deployment_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
)

// ofType are the stack's resources of a type; there has to be one.
func ofType(t *testing.T, of *template.Stack, kind string) []template.Resource {
	t.Helper()

	all := of.OfType(kind)
	if len(all) == 0 {
		t.Fatalf("the stack has no %s", kind)
	}

	return all
}

// roles are the stack's, with their statements.
func roles(t *testing.T, of *template.Stack) map[string]iamsim.Role {
	t.Helper()

	found, err := stack.Roles(of)
	if err != nil || len(found) == 0 {
		t.Fatalf("the stack has %d roles: %v", len(found), err)
	}

	return found
}

func TestEachFunctionHasALogOfItsOwnAndIsTraced(t *testing.T) {
	t.Parallel()

	whole := deployed(t, "prod", map[string]string{"LogRetentionDays": "90"})
	kept := make(map[string]any)

	for _, group := range ofType(t, whole, "AWS::Logs::LogGroup") {
		kept[text(t, group.Properties, "LogGroupName")] = group.Properties["RetentionInDays"]
	}

	for _, function := range ofType(t, whole, "AWS::Serverless::Function") {
		// The log group is Lambda's own choice, which a function's LoggingConfig does not change here.
		got := []any{
			kept["/aws/lambda/"+text(t, function.Properties, "FunctionName")], function.Properties["Tracing"],
			within(function.Properties, "LoggingConfig", "LogFormat"), within(function.Properties, "LoggingConfig", "LogGroup"),
		}
		if diff := cmp.Diff([]any{"90", "Active", "JSON", nil}, got); diff != "" {
			t.Errorf("%s: days that its log is kept, tracing, format and group (-want +got):\n%s", function.LogicalID, diff)
		}
	}
}

func TestStatementsAreNamedOnceAndNameTheirResources(t *testing.T) {
	t.Parallel()

	parameters := everything()
	parameters["KmsKeyArn"] = "arn:aws:kms:eu-central-1:000000000000:key/k"

	seen := make(map[string]bool)

	var unbounded []string

	for _, role := range roles(t, deployed(t, "prod", parameters)) {
		for _, statement := range role.Statements {
			name := role.Name + "." + statement.ID
			if seen[name] || slices.ContainsFunc(statement.Actions, func(action string) bool { return strings.HasSuffix(action, "*") }) {
				t.Errorf("%s is there twice, or allows every action of a kind: %v", name, statement.Actions)
			}

			if seen[name] = true; slices.Contains(statement.Resources, "*") {
				unbounded = append(unbounded, name)
			}
		}
	}

	// X-Ray knows no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
	// Neither do deliveries of logs: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
	// A VPC's interfaces are asked for before they exist: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
	want := []string{
		"ExporterRole.Trace", "ExporterRole.UseNetwork", "RotatorRole.Trace", "RotatorRole.UseNetwork",
		"WorkflowRole.Trace", "WorkflowRole.WriteLog",
	}

	slices.Sort(unbounded)

	if diff := cmp.Diff(want, unbounded); diff != "" {
		t.Errorf("statements on every resource (-with a reason +got):\n%s", diff)
	}
}

func TestEveryParameterAndOutputIsExplainedAndEachParameterInOneGroup(t *testing.T) {
	t.Parallel()

	for name, output := range deployed(t, "prod", everything()).Outputs {
		if value, is := output.Value.(string); !is || value == "" || output.Description == "" {
			t.Errorf("the output %s is %v, described as %q", name, output.Value, output.Description)
		}
	}

	content, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	_, groups, _ := strings.Cut(string(content), "ParameterGroups:")
	groups, _, _ = strings.Cut(groups, "\nParameters:")

	for _, parameter := range source(t).Parameters() {
		grouped := regexp.MustCompile(`\b`+parameter.Name+`\b`).FindAllString(groups, -1)
		if len(grouped) != 1 || parameter.Description == "" {
			t.Errorf("%s is in %d groups, and described as %q", parameter.Name, len(grouped), parameter.Description)
		}
	}
}

// rotation is the schedule that runs the rotator.
func rotation(of *template.Stack) any {
	return within(of.Resources["Rotator"].Properties, "Events", "EveryMinute", "Properties")
}

func TestAScheduledExportsInputIsJSONThatTheStateMachineKnows(t *testing.T) {
	t.Parallel()

	for listings, options := range map[string]string{
		"users": "{}", "all": `{"conversations":{"start":"2026-01-01T00:00:00Z"}}`, "users,queues": `{"users":{"expand":["groups"]}}`,
	} {
		parameters := map[string]string{
			"ExportScheduleExpression": "cron(0 2 * * ? *)", "ExportScheduleListings": listings, "ExportScheduleOptions": options,
		}
		input := text(t, deployed(t, "prod", parameters).Resources["ExportSchedule"].Properties, "Target", "Input")
		want := `{"listings":["` + strings.ReplaceAll(listings, ",", `","`) + `"],"scheduled_at":"<aws.scheduler.scheduled-time>","options":` + options + `}`

		if diff := cmp.Diff(decoded(t, want), decoded(t, input)); diff != "" {
			t.Errorf("the input (-want +got):\n%s", diff)
		}
	}
}

func decoded(t *testing.T, text string) (value any) {
	t.Helper()

	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}

	return value
}
