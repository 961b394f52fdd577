package deployment_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/metrics"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"
)

// widget is one of the dashboard's, in as much of CloudWatch's syntax as it uses:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title, View, Region, Stat, Query string
		Period                           int
		YAxis                            map[string]any
		Metrics                          [][]any
	}
}

// widgets are the dashboard's, each of a form that CloudWatch takes.
func widgets(t *testing.T, of *template.Stack) []widget {
	t.Helper()

	const columns = 24

	strict := json.NewDecoder(strings.NewReader(text(t, ofType(t, of, "AWS::CloudWatch::Dashboard")[0].Properties, "DashboardBody")))
	strict.DisallowUnknownFields()

	var body struct {
		Start, PeriodOverride string
		Widgets               []widget
	}
	if err := strict.Decode(&body); err != nil || len(body.Widgets) == 0 {
		t.Fatalf("a dashboard of %d widgets: %v", len(body.Widgets), err)
	}

	for _, w := range body.Widgets {
		kind := "metric"
		if w.Properties.Query != "" {
			kind = "log"
		}

		if w.Type != kind || (len(w.Properties.Metrics) > 0) != (kind == "metric") || w.Width < 1 || w.Height < 1 || w.X+w.Width > columns {
			t.Errorf("%q is of the wrong type, or not on the dashboard: %+v", w.Properties.Title, w)
		}
	}

	return body.Widgets
}

// search is a line of metrics that are found by their dimensions, of every listing or function.
var search = regexp.MustCompile(`^SEARCH\('\{([^,}]+),([^}]+)\} (\w+)="([^"]+)" MetricName="(\w+)"', '\w+', 300\)$`)

// metrics are those of a widget, each of one dimension; of those that are searched for by listing, that of users. A point repeats
// what stands in the same place of the line before; an object at the end says how the line is drawn.
func (w widget) metrics(t *testing.T) []Metric {
	t.Helper()

	var found []Metric

	before := make([]string, 4)

	for _, line := range w.Properties.Metrics {
		if expression, is := within(line[0], "expression").(string); is {
			parts := search.FindStringSubmatch(expression)
			if parts == nil {
				t.Fatalf("%s is no search of the known form", expression)
			}

			metric := Metric{Namespace: parts[1], Name: parts[5], Dimensions: map[string]string{parts[3]: parts[4]}}
			if parts[2] == "Stack,Listing" {
				metric.Dimensions["Listing"] = "users"
			}

			found = append(found, metric)

			continue
		}

		for i := range before {
			if word, is := line[min(i, len(line)-1)].(string); !is || word == "" {
				t.Fatalf("%s: %v is no namespace, metric and dimension", w.Properties.Title, line)
			} else if word != "." {
				before[i] = word
			}
		}

		found = append(found, Metric{Namespace: before[0], Name: before[1], Dimensions: map[string]string{before[2]: before[3]}})
	}

	return found
}

// wholeRun is a rotation and an export of several invocations that meets the rate limit.
func wholeRun(t *testing.T) *scene {
	t.Helper()

	s := newScene(t, genesyssim.Config{Users: 300, Seed: 7, RateLimit: 4, RateWindow: 2 * time.Second}, briefly)
	s.rotations(1, "")

	reasons := make(map[string]bool)

	for range 20 {
		answer := s.run(stack.ExportUsers, `{"export_id":"whole","page_size":50}`)
		reasons[answer.Reason] = true

		if answer.Status == "complete" {
			break
		}

		if err := retry.Sleep(t.Context(), 500*time.Millisecond); err != nil {
			t.Fatal(err)
		}

		s.pass(time.Minute)
	}

	if !reasons["rate_limited"] || !reasons["end"] && !reasons["end_after_full_page"] {
		t.Fatalf("the export was to meet the rate limit and to end: %v", reasons)
	}

	return s
}

// contract are the metrics that the functions emit: those that have the dimension Stack, and those that have it by listing too.
func contract() (all []string) {
	for dimensions, names := range map[string]string{
		"Stack=": `ClockSkew ExportsCompleted InvocationsBusy InvocationsContinued InvocationsWithoutProgress ListingsDrifted PagesFetched
			PartsWritten RecordsExported RequestsRetried RequestsThrottled TokenBuffer TokenMargin TokenMintFailed TokenProbeRejected
			TokenRemaining TokenRotated WaitHandedOver`,
		"Listing=users,Stack=": "ExportsCompleted InvocationsWithoutProgress RecordsExported RequestsThrottled",
	} {
		for name := range strings.FieldsSeq(names) {
			all = append(all, metrics.Namespace+"/"+name+"{"+dimensions+stack.Name+"}")
		}
	}

	slices.Sort(all)

	return all
}

