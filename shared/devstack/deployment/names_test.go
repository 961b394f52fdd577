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
		// A metric is told apart by its dimensions.
		if name, is := value.(string); is && strings.HasSuffix(property, "Name") && property != "MetricName" {
			into[of+"."+property] = name
		}
	}
}

func TestTwoStacksOfOneAccountAndRegionShareNothing(t *testing.T) {
	t.Parallel()

	one, two := deployed(t, "one", everything()), deployed(t, "two", everything())

	for what, of := range map[string]func(*template.Stack) map[string]string{
		"names":     names,
		"resources": func(of *template.Stack) map[string]string { return resources(t, of) },
		"metrics":   func(of *template.Stack) map[string]string { return watched(t, of) },
	} {
		ones, twos := of(one), slices.Collect(maps.Values(of(two)))
		if len(ones) == 0 {
			t.Errorf("the stack has no %s", what)
		}

		maps.DeleteFunc(ones, func(_, value string) bool { return !slices.Contains(twos, value) })

		if diff := cmp.Diff(map[string]string{}, ones); diff != "" {
			t.Errorf("%s that both stacks have (-want +got):\n%s", what, diff)
		}
	}
}

// Where these have no name, SAM or CloudFormation makes one up that nobody who looks for the stack's would find, or, for a
// schedule of SAM's, one that is the same in every stack.
func TestWhatIsFoundByItsNameHasOneThatBeginsWithTheStacks(t *testing.T) {
	t.Parallel()

	one := deployed(t, "one", everything())
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

	for _, function := range functions(t, of) {
		for _, variable := range []string{"STACK_NAME", "TOKEN_PARAMETER_NAME", "GENESYS_CREDENTIALS_SECRET_ID", "ROTATOR_FUNCTION_NAME", "EXPORT_BUCKET"} {
			if value, is := within(function.Properties, "Environment", "Variables", variable).(string); is {
				found[function.LogicalID+"."+variable] = value
			}
		}
	}

	for name, output := range of.Outputs {
		found["output "+name], _ = output.Value.(string)
	}

	return found
}

// watched are the metrics and the logs that alarms and dashboard look at.
func watched(t *testing.T, of *template.Stack) map[string]string {
	t.Helper()

	found := make(map[string]string)

	for name, metrics := range looks(t, of) {
		for _, metric := range metrics {
			found[name+": "+metric.String()] = metric.String()
		}
	}

	for _, w := range widgets(t, of) {
		if w.Type == "log" {
			found[w.Properties.Title] = w.Properties.Query
		}
	}

	return found
}

// looks are the metrics that each alarm and each widget of the dashboard looks at, by its name or title.
func looks(t *testing.T, of *template.Stack) map[string][]cloudwatchsim.Metric {
	t.Helper()

	found := make(map[string][]cloudwatchsim.Metric)

	for id, alarm := range alarms(t, of) {
		found[id] = []cloudwatchsim.Metric{alarm.Metric}
	}

	for _, w := range widgets(t, of) {
		found[w.Properties.Title] = w.metrics(t)
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
	if err != nil || len(found) == 0 {
		t.Fatalf("the stack has %d roles: %v", len(found), err)
	}

	return found
}
