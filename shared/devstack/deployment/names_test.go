package deployment_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
)

// names are the names that a stack gives its resources, by where each is given. What it leaves to CloudFormation is unique.
func names(of *template.Stack) map[string]string {
	found := make(map[string]string)

	for id, resource := range of.Resources {
		collectNames(found, id, resource.Properties)

		events, _ := resource.Properties["Events"].(map[string]any)
		for event, declared := range events {
			properties, _ := within(declared, "Properties").(map[string]any)
			collectNames(found, id+"."+event, properties)
		}
	}

	return found
}

func collectNames(into map[string]string, of string, properties map[string]any) {
	for property, value := range properties {
		// A metric is told apart by its dimensions, which a test of their own looks at.
		if name, is := value.(string); is && strings.HasSuffix(property, "Name") && property != "MetricName" {
			into[of+"."+property] = name
		}
	}
}

// shared are the values that two stacks both have, by their keys in one.
func shared(one, two map[string]string) map[string]string {
	taken := slices.Collect(maps.Values(two))

	both := maps.Clone(one)
	maps.DeleteFunc(both, func(_, value string) bool { return !slices.Contains(taken, value) })

	return both
}

func twoStacks(t *testing.T) (one, two *template.Stack) {
	t.Helper()

	return deployed(t, "one", everything()), deployed(t, "two", everything())
}

func TestTwoStacksOfOneAccountAndRegionShareNoName(t *testing.T) {
	t.Parallel()

	one, two := twoStacks(t)
	if diff := cmp.Diff(map[string]string{}, shared(names(one), names(two))); diff != "" {
		t.Errorf("both stacks would have a resource of this name (-want +got):\n%s", diff)
	}
}

// Where these have no name, SAM or CloudFormation makes one up that nobody who looks for the stack's would find, or, for a
// schedule of SAM's, one that is the same in every stack.
func TestWhatIsFoundByItsNameHasOneThatBeginsWithTheStacks(t *testing.T) {
	t.Parallel()

	one, _ := twoStacks(t)
	named := names(one)

	want := []string{"Rotator.EveryMinute.Name"}

	for kind, property := range map[string]string{
		"AWS::CloudWatch::Alarm": "AlarmName", "AWS::CloudWatch::Dashboard": "DashboardName", "AWS::Logs::LogGroup": "LogGroupName",
		"AWS::Serverless::StateMachine": "Name", "AWS::Scheduler::Schedule": "Name",
	} {
		resources := one.OfType(kind)
		if len(resources) == 0 {
			t.Errorf("there is no %s", kind)
		}

		for _, resource := range resources {
			want = append(want, resource.LogicalID+"."+property)
		}
	}

	for _, key := range want {
		name := strings.TrimPrefix(strings.TrimPrefix(named[key], "/aws/lambda/"), "/aws/vendedlogs/states/")
		if name != "one" && !strings.HasPrefix(name, "one-") {
			t.Errorf("%s is %q, want a name that begins with the stack's, one", key, named[key])
		}
	}
}

func TestTwoStacksShareNoParameterNoLogAndNoTarget(t *testing.T) {
	t.Parallel()

	one, two := twoStacks(t)
	if diff := cmp.Diff(map[string]string{}, shared(resources(t, one), resources(t, two))); diff != "" {
		t.Errorf("both stacks would use this (-want +got):\n%s", diff)
	}
}

// resources are what the stack's roles may touch, what its functions are told to use, and what it gives out.
func resources(t *testing.T, of *template.Stack) map[string]string {
	t.Helper()

	found := make(map[string]string)

	for _, role := range roles(t, of) {
		for _, statement := range role.Statements {
			for _, resource := range statement.Resources {
				if resource != "*" {
					found[role.Name+"."+statement.ID+": "+resource] = resource
				}
			}
		}
	}

	for _, function := range of.OfType("AWS::Serverless::Function") {
		for _, variable := range []string{"STACK_NAME", "TOKEN_PARAMETER_NAME", "GENESYS_CREDENTIALS_SECRET_ID", "ROTATOR_FUNCTION_NAME", "EXPORT_BUCKET"} {
			if value, is := within(function.Properties, "Environment", "Variables", variable).(string); is {
				found[function.LogicalID+"."+variable] = value
			}
		}
	}

	for name, output := range of.Outputs {
		found["output "+name], _ = output.Value.(string)
	}

	if len(found) < 3*len(of.OfType("AWS::Serverless::Function")) {
		t.Fatalf("only %d resources were found", len(found))
	}

	return found
}

func TestTwoStacksShareNoMetricAndNoWidget(t *testing.T) {
	t.Parallel()

	one, two := twoStacks(t)
	if diff := cmp.Diff(map[string]string{}, shared(watched(t, one), watched(t, two))); diff != "" {
		t.Errorf("both stacks would look at this metric (-want +got):\n%s", diff)
	}

	body, other := text(t, one.Resources["Dashboard"].Properties, "DashboardBody"), text(t, two.Resources["Dashboard"].Properties, "DashboardBody")
	if sources, others := logSources(body), logSources(other); len(sources) == 0 || slices.Equal(sources, others) {
		t.Errorf("the log widgets of both stacks read %q", sources)
	}
}

// watched are the metrics that alarms and dashboard look at.
func watched(t *testing.T, of *template.Stack) map[string]string {
	t.Helper()

	found := make(map[string]string)

	for name, metrics := range looks(t, of) {
		for _, metric := range metrics {
			found[name+": "+metric.String()] = metric.String()
		}
	}

	return found
}

// looks are the metrics that each alarm and each widget of the dashboard looks at, by its name or title.
func looks(t *testing.T, of *template.Stack) map[string][]cloudwatchsim.Metric {
	t.Helper()

	found := make(map[string][]cloudwatchsim.Metric)

	for id, alarm := range alarms(t, of) {
		found[id] = alarm.Metrics()
	}

	for _, widget := range dashboard(t, of).Widgets {
		found[widget.Title] = widget.Metrics()
	}

	return found
}

// alarms are the stack's, by their logical ids.
func alarms(t *testing.T, of *template.Stack) map[string]cloudwatchsim.Alarm {
	t.Helper()

	found := make(map[string]cloudwatchsim.Alarm)

	for _, resource := range of.OfType("AWS::CloudWatch::Alarm") {
		alarm, err := cloudwatchsim.ParseAlarm(resource.Properties)
		if err != nil {
			t.Fatalf("%s: %v", resource.LogicalID, err)
		}

		found[resource.LogicalID] = alarm
	}

	if len(found) == 0 {
		t.Fatal("the stack has no alarm")
	}

	return found
}

// roles are the stack's, with their statements.
func roles(t *testing.T, of *template.Stack) []role {
	t.Helper()

	found, err := stack.Roles(of)
	if err != nil {
		t.Fatal(err)
	}

	if len(found) == 0 {
		t.Fatal("the stack has no role")
	}

	return found
}
