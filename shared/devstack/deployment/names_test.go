package deployment_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
	"genesys-cloud-export/shared/devstack/template"
)

// texts visits each text in content with its path.
func texts(path string, content any, visit func(path, text string)) {
	switch content := content.(type) {
	case map[string]any:
		for key, inner := range content {
			texts(path+"."+key, inner, visit)
		}
	case []any:
		for i, inner := range content {
			texts(fmt.Sprintf("%s[%d]", path, i), inner, visit)
		}
	case string:
		visit(path, content)
	}
}

// ofTheStack is where a stack's own names stand: names, what its roles may touch, and what its functions use.
var ofTheStack = regexp.MustCompile(`^\w+(\.Events\.\w+\.Properties)?\.\w*Name$|\.Resource(\[\d+\])?$|` +
	`\.Variables\.(STACK_NAME|TOKEN_PARAMETER_NAME|GENESYS_CREDENTIALS_SECRET_ID|ROTATOR_FUNCTION_NAME|EXPORT_BUCKET)$`)

// names are a stack's own names, outputs, metrics and logs, by their place. What it leaves to CloudFormation is unique.
func names(t *testing.T, of *template.Stack) map[string]string {
	t.Helper()

	found := make(map[string]string)

	for id, resource := range of.Resources {
		texts(id, resource.Properties, func(path, text string) {
			// A metric's name is every stack's; its dimensions are compared below, and "*" is judged with the statements.
			if ofTheStack.MatchString(path) && !strings.HasSuffix(path, ".MetricName") && text != "*" {
				found[path] = text
			}
		})
	}

	for name, output := range of.Outputs {
		found["output "+name] = fmt.Sprint(output.Value)
	}

	for place, metrics := range looks(t, of) {
		for i, metric := range metrics {
			found[fmt.Sprintf("%s, metric %d", place, i)] = metric.String()
		}
	}

	for _, w := range widgets(t, of) {
		if w.Type == "log" {
			found[w.Properties.Title] = w.Properties.Query
		}
	}

	return found
}

func TestTwoStacksOfOneAccountAndRegionShareNothing(t *testing.T) {
	t.Parallel()

	ones := names(t, deployed(t, "one", everything()))
	twos := slices.Collect(maps.Values(names(t, deployed(t, "two", everything()))))

	delete(ones, "output Version") // of the code

	maps.DeleteFunc(ones, func(_, value string) bool { return !slices.Contains(twos, value) })

	if diff := cmp.Diff(map[string]string{}, ones); diff != "" || len(twos) < 50 {
		t.Errorf("of %d names, those that both stacks have (-want +got):\n%s", len(twos), diff)
	}
}

// Where these have no name, SAM or CloudFormation makes one up that nobody who looks for the stack's would find, or, for a
// schedule of SAM's, one that is the same in every stack.
func TestWhatIsFoundByItsNameHasOneThatBeginsWithTheStacks(t *testing.T) {
	t.Parallel()

	one := deployed(t, "one", everything())
	named, want := names(t, one), []string{"Rotator.Events.EveryMinute.Properties.Name"}

	for kind, property := range map[string]string{
		"AWS::CloudWatch::Alarm": "AlarmName", "AWS::CloudWatch::Dashboard": "DashboardName", "AWS::Logs::LogGroup": "LogGroupName",
		"AWS::Serverless::StateMachine": "Name", "AWS::Scheduler::Schedule": "Name",
	} {
		for _, resource := range ofType(t, one, kind) {
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

// looks are the metrics that each alarm and each widget of the dashboard looks at, by its id or title.
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

	for _, resource := range ofType(t, of, "AWS::CloudWatch::Alarm") {
		alarm, err := cloudwatchsim.ParseAlarm(resource.Properties)
		if err != nil {
			t.Fatalf("%s: %v", resource.LogicalID, err)
		}

		found[resource.LogicalID] = alarm
	}

	return found
}
