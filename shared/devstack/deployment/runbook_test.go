package deployment_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// runbookURL is where the README is published in these tests.
const runbookURL = "https://example.com/runbook"

// runbookPart is the part of an alarm: what it means, how long until data suffers, commands, what to do, and when it goes back.
var runbookPart = regexp.MustCompile("(?s)## <a id=\"alarm-([a-z-]+)\"></a>([a-z-]+)\n\nMeans: .+?\n\nData suffers: .+?\n\n```\n.+?\n```\n\nTo do: .+?\n\nGoes back: .+?\n\n")

// alarmNames are the names of the alarms without the stack's, sorted.
func alarmNames(t *testing.T) []string {
	t.Helper()

	var all []string

	for id, alarm := range alarms(t, deployed(t, "prod", everything())) {
		name, ofStack := strings.CutPrefix(alarm.Name, "prod-")
		if !ofStack {
			t.Errorf("%s is called %q, want a name that begins with the stack's", id, alarm.Name)
		}

		all = append(all, name)
	}

	slices.Sort(all)

	return all
}

func TestEveryAlarmHasItsPartInTheRunbookAndNoPartHasNone(t *testing.T) {
	t.Parallel()

	page, err := os.ReadFile(runbookFile)
	if err != nil {
		t.Fatal(err)
	}

	var parts []string

	for _, part := range runbookPart.FindAllStringSubmatch(string(page), -1) {
		if parts = append(parts, part[1]); part[1] != part[2] {
			t.Errorf("the part of %s is found at #alarm-%s", part[2], part[1])
		}
	}

	slices.Sort(parts)

	if diff := cmp.Diff(alarmNames(t), parts); diff != "" {
		t.Errorf("the runbook (-alarms of the template +parts):\n%s", diff)
	}

	if anchors := strings.Count(string(page), `<a id="alarm-`); anchors != len(parts) {
		t.Errorf("%d anchors of alarms, and %d parts that have the form", anchors, len(parts))
	}
}

func TestEveryAlarmsDescriptionLeadsToItsPartAndItTellsItsEndToo(t *testing.T) {
	t.Parallel()

	const (
		topic   = "arn:aws:sns:eu-central-1:000000000000:ops"
		tickets = "arn:aws:sns:eu-central-1:000000000000:tickets"
	)

	pages := []string{"rotator-errors", "rotator-silent", "token-expiring", "export-overdue"}

	for id, alarm := range alarms(t, deployed(t, "prod", map[string]string{
		"RunbookUrl": runbookURL, "AlarmTopicArn": topic, "TicketTopicArn": tickets, "ExportScheduleExpression": "rate(1 day)",
	})) {
		name := strings.TrimPrefix(alarm.Name, "prod-")

		meaning, found := strings.CutSuffix(alarm.Description, " "+runbookURL+"#alarm-"+name)
		if !found || !strings.HasSuffix(meaning, ".") {
			t.Errorf("the description of %s is %q, want a sentence and the link to its part of the runbook", id, alarm.Description)
		}

		want := tickets
		if slices.Contains(pages, name) {
			want = topic
		}

		if diff := cmp.Diff([][]string{{want}, {want}}, [][]string{alarm.Actions, alarm.OKActions}); diff != "" {
			t.Errorf("%s reports to (-want +got):\n%s", id, diff)
		}
	}
}
