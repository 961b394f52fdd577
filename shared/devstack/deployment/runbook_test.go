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

// runbook is the page that alarms link to.
func runbook(t *testing.T) string {
	t.Helper()

	page, err := os.ReadFile(runbookFile)
	if err != nil {
		t.Fatal(err)
	}

	return string(page)
}

// runbookRow is a row of the runbook's table: the anchor, the alarm, what it means, what to do first.
var runbookRow = regexp.MustCompile("(?m)^\\| <a id=\"alarm-([a-z-]+)\"></a>`([a-z-]+)` \\| ([^|]+) \\| ([^|]+) \\|$")

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

	section := runbook(t)

	var told []string

	for _, row := range runbookRow.FindAllStringSubmatch(section, -1) {
		anchor, name, meaning, first := row[1], row[2], strings.TrimSpace(row[3]), strings.TrimSpace(row[4])
		told = append(told, anchor)

		if anchor != name {
			t.Errorf("the line of %s is found at #alarm-%s", name, anchor)
		}

		if meaning == "" || first == "" {
			t.Errorf("the line of %s does not say what it means and what to do first", name)
		}
	}

	slices.Sort(told)

	if diff := cmp.Diff(alarmNames(t), told); diff != "" {
		t.Errorf("the runbook (-alarms of the template +lines):\n%s", diff)
	}

	if anchors := strings.Count(section, `<a id="alarm-`); anchors != len(told) {
		t.Errorf("%d anchors of alarms, and %d lines that have the table's form", anchors, len(told))
	}
}

func TestEveryAlarmsDescriptionLeadsToItsLineAndItTellsItsEndToo(t *testing.T) {
	t.Parallel()

	const topic = "arn:aws:sns:eu-central-1:000000000000:ops"

	// Without a place of their own choice operators still find the file.
	for url, parameters := range map[string]map[string]string{runbookURL: {"RunbookUrl": runbookURL, "AlarmTopicArn": topic}, "shared/operator/RUNBOOK.md": {"AlarmTopicArn": topic}} {
		for id, alarm := range alarms(t, deployed(t, "prod", parameters)) {
			link := url + "#alarm-" + strings.TrimPrefix(alarm.Name, "prod-")

			meaning, found := strings.CutSuffix(alarm.Description, " "+link)
			if !found || !strings.HasSuffix(meaning, ".") {
				t.Errorf("the description of %s is %q, want a sentence that ends in %s", id, alarm.Description, link)
			}

			if diff := cmp.Diff([][]string{{topic}, {topic}}, [][]string{alarm.Actions, alarm.OKActions}); diff != "" {
				t.Errorf("%s tells (-want +got):\n%s", id, diff)
			}
		}
	}
}
