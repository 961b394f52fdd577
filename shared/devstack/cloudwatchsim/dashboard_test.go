package cloudwatchsim_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
)

// body is a dashboard of widgets, each with a place of its own.
func body(widgets ...string) []byte {
	placed := make([]string, 0, len(widgets))
	for i, widget := range widgets {
		placed = append(placed, fmt.Sprintf(`{"x":0,"y":%d,"width":12,"height":6,%s}`, 6*i, widget))
	}

	return []byte(`{"widgets":[` + strings.Join(placed, ",") + `]}`)
}

// graph is a metric widget with these metrics, and properties behind them.
func graph(metrics, properties string) string {
	return `"type":"metric","properties":{"title":"How?","region":"eu-central-1","metrics":[` + metrics + `]` + properties + `}`
}

// search is a log widget with this query.
func search(query string) string {
	quoted, _ := json.Marshal(query)

	return `"type":"log","properties":{"title":"What?","region":"eu-central-1","view":"table","query":` + string(quoted) + `}`
}

func example(t *testing.T) cloudwatchsim.Dashboard {
	t.Helper()

	content, err := os.ReadFile(filepath.Join("testdata", "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}

	dashboard, err := cloudwatchsim.ParseDashboard(content)
	if err != nil {
		t.Fatal(err)
	}

	return dashboard
}

func TestADashboardTellsItsWidgetsAndMetrics(t *testing.T) {
	t.Parallel()

	type widget struct {
		Type, Title         string
		X, Y, Width, Height int
		Metrics             int
	}

	var got []widget
	for _, w := range example(t).Widgets {
		got = append(got, widget{w.Type, w.Title, w.X, w.Y, w.Width, w.Height, len(w.Metrics())})
	}

	want := []widget{
		{"metric", "How long is the token still good, against the buffer?", 0, 0, 12, 6, 2},
		{"log", "When was the token rotated, and why?", 12, 0, 12, 6, 0},
		{"metric", "Are exports finishing?", 0, 6, 8, 6, 4},
		{"metric", "How fast are they?", 8, 6, 8, 6, 1},
		{"metric", "How much is throttled and waited for?", 16, 6, 8, 6, 3},
		{"metric", "What failed?", 0, 12, 8, 4, 2},
		{"alarm", "Is anything wrong now?", 8, 12, 8, 4, 0},
		{"metric", "How many users came?", 16, 12, 4, 4, 1},
		{"text", "", 20, 12, 4, 4, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("widgets (-want +got):\n%s", diff)
	}

	if got := len(example(t).Metrics()); got != 12 {
		t.Errorf("%d metrics, want 12: the records are shown twice", got)
	}
}

func TestShorthandsStandForWhatIsBeforeThem(t *testing.T) {
	t.Parallel()

	dashboard, err := cloudwatchsim.ParseDashboard(body(graph(`
		["Test", "a", "Stack", "local", "Listing", "users", {"label": "first"}],
		["...", "queues"],
		["...", "other", "Listing", "."],
		[".", "b", ".", "."],
		[{"expression": "METRICS() * 2", "id": "twice"}],
		["...", "Stack", "last"],
		["..."]`, "")))
	if err != nil {
		t.Fatal(err)
	}

	var got []string
	for _, metric := range dashboard.Metrics() {
		got = append(got, metric.String())
	}

	want := []string{
		"Test/a{Listing=queues,Stack=local}", "Test/a{Listing=queues,Stack=other}", "Test/a{Listing=users,Stack=local}",
		"Test/b{Stack=last}", "Test/b{Stack=other}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestADashboardThatCannotBeShownIsRefusedByName(t *testing.T) {
	t.Parallel()

	const metric = `["Test", "a"]`

	place := func(x, y, width, height int) string {
		return fmt.Sprintf(`{"widgets":[{"type":"text","x":0,"y":0,"width":6,"height":6,"properties":{"markdown":"a"}},
			{"type":"text","x":%d,"y":%d,"width":%d,"height":%d,"properties":{"markdown":"b"}}]}`, x, y, width, height)
	}

	for _, test := range []struct{ want, body string }{
		{"read the dashboard's body", `{`},
		{"no widgets at all", `{}`},
		{`unknown field "variables"`, `{"widgets":[],"variables":[]}`},
		{"something stands behind", `{"widgets":[]} {}`},
		{`read widget 1 of the dashboard, "": its type "pie" is none of`, string(body(`"type":"pie","properties":{}`))},
		{`unknown field "titel"`, string(body(`"type":"metric","properties":{"titel":"x"}`))},
		{`unknown field "z"`, string(body(`"z":1`))},
		{"it has no properties", string(body(`"type":"metric"`))},
		{"it has no title", string(body(strings.Replace(graph(metric, ""), "How?", "", 1)))},
		{"it has no region", string(body(strings.Replace(graph(metric, ""), "eu-central-1", "", 1)))},
		{`"How?": its view "pie"`, string(body(graph(metric, `,"view":"pie"`)))},
		{"a period of 90 seconds", string(body(graph(metric, `,"period":90`)))},
		{`the statistic "avg"`, string(body(graph(metric, `,"stat":"avg"`)))},
		{"an axis ends before", string(body(graph(metric, `,"yAxis":{"left":{"min":5,"max":5}}`)))},
		{"horizontal annotation 1: it has no value", string(body(graph(metric, `,"annotations":{"horizontal":[{"label":"x"}]}`)))},
		{`its fill "up"`, string(body(graph(metric, `,"annotations":{"horizontal":[{"value":1,"fill":"up"}]}`)))},
		{`its color "red"`, string(body(graph(metric, `,"annotations":{"horizontal":[{"value":1,"color":"red"}]}`)))},
		{`its yAxis "top"`, string(body(graph(metric, `,"annotations":{"horizontal":[{"value":1,"yAxis":"top"}]}`)))},
		{`unknown field "vertical"`, string(body(graph(metric, `,"annotations":{"vertical":[]}`)))},
		{"it has no metrics", string(body(graph("", "")))},
		{"entry 1 of metrics: it is not an array", string(body(graph(`"Test"`, "")))},
		{"entry 1 of metrics: it is not an array", string(body(graph(`[]`, "")))},
		{"something else than texts", string(body(graph(`["Test", 1]`, "")))},
		{"something else than texts", string(body(graph(`["Test", "a", {}, "Stack"]`, "")))},
		{"3 texts are not", string(body(graph(`["Test", "a", "Stack"]`, "")))},
		{"0 texts are not", string(body(graph(`[{"label": "x"}]`, "")))},
		{`the dimension "Stack" is there twice`, string(body(graph(`["Test", "a", "Stack", "x", "Stack", "y"]`, "")))},
		{`nothing before it that "." could`, string(body(graph(`["Test", "a"], [".", "b", ".", "x"]`, "")))},
		{`nothing before it that "..." could`, string(body(graph(`["...", "a"]`, "")))},
		{`"..." stands elsewhere`, string(body(graph(`["Test", "a"], ["Test", "..."]`, "")))},
		{`unknown field "colour"`, string(body(graph(`["Test", "a", {"colour": "#000000"}]`, "")))},
		{`its color "#00000g"`, string(body(graph(`["Test", "a", {"color": "#00000g"}]`, "")))},
		{`its yAxis "middle"`, string(body(graph(`["Test", "a", {"yAxis": "middle"}]`, "")))},
		{"is a dynamic one", string(body(graph(`["Test", "a", {"label": "${LAST}"}]`, "")))},
		{"a metric and an expression at once", string(body(graph(`["Test", "a", {"expression": "1"}]`, "")))},
		{`the expression "e": "m" is the id of no`, string(body(graph(`[{"expression": "m * 2", "id": "e"}]`, "")))},
		{`the expression "unnamed_1": its result is a number`, string(body(graph(`[{"expression": "1"}]`, "")))},
		{"its period is 5m0s, that of", string(body(graph(`[{"expression": "m * 2", "id": "e"}], ["Test", "a", {"id": "m", "period": 60}]`, "")))},
		{`the id "M"`, string(body(graph(`["Test", "a", {"id": "M"}]`, "")))},
		{`it names no alarm`, string(body(`"type":"alarm","properties":{"title":"x","alarms":[]}`))},
		{`sortBy and states`, string(body(`"type":"alarm","properties":{"title":"x","alarms":["a"],"states":["OK"]}`))},
		{`it has no markdown`, string(body(`"type":"text","properties":{"markdown":""}`))},
		{"x, y, width or height is missing", `{"widgets":[{"type":"text","x":0,"y":0,"width":1,"properties":{"markdown":"a"}}]}`},
		{"width 25", place(0, 6, 25, 1)},
		{"x 20, y 6 with width 6", place(20, 6, 6, 1)},
		{"x -1", place(-1, 6, 6, 1)},
		{"height 0", place(6, 0, 6, 0)},
		{"height 1001", place(6, 0, 6, 1001)},
		{`read widget 2 of the dashboard, "": it stands on widget 1, ""`, place(5, 5, 6, 6)},
	} {
		_, err := cloudwatchsim.ParseDashboard([]byte(test.body))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\nthe error is %v, want %q", test.body, err, test.want)
		}
	}

	if _, err := cloudwatchsim.ParseDashboard([]byte(place(6, 0, 6, 6))); err != nil {
		t.Errorf("side by side: %v", err)
	}

	_, err := cloudwatchsim.ParseDashboard(body(graph("", ""), search("limit 5")))
	if err == nil || !strings.Contains(err.Error(), "widget 1") || !strings.Contains(err.Error(), "widget 2") {
		t.Errorf("the problems of two widgets: %v", err)
	}
}

func TestAQueryThatIsNotRunIsRefusedByName(t *testing.T) {
	t.Parallel()

	const source = "SOURCE 'group' | "

	for query, want := range map[string]string{
		"":                                                       "it is empty",
		"fields a":                                               "it has no SOURCE",
		"SOURCE 'group'":                                         "it has no fields",
		"SOURCE group | fields a":                                "group is not a log group in quotes",
		"SOURCE | fields a":                                      "no log group",
		source + "fields":                                        `"" is not a field`,
		source + "fields a,":                                     `"" is not a field`,
		source + "fields 5":                                      `"5" is not a field`,
		source + "fields a as":                                   `"a as" is not a field`,
		source + "fields a | stats count(*)":                     `'*' is no part of a query`,
		source + "fields a | parse b":                            `the command "parse" is none of`,
		source + "fields a | | limit 5":                          "an empty command",
		source + "fields a |":                                    "an empty command",
		source + "fields a | limit 0":                            "not a number from 1",
		source + "fields a | limit":                              "not a number from 1",
		source + "fields a | sort a up":                          `"a up" is not a field with asc or desc`,
		source + "fields a | filter":                             `"" is not a field`,
		source + "fields a | filter a":                           `"" is not a number`,
		source + "fields a | filter a = b":                       `"b" is not a number, a text`,
		source + "fields a | filter a == 1":                      `"=" is not a number`,
		source + "fields a | filter a in 1":                      `"in" is none of`,
		source + "fields a | filter a = 1 b":                     `"b" stands behind`,
		source + "fields a | filter (a = 1":                      "a parenthesis is not closed",
		source + "fields a | filter ispresent(a":                 "ispresent takes one field",
		source + "fields a | filter a like b":                    "like takes a text",
		source + "fields a | filter a like /[/":                  "like: error parsing",
		source + "fields a | filter a = 'b":                      "a ' is not closed",
		source + "fields a | filter " + strings.Repeat("(", 200): "nested too deep",
	} {
		_, err := cloudwatchsim.ParseDashboard(body(search(query)))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"What?": its query`) {
			t.Errorf("%s: the error is %v, want %q", query, err, want)
		}
	}
}

func FuzzParseDashboard(f *testing.F) {
	content, err := os.ReadFile(filepath.Join("testdata", "dashboard.json"))
	if err != nil {
		f.Fatal(err)
	}

	f.Add(content)
	f.Add(body(search("SOURCE 'a' \"b\" | fields `x`, y.z as w | filter not (a = 1 or b like /x/) and ispresent(c) | sort a desc, b | limit 5")))
	f.Add(body(graph(`["Test", "Values", {"yAxis": "right"}], [{"expression": "[unnamed_1] / 0"}]`, `,"view":"bar","stacked":true,"yAxis":{"left":{"max":-1e308}}`)))

	f.Fuzz(func(t *testing.T, body []byte) {
		dashboard, err := cloudwatchsim.ParseDashboard(body)
		if err != nil {
			return
		}

		view := cloudwatchsim.View{
			Store: stored(1, no, -2, 3), From: began, To: began.Add(10 * time.Minute),
			Records: []cloudwatchsim.LogRecord{{At: began, Fields: map[string]any{"a": 1.0, "b": map[string]any{"c": true}}}},
		}
		if err := dashboard.Draw(&strings.Builder{}, view); err != nil {
			t.Error(err)
		}
	})
}