func TestTheBinariesEmitTheMetricsThatDashboardAndAlarmsLookAt(t *testing.T) {
	t.Parallel()

	s := wholeRun(t)
	s.pass(2 * time.Hour)

	// An export that meets its limit and learns it rings neither.
	s.wantStates("exporter-throttled", 0, "0 OK")
	s.wantStates("export-stalled", 0, "0 OK")

	var emitted []string
	for _, metric := range s.cloudwatch.Metrics() {
		if metric.Namespace == metrics.Namespace {
			emitted = append(emitted, metric.String())
		}
	}

	if diff := cmp.Diff(contract(), emitted); diff != "" {
		t.Errorf("metrics (-want +emitted):\n%s", diff)
	}

	seen := make(map[string]bool)

	for name, all := range looks(t, running(t, everything())) {
		for _, metric := range all {
			seen[metric.Name] = true

			if metric.Namespace == metrics.Namespace && !slices.Contains(emitted, metric.String()) {
				t.Errorf("%s looks at %s, which no function emits", name, metric)
			}
		}
	}

	for _, metric := range s.cloudwatch.Metrics() {
		// The widget of the rotator's log says when it was, and why besides.
		if !seen[metric.Name] && metric.Name != "TokenRotated" {
			t.Errorf("%s is on no widget and in no alarm", metric)
		}
	}
}

func TestMetricsOfAWSsServicesAreThoseThatThereAreAndOfThisStack(t *testing.T) {
	t.Parallel()

	dimensions := map[string]string{
		"AWS/Lambda": "FunctionName",    // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
		"AWS/States": "StateMachineArn", // https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
		"AWS/SQS":    "QueueName",       // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
	}
	known := regexp.MustCompile(`^AWS/(Lambda/Errors|States/Executions(Started|Succeeded|Failed|TimedOut|Aborted)|SQS/ApproximateNumberOfMessagesVisible)$`)

	for name, all := range looks(t, deployed(t, "prod", nil)) {
		for _, metric := range all {
			if metric.Namespace == metrics.Namespace {
				continue
			}

			value := metric.Dimensions[dimensions[metric.Namespace]]
			if !known.MatchString(metric.Namespace+"/"+metric.Name) || len(metric.Dimensions) != 1 || !strings.Contains(value, "prod-") {
				t.Errorf("%s looks at %s, want one of AWS's metrics with its one dimension, of a resource of this stack", name, metric)
			}
		}
	}
}

// logQuery is the form of the dashboard's queries. Logs Insights takes true for 1.
var logQuery = regexp.MustCompile(`^SOURCE '([^']+)' \| fields @timestamp, ([a-z_, ]+) \| filter rotated = 1 \| sort @timestamp desc \| limit \d+$`)

func TestTheLogWidgetAsksForTheRotationsByFieldsThatTheRotatorWrites(t *testing.T) {
	t.Parallel()

	s := newScene(t, genesyssim.Config{Users: 1})
	for _, event := range []string{"{}", "{}", `{"force":true}`, "{}"} {
		s.run(stack.Rotator, event)
	}

	of := running(t, nil)
	all := widgets(t, of)
	log := all[slices.IndexFunc(all, func(w widget) bool { return w.Type == "log" })]

	query := logQuery.FindStringSubmatch(log.Properties.Query)
	if query == nil || query[1] != text(t, of.Resources["RotatorLogs"].Properties, "LogGroupName") {
		t.Fatalf("the query %q is not of the known form, or not of the rotator's log", log.Properties.Query)
	}

	written, err := os.ReadFile(s.log.Name())
	if err != nil {
		t.Fatal(err)
	}

	var got []any

	for line := range strings.Lines(string(written)) {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) != nil || record["rotated"] != true {
			continue
		}

		got = append(got, record["reason"])

		for field := range strings.SplitSeq(query[2], ", ") {
			if record[field] == nil || record[field] == "" {
				t.Errorf("a rotation was logged without %s: %s", field, line)
			}
		}
	}

	if diff := cmp.Diff([]any{token.ReasonMissing, token.ReasonForced}, got); diff != "" {
		t.Errorf("reasons in the log widget (-rotations +got):\n%s", diff)
	}
}
