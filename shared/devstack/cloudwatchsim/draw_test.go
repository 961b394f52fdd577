package cloudwatchsim_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
)

// draw returns the page, and what can be read in each widget.
func draw(t *testing.T, dashboard cloudwatchsim.Dashboard, view cloudwatchsim.View) (string, []string) {
	t.Helper()

	var page strings.Builder
	if err := dashboard.Draw(&page, view); err != nil {
		t.Fatal(err)
	}

	var widgets []string
	for _, section := range strings.Split(page.String(), "<section ")[1:] {
		_, content, _ := strings.Cut(section, ">")
		text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(content, "\n")
		widgets = append(widgets, strings.Join(strings.FieldsFunc(html.UnescapeString(text), func(r rune) bool { return r == '\n' }), "|"))
	}

	return page.String(), widgets
}

func parsed(t *testing.T, widgets ...string) cloudwatchsim.Dashboard {
	t.Helper()

	dashboard, err := cloudwatchsim.ParseDashboard(body(widgets...))
	if err != nil {
		t.Fatal(err)
	}

	return dashboard
}

// exampleView is three hours of metrics and log for the dashboard in testdata.
func exampleView(t *testing.T) cloudwatchsim.View {
	t.Helper()

	var store cloudwatchsim.Store

	stack := map[string]string{"Stack": "local"}
	users := map[string]string{"Stack": "local", "Listing": "users"}

	for minute := range 180 {
		at := began.Add(time.Duration(minute) * time.Minute)
		store.Put(
			cloudwatchsim.Sample{Metric: cloudwatchsim.Metric{Namespace: "GenesysCloudExport", Name: "TokenRemaining", Dimensions: stack}, Unit: "Seconds", At: at, Value: float64(3600 - minute*20)},
			cloudwatchsim.Sample{Metric: cloudwatchsim.Metric{Namespace: "GenesysCloudExport", Name: "RecordsExported", Dimensions: users}, Unit: "Count", At: at, Value: 20_000},
			cloudwatchsim.Sample{Metric: cloudwatchsim.Metric{Namespace: "GenesysCloudExport", Name: "RequestsThrottled", Dimensions: users}, Unit: "Count", At: at, Value: 2},
			cloudwatchsim.Sample{Metric: cloudwatchsim.Metric{Namespace: "GenesysCloudExport", Name: "WaitHandedOver", Dimensions: users}, Unit: "Seconds", At: at, Value: 30},
			cloudwatchsim.Sample{Metric: cloudwatchsim.Metric{Namespace: "GenesysCloudExport", Name: "SlicesStopped", Dimensions: users}, Unit: "Count", At: at, Value: 1},
		)
	}

	records, err := cloudwatchsim.ParseRecords(strings.NewReader(`{"timestamp":"2026-11-25T09:00:10Z","rotated":true,"reason":"missing","version":1,"expires_at":"2026-11-25T10:00:10Z"}
{"timestamp":"2026-11-25T09:01:10Z","rotated":false,"reason":"fresh","version":1}
{"timestamp":"2026-11-25T09:50:10Z","rotated":true,"reason":"<expiring>","version":2,"expires_at":"2026-11-25T10:50:10Z"}`))
	if err != nil {
		t.Fatal(err)
	}

	short := alarm(t, map[string]any{
		"AlarmName": "token-short", "Namespace": "GenesysCloudExport", "MetricName": "TokenRemaining", "ComparisonOperator": "LessThanThreshold",
		"Threshold": 100, "Dimensions": []any{map[string]any{"Name": "Stack", "Value": "local"}},
	})

	return cloudwatchsim.View{
		Title: "An example", Store: &store, From: began, To: began.Add(3 * time.Hour), Records: records, Alarms: []cloudwatchsim.Alarm{short},
	}
}

