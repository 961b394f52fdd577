package deployment_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

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
func roles(t *testing.T, of *template.Stack) []iamsim.Role {
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
	owners := make(map[string][]string)

	var groups []string

	for _, group := range ofType(t, whole, "AWS::Logs::LogGroup") {
		groups = append(groups, text(t, group.Properties, "LogGroupName"))

		if group.Properties["RetentionInDays"] != "90" {
			t.Errorf("%s is kept for %v days, want LogRetentionDays", group.LogicalID, group.Properties["RetentionInDays"])
		}
	}

	for _, function := range ofType(t, whole, "AWS::Serverless::Function") {
		id := function.LogicalID
		// Lambda's own choice, which a function's LoggingConfig does not change here.
		group := "/aws/lambda/" + text(t, function.Properties, "FunctionName")
		owners[group] = append(owners[group], id)

		if !slices.Contains(groups, group) {
			t.Errorf("%s writes to %s, which is no log group of the template's", id, group)
		}

		if function.Properties["Tracing"] != "Active" || within(function.Properties, "LoggingConfig", "LogFormat") != "JSON" {
			t.Errorf("%s is not traced, or its log is not JSON", id)
		}
	}

	maps.DeleteFunc(owners, func(_ string, of []string) bool { return len(of) == 1 })

	if diff := cmp.Diff(map[string][]string{}, owners); diff != "" {
		t.Errorf("logs that functions share (-want +got):\n%s", diff)
	}
}

func TestStatementsAreNamedOnceAndNameTheirResources(t *testing.T) {
	t.Parallel()

	parameters := everything()
	parameters["KmsKeyArn"] = "arn:aws:kms:eu-central-1:000000000000:key/k"

	seen := make(map[string]int)

	var unbounded []string

	for _, role := range roles(t, deployed(t, "prod", parameters)) {
		for _, statement := range role.Statements {
			name := role.Name + "." + statement.ID
			seen[name]++

			if slices.Contains(statement.Resources, "*") {
				unbounded = append(unbounded, name)
			}

			for _, action := range statement.Actions {
				if strings.HasSuffix(action, "*") {
					t.Errorf("%s allows every action of a kind: %s", name, action)
				}
			}
		}
	}

	maps.DeleteFunc(seen, func(_ string, times int) bool { return times == 1 })

	if diff := cmp.Diff(map[string]int{}, seen); diff != "" {
		t.Errorf("statements that have one name (-want +got):\n%s", diff)
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

func TestNothingThatCannotBeMadeAgainGoesWithTheStack(t *testing.T) {
	t.Parallel()

	// A bucket that stays without its policy would be open to plain HTTP.
	for _, kind := range []string{"AWS::SecretsManager::Secret", "AWS::S3::Bucket", "AWS::S3::BucketPolicy"} {
		for _, r := range ofType(t, deployed(t, "prod", everything()), kind) {
			if r.DeletionPolicy != "RetainExceptOnCreate" || r.UpdateReplacePolicy != "Retain" {
				t.Errorf("%s: DeletionPolicy is %q and UpdateReplacePolicy %q: it has to stay, but where its creation fails", r.LogicalID, r.DeletionPolicy, r.UpdateReplacePolicy)
			}
		}
	}
}

// groups are the parameters as the console groups them.
func groups(t *testing.T) []string {
	t.Helper()

	content, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	var read struct {
		Metadata struct {
			Interface struct {
				ParameterGroups []struct {
					Label      map[string]string `yaml:"Label"`
					Parameters []string          `yaml:"Parameters"`
				} `yaml:"ParameterGroups"`
			} `yaml:"AWS::CloudFormation::Interface"`
		} `yaml:"Metadata"`
	}
	if err := yaml.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}

	var all []string

	for _, group := range read.Metadata.Interface.ParameterGroups {
		if group.Label["default"] == "" {
			t.Errorf("the group of %v has no label", group.Parameters)
		}

		all = append(all, group.Parameters...)
	}

	return all
}

func TestEveryParameterAndOutputIsExplainedAndEachParameterInOneGroup(t *testing.T) {
	t.Parallel()

	for name, output := range deployed(t, "prod", everything()).Outputs {
		if value, is := output.Value.(string); !is || value == "" || output.Description == "" {
			t.Errorf("the output %s is %v, described as %q", name, output.Value, output.Description)
		}
	}

	var declared []string

	for _, parameter := range source(t).Parameters() {
		declared = append(declared, parameter.Name)

		if parameter.Description == "" {
			t.Errorf("%s has no description", parameter.Name)
		}
	}

	slices.Sort(declared)

	if diff := cmp.Diff(declared, slices.Sorted(slices.Values(groups(t)))); diff != "" {
		t.Errorf("parameters in groups (-declared +grouped):\n%s", diff)
	}
}

// rotation is the schedule that runs the rotator.
func rotation(of *template.Stack) any {
	return within(of.Resources["Rotator"].Properties, "Events", "EveryMinute", "Properties")
}

func TestTheRotatorRunsEveryMinuteAndSchedulesAreToTheMinute(t *testing.T) {
	t.Parallel()

	prod := deployed(t, "prod", everything())
	if expression := text(t, rotation(prod), "ScheduleExpression"); expression != "rate(1 minute)" {
		t.Errorf("the rotator runs at %v, and its alarms count minutes", expression)
	}

	all := []any{rotation(prod)}
	for _, schedule := range ofType(t, prod, "AWS::Scheduler::Schedule") {
		all = append(all, schedule.Properties)
	}

	for _, schedule := range all {
		// YAML reads a plain OFF as false.
		if mode := within(schedule, "FlexibleTimeWindow", "Mode"); mode != "OFF" {
			t.Errorf("the FlexibleTimeWindow of %v is %v, want OFF", within(schedule, "Name"), mode)
		}
	}
}

func TestAScheduledExportsInputIsJSONThatTheStateMachineKnows(t *testing.T) {
	t.Parallel()

	for expression, options := range map[string]string{
		"rate(1 day)": "{}", "cron(0 2 * * ? *)": `{"state":"any","page_size":500}`, "at(2026-12-01T02:00:00)": `{"expand":["groups"]}`,
	} {
		parameters := map[string]string{"ExportScheduleExpression": expression, "ExportScheduleOptions": options}
		input := text(t, deployed(t, "prod", parameters).Resources["ExportSchedule"].Properties, "Target", "Input")

		var got, want any
		if err := json.Unmarshal([]byte(input), &got); err != nil {
			t.Fatalf("%s with %s: %v", expression, options, err)
		}

		expected := `{"listing":"users","scheduled_at":"<aws.scheduler.scheduled-time>","options":` + options + `}`
		if err := json.Unmarshal([]byte(expected), &want); err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the input (-want +got):\n%s", diff)
		}
	}
}
