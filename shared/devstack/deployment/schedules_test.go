package deployment_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

// rate is the form that EventBridge Scheduler takes: one is singular, more are plural.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
var rate = regexp.MustCompile(`^rate\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\)$`)

// schedules are the properties of every schedule of the stack, SAM's and others, by name of the resource.
func schedules(of *template.Stack) map[string]map[string]any {
	found := make(map[string]map[string]any)

	for _, resource := range of.OfType("AWS::Scheduler::Schedule") {
		found[resource.LogicalID] = resource.Properties
	}

	for _, function := range of.OfType("AWS::Serverless::Function") {
		events, _ := function.Properties["Events"].(map[string]any)
		for name, event := range events {
			if properties, is := within(event, "Properties").(map[string]any); is {
				found[function.LogicalID+"."+name] = properties
			}
		}
	}

	return found
}

func TestTheSchedulesAreWellFormedAndToTheMinute(t *testing.T) {
	t.Parallel()

	found := schedules(deployed(t, "prod", everything()))
	if diff := cmp.Diff([]string{"ExportSchedule", "Rotator.EveryMinute"}, slices.Sorted(maps.Keys(found))); diff != "" {
		t.Fatalf("schedules that are looked at here (-want +got):\n%s", diff)
	}

	for name, schedule := range found {
		if expression := text(t, schedule, "ScheduleExpression"); !rate.MatchString(expression) {
			t.Errorf("%s: the Scheduler does not take %s", name, expression)
		}

		// YAML reads a plain OFF as false.
		if mode := within(schedule, "FlexibleTimeWindow", "Mode"); mode != "OFF" {
			t.Errorf("%s: FlexibleTimeWindow is %v, want OFF", name, mode)
		}
	}

	if expression := found["Rotator.EveryMinute"]["ScheduleExpression"]; expression != "rate(1 minute)" {
		t.Errorf("the rotator runs at %v, and its alarms count minutes", expression)
	}
}

func TestAScheduledExportsInputIsJSONThatTheStateMachineKnows(t *testing.T) {
	t.Parallel()

	for expression, options := range map[string]string{
		"rate(1 day)": "{}", "cron(0 2 * * ? *)": `{"state":"any","page_size":500}`, "at(2026-12-01T02:00:00)": `{"expand":["groups"]}`,
	} {
		parameters := map[string]string{"ExportScheduleExpression": expression, "ExportScheduleOptions": options}
		schedule := deployed(t, "prod", parameters).Resources["ExportSchedule"].Properties

		var got any
		if err := json.Unmarshal([]byte(text(t, schedule, "Target", "Input")), &got); err != nil {
			t.Fatalf("%s with %s: %v", expression, options, err)
		}

		var given any
		if err := json.Unmarshal([]byte(options), &given); err != nil {
			t.Fatal(err)
		}

		want := map[string]any{"listing": "users", "scheduled_at": "<aws.scheduler.scheduled-time>", "options": given}
		if diff := cmp.Diff(any(want), got); diff != "" {
			t.Errorf("the input (-want +got):\n%s", diff)
		}
	}
}
