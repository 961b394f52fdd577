package deployment_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/template"
)

// What has no name of the stack's own is refused where another stack has it, or is not found by whoever looks for the stack's.
// Where SAM or CloudFormation makes one up, it is unique; for a schedule of SAM's it is not.
func TestWhatHasANameHasOneThatBeginsWithTheStacks(t *testing.T) {
	t.Parallel()

	one := deployed(t, "one", everything())
	found := map[string]any{"Rotator.Events.EveryMinute.Name": within(rotation(one), "Name")}

	// Of these types each has a name; of others those that are given count too.
	named := map[string]string{
		"AWS::CloudWatch::Alarm": "AlarmName", "AWS::CloudWatch::Dashboard": "DashboardName", "AWS::Logs::LogGroup": "LogGroupName",
		"AWS::Serverless::Function": "FunctionName", "AWS::Serverless::StateMachine": "Name", "AWS::Scheduler::Schedule": "Name",
	}

	for id, resource := range one.Resources {
		for property, value := range resource.Properties {
			if strings.HasSuffix(property, "Name") && property != "MetricName" && property != "DisplayName" {
				found[id+"."+property] = value
			}
		}

		if property, must := named[resource.Type]; must {
			found[id+"."+property] = resource.Properties[property]
		}
	}

	for place, value := range found {
		name, _ := value.(string)
		name = strings.TrimPrefix(strings.TrimPrefix(name, "/aws/lambda/"), "/aws/vendedlogs/states/")

		if name != "one" && !strings.HasPrefix(name, "one-") {
			t.Errorf("%s is %v, want a name that begins with the stack's, one", place, value)
		}
	}
}

// A metric, a log or an output that two stacks share would mix what they do. LocalStack has two stacks beside each other in
// .ci/deploy; what their roles may touch is in the table of functions/README.md.
func TestMetricsLogsAndOutputsAreOfOneStack(t *testing.T) {
	t.Parallel()

	ofStack := func(name string) map[string]string {
		stack := deployed(t, name, everything())
		found := make(map[string]string)

		for place, metrics := range looks(t, stack) {
			for i, metric := range metrics {
				found[fmt.Sprintf("%s, metric %d", place, i)] = metric.String()
			}
		}

		for _, w := range widgets(t, stack) {
			found["query "+w.Properties.Title] = w.Properties.Query
		}

		for name, output := range stack.Outputs {
			found["output "+name] = fmt.Sprint(output.Value)
		}

		maps.DeleteFunc(found, func(place, value string) bool { return value == "" || place == "output Version" }) // of the code

		return found
	}

	twos := ofStack("two")
	for place, value := range ofStack("one") {
		if twos[place] == value {
			t.Errorf("%s is %s in every stack", place, value)
		}
	}
}

// looks are the metrics that each alarm and each widget of the dashboard looks at, by its id or title.
func looks(t *testing.T, of *template.Stack) map[string][]Metric {
	t.Helper()

	found := make(map[string][]Metric)

	for id, alarm := range alarms(t, of) {
		found[id] = []Metric{alarm.Metric}
	}

	for _, w := range widgets(t, of) {
		found[w.Properties.Title] = w.metrics(t)
	}

	return found
}

// alarms are the stack's, by their logical ids.
func alarms(t *testing.T, of *template.Stack) map[string]Alarm {
	t.Helper()

	found := make(map[string]Alarm)

	for _, resource := range ofType(t, of, "AWS::CloudWatch::Alarm") {
		alarm, err := ParseAlarm(resource.Properties)
		if err != nil {
			t.Fatalf("%s: %v", resource.LogicalID, err)
		}

		found[resource.LogicalID] = alarm
	}

	return found
}
