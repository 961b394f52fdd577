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

// runbookRow is a row of the runbook's table: the anchor, the alarm, what it means, what to do first.
var runbookRow = regexp.MustCompile("(?m)^\\| <a id=\"alarm-([a-z-]+)\"></a>`([a-z-]+)` \\| [^| ][^|]* \\| [^| ][^|]* \\|$")

// alarmNames are the names of the alarms without the stack's, sorted.
func alarmNames(t *testing.T) []string {
	t.Helper()

	var all []string

	for id, alarm := range alarms(t, deployed(t, "prod", nil)) {
		name, ofStack := strings.CutPrefix(alarm.Name, "prod-")
		if !ofStack {
			t.Errorf("%s is called %q, want a name that begins with the stack's", id, alarm.Name)
		}

		all = append(all, name)
	}

	slices.Sort(all)

	return all
}

func TestEveryAlarmHasItsLineInTheRunbookAndNoLineHasNone(t *testing.T) {
	t.Parallel()

	page, err := os.ReadFile(runbookFile)
	if err != nil {
		t.Fatal(err)
	}

	var lines []string

	for _, row := range runbookRow.FindAllStringSubmatch(string(page), -1) {
		if lines = append(lines, row[1]); row[1] != row[2] {
			t.Errorf("the line of %s is found at #alarm-%s", row[2], row[1])
		}
	}

	slices.Sort(lines)

	if diff := cmp.Diff(alarmNames(t), lines); diff != "" {
		t.Errorf("the runbook (-alarms of the template +lines):\n%s", diff)
	}

	if anchors := strings.Count(string(page), `<a id="alarm-`); anchors != len(lines) {
		t.Errorf("%d anchors of alarms, and %d lines that have the table's form", anchors, len(lines))
	}
}

func TestEveryAlarmsDescriptionLeadsToItsLineAndItTellsItsEndToo(t *testing.T) {
	t.Parallel()

	const topic = "arn:aws:sns:eu-central-1:000000000000:ops"

	// Without a place of their own choice operators still find the file.
	for url, parameters := range map[string]map[string]string{
		runbookURL:                   {"RunbookUrl": runbookURL, "AlarmTopicArn": topic},
		"shared/operator/RUNBOOK.md": {"AlarmTopicArn": topic},
	} {
		for id, alarm := range alarms(t, deployed(t, "prod", parameters)) {
			link := url + "#alarm-" + strings.TrimPrefix(alarm.Name, "prod-")

			meaning, found := strings.CutSuffix(alarm.Description, " "+link)
			if !found || !strings.HasSuffix(meaning, ".") {
				t.Errorf("the description of %s is %q, want a sentence that ends in %s", id, alarm.Description, link)
			}

			if diff := cmp.Diff([][]string{{topic}, {topic}}, [][]string{alarm.Actions, alarm.OKActions}); diff != "" {
				t.Errorf("%s reports to (-want +got):\n%s", id, diff)
			}
		}
	}
}