func TestADashboardIsDrawnForAnOperatorToRead(t *testing.T) {
	t.Parallel()

	page, widgets := draw(t, example(t), exampleView(t))

	for i, want := range [][]string{
		{
			"How long is the token still good, against the buffer?", "|Seconds|", "seconds of skew", "|0|", "|1K|", "|4K|", "|09:30|", "|12:00|",
			"|half the buffer 150|", "|buffer 300|", "|remaining|", "|clock skew (no data)|",
		},
		{
			"When was the token rotated, and why?|@timestamp|reason|version|expires_at|2026-11-25 09:50:10.000|<expiring>|2|2026-11-25T10:50:10Z|" +
				"2026-11-25 09:00:10.000|missing|1|2026-11-25T10:00:10Z",
		},
		{"Are exports finishing?|completed|no data|slices stopped|180|slices refused|no data|executions failed|no data"},
		{"How fast are they?", "|400|", "|records a second"},
		{"How much is throttled and waited for?", "|Count|Seconds|", "|requests throttled|", "|requests retried (no data)|", "|wait handed over"},
		{"What failed?", "|no data|rotator (no data)|export-users (no data)"},
		{"Is anything wrong now?|ALARM|token-short|not known here|elsewhere"},
		{"How many users came?|3.6M |Count|users"},
		{"Runbook|Token short|: look at |rotator| first|README|<b>not bold</b>"},
	} {
		for _, text := range want {
			if !strings.Contains(widgets[i]+"|", text) {
				t.Errorf("widget %d reads\n%s\nand not %q", i+1, widgets[i], text)
			}
		}
	}

	for _, want := range []string{"An example", "2026-11-25 09:00:00 to 2026-11-25 12:00:00, UTC", `<section class="metric" style="left: 448px; top: 312px; width: 440px; height: 304px">`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}

	if found := regexp.MustCompile(`<script|<link|<img|src=|url\(|ZgotmplZ|NaN`).FindString(page); found != "" {
		t.Errorf("the page has %q", found)
	}
}

// paths returns what a page draws as lines and as dots.
func paths(page string) (lines, dots int) {
	return strings.Count(page, `fill="none" stroke=`), strings.Count(page, "<circle")
}

func TestALineIsInterruptedWhereDataIsMissing(t *testing.T) {
	t.Parallel()

	view := cloudwatchsim.View{Store: stored(1, 2, no, 3, no, 4, 5, 6), From: began, To: began.Add(2 * time.Hour)}

	page, _ := draw(t, parsed(t, graph(`["Test", "Values"]`, `,"period":60`)), view)
	if lines, dots := paths(page); lines != 2 || dots != 1 {
		t.Errorf("%d lines and %d dots, want 2 lines and the dot between them", lines, dots)
	}

	page, _ = draw(t, parsed(t, graph(`["Test", "Values", {"id": "m", "visible": false}], [{"expression": "FILL(m, REPEAT)"}]`, `,"period":60,"stacked":true`)), view)
	if lines, dots := paths(page); lines != 1 || dots != 0 || strings.Count(page, "fill-opacity") != 1 {
		t.Errorf("%d lines and %d dots of a filled, stacked line, want 1 line with its area", lines, dots)
	}
}

func TestLinesOfTheSameNameAreToldApart(t *testing.T) {
	t.Parallel()

	_, widgets := draw(t, parsed(t, graph(`["Test", "a", "Stack", "x", {"stat": "Sum"}], ["...", "y"], [{"expression": "METRICS()", "label": "all"}]`, "")),
		cloudwatchsim.View{Store: stored(), From: began, To: began.Add(time.Hour)})

	for _, want := range []string{"|a Sum Stack=x (no data)|", "|a Average Stack=y (no data)|", "|all 1 (no data)|", "|all 2 (no data)"} {
		if !strings.Contains(widgets[0], want) {
			t.Errorf("the legend is %s, want %q", widgets[0], want)
		}
	}
}

