package deployment_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/token"
)

// logSources are the log groups that a dashboard's queries read.
func logSources(body string) []string {
	var found []string
	for _, match := range regexp.MustCompile(`SOURCE '([^']*)'`).FindAllStringSubmatch(body, -1) {
		found = append(found, match[1])
	}

	return found
}

func TestTheLogWidgetShowsTheRotationsAndNothingElse(t *testing.T) {
	t.Parallel()

	s := newScene(t, genesyssim.Config{Users: 1})

	var want []string

	for _, event := range []string{"{}", "{}", `{"force":true}`, "{}"} {
		if run := s.run(stack.Rotator, event); run.Rotated {
			want = append(want, run.Reason)
		}
	}

	if diff := cmp.Diff([]string{token.ReasonMissing, token.ReasonForced}, want); diff != "" {
		t.Fatalf("two of four runs were to rotate (-want +got):\n%s", diff)
	}

	of := running(t, nil)
	body := text(t, of.Resources["Dashboard"].Properties, "DashboardBody")

	if diff := cmp.Diff([]string{text(t, of.Resources["Rotator"].Properties, "LoggingConfig", "LogGroup")}, logSources(body)); diff != "" {
		t.Errorf("the log widget reads (-the rotator's log +got):\n%s", diff)
	}

	rows := drawnRows(t, dashboard(t, of), s.log.from(0))
	slices.Reverse(rows) // the newest is first

	var got []string

	for _, row := range rows {
		got = append(got, row[1])

		// A field that the lines do not have is shown as an empty place.
		if slices.Contains(row, "") {
			t.Errorf("a row of the log widget has an empty place: %q", row)
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reasons in the log widget (-rotations +got):\n%s", diff)
	}
}

// drawnRows are the rows that the dashboard's log widget shows of a log, each as its places. The second is the reason.
func drawnRows(t *testing.T, board cloudwatchsim.Dashboard, log []byte) [][]string {
	t.Helper()

	records, err := cloudwatchsim.ParseRecords(bytes.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}

	var page bytes.Buffer

	view := cloudwatchsim.View{
		Store: new(cloudwatchsim.Store), Records: records, From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Minute),
	}
	if err := board.Draw(&page, view); err != nil {
		t.Fatal(err)
	}

	var rows [][]string

	for _, row := range regexp.MustCompile(`(?s)<tr>(.*?)</tr>`).FindAllStringSubmatch(page.String(), -1) {
		var places []string
		for _, place := range regexp.MustCompile(`(?s)<td>(.*?)</td>`).FindAllStringSubmatch(row[1], -1) {
			places = append(places, strings.TrimSpace(place[1]))
		}

		if len(places) > 1 {
			rows = append(rows, places)
		}
	}

	return rows
}