func TestTimesAreMarkedAsFarApartAsThereIsRoomFor(t *testing.T) {
	t.Parallel()

	for length, want := range map[time.Duration]string{
		time.Minute:           "|09:00:15|09:00:30|",
		time.Hour:             "|09:10|09:20|",
		24 * time.Hour:        "|12:00|15:00|",
		21 * 24 * time.Hour:   "|Nov 29|Dec 3|",
		4000 * 24 * time.Hour: "|Oct 27|Mar 22|",
	} {
		_, widgets := draw(t, parsed(t, graph(`["Test", "Values"]`, `,"period":86400`)), cloudwatchsim.View{Store: stored(1), From: began, To: began.Add(length)})
		if !strings.Contains(widgets[0], want) {
			t.Errorf("%v: %s, want %s", length, widgets[0], want)
		}
	}
}

func TestAViewWithoutStoreOrTimeIsRefused(t *testing.T) {
	t.Parallel()

	for _, view := range []cloudwatchsim.View{{From: began, To: began.Add(time.Hour)}, {Store: stored(), From: began, To: began}} {
		if err := example(t).Draw(&strings.Builder{}, view); err == nil || !strings.Contains(err.Error(), "a view has a store") {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestALogIsSearchedAsTheQuerySays(t *testing.T) {
	t.Parallel()

	const log = `{"timestamp":"2026-11-25T09:00:01Z","n":9,"text":"alpha","is":true,"inner":{"deep":1.5}}
{"timestamp":"2026-11-25T09:00:02Z","n":10,"text":"beta","is":false}
{"timestamp":"2026-11-25T09:00:03Z","n":-1,"text":"it's alpha"}
no JSON, a moment later
{"timestamp":"2026-11-25T11:00:00Z","n":4,"text":"after the time shown"}
{"n":5,"_aws":{"Timestamp":1795597205000}}`

	records, err := cloudwatchsim.ParseRecords(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}

	records[1].LogGroup = "elsewhere"
	view := cloudwatchsim.View{Store: stored(), From: began, To: began.Add(time.Hour), Records: records}

	for query, want := range map[string]string{
		"SOURCE 'here' | fields n, text":                                                    "n|text|5|-1|it's alpha|9|alpha",
		"SOURCE 'here' 'elsewhere' | fields n | sort n":                                     "n|-1|5|9|10",
		"SOURCE 'here' | SOURCE \"elsewhere\" | fields n as number | sort n desc | limit 2": "number|10|9",
		"SOURCE 'elsewhere' | display text, is | filter ispresent(is) | sort text":          "text|is|alpha|1|beta|0",
		"SOURCE 'elsewhere' | fields n | filter is = true":                                  "n|9",
		"SOURCE 'elsewhere' | fields n | filter is = 0":                                     "n|10",
		"SOURCE 'elsewhere' | fields n | filter n >= 9 and n != 10":                         "n|9",
		"SOURCE 'elsewhere' | fields n | filter n < 5 or text = \"beta\" | sort n":          "n|-1|10",
		"SOURCE 'here' | fields n | filter not (n <= 0 or n > 5)":                           "n|5",
		"SOURCE 'here' | fields n | filter text like 'alpha' | sort n":                      "n|-1|9",
		"SOURCE 'here' | fields n | filter text like /^alp.a$/":                             "n|9",
		"SOURCE 'here' | fields n | filter text not like /alpha/ and ispresent(n)":          "n|5",
		`SOURCE 'here' | fields n | filter text = 'it\'s alpha'`:                            "n|-1",
		"SOURCE 'here' | fields inner.deep, `inner` | filter inner.deep > 1":                `inner.deep|inner|1.5|{"deep":1.5}`,
		"SOURCE 'here' | fields @timestamp | filter @message like 'moment'":                 "@timestamp|2026-11-25 09:00:03.000",
		"SOURCE 'elsewhere' | fields @log | filter @log = 'elsewhere'":                      "@log|elsewhere",
		"SOURCE 'here' | fields n | filter n = 100":                                         "n|no data",
	} {
		_, widgets := draw(t, parsed(t, search(query)), view)
		got := strings.TrimPrefix(widgets[0], "What?|")

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}
