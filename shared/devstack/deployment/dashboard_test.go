package deployment_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/metrics"
	"genesys-cloud-export/shared/token"
)

// dashboard is the stack's.
func dashboard(t *testing.T, of *template.Stack) cloudwatchsim.Dashboard {
	t.Helper()

	all := of.OfType("AWS::CloudWatch::Dashboard")
	if len(all) != 1 {
		t.Fatalf("the template has %d dashboards, and these tests know one", len(all))
	}

	read, err := cloudwatchsim.ParseDashboard([]byte(text(t, all[0].Properties, "DashboardBody")))
	if err != nil {
		t.Fatal(err)
	}

	return read
}

func TestTheDashboardAsksSixQuestions(t *testing.T) {
	t.Parallel()

	titles := make(map[string]bool)

	for _, widget := range dashboard(t, deployed(t, "prod", nil)).Widgets {
		titles[widget.Title] = true

		if !regexp.MustCompile(`^(How|When|Are|What) [^?]+\?$`).MatchString(widget.Title) {
			t.Errorf("%q is no question", widget.Title)
		}
	}

	if len(titles) != 6 {
		t.Errorf("the dashboard has %d questions, want six: %v", len(titles), titles)
	}
}

func TestEveryWidgetIsOfTheStacksRegion(t *testing.T) {
	t.Parallel()

	for _, region := range []string{"eu-central-1", "us-gov-west-1"} {
		of := evaluated(t, template.Deployment{StackName: "prod", Region: region})

		var body any
		if err := json.Unmarshal([]byte(text(t, of.Resources["Dashboard"].Properties, "DashboardBody")), &body); err != nil {
			t.Fatal(err)
		}

		widgets, _ := within(body, "widgets").([]any)
		if len(widgets) == 0 {
			t.Error("there is no widget")
		}

		for _, widget := range widgets {
			if got := within(widget, "properties", "region"); got != region {
				t.Errorf("%q is of %q, want %s", within(widget, "properties", "title"), got, region)
			}
		}
	}
}

// wholeRun is a rotation and an export of several slices that meets the rate limit.
func wholeRun(t *testing.T) *scene {
	t.Helper()

	s := newScene(t, genesyssim.Config{Users: 300, Seed: 7, RateLimit: 4, RateWindow: 2 * time.Second}, briefly)

	if first := s.rotate(); !first.Rotated || first.Reason != token.ReasonMissing {
		t.Fatalf("the first run of the rotator: %+v", first)
	}

	reasons := make(map[string]bool)

	for range 20 {
		slice := s.run(stack.ExportUsers, `{"export_id":"whole","page_size":50}`)
		reasons[slice.Reason] = true

		if slice.Status == "complete" {
			break
		}

		wait(t, 500*time.Millisecond)
		s.pass(time.Minute)
	}

	if !reasons["rate_limited"] || !reasons["end"] && !reasons["end_after_full_page"] {
		t.Fatalf("the export was to meet the rate limit and to end: %v", reasons)
	}

	return s
}

// ours are the metrics of this project among some, as texts.
func ours(all []cloudwatchsim.Metric) []string {
	var found []string

	for _, metric := range all {
		if metric.Namespace == metrics.Namespace {
			found = append(found, metric.String())
		}
	}

	slices.Sort(found)

	return slices.Compact(found)
}

// unseen are the metrics that are on no widget and in no alarm, with the reason.
func unseen() map[string]string {
	return map[string]string{
		"GenesysCloudExport/TokenRotated{Stack=genesys-cloud-export}": "the widget of the rotator's log says when, and why besides",
	}
}

func TestDashboardAndAlarmsLookAtWhatTheBinariesEmitAndAtAllOfIt(t *testing.T) {
	t.Parallel()

	s := wholeRun(t)
	emitted := ours(s.cloudwatch.Metrics())

	var seen []string

	for name, all := range looks(t, running(t, nil)) {
		for _, metric := range ours(all) {
			seen = append(seen, metric)

			if !slices.Contains(emitted, metric) {
				t.Errorf("%s looks at %s, which no function emits", name, metric)
			}
		}
	}

	for _, metric := range emitted {
		if explained := unseen()[metric] != ""; slices.Contains(seen, metric) == explained {
			t.Errorf("%s is on a widget or in an alarm: %t; explained as unseen: %t", metric, !explained, explained)
		}
	}
}

// awsMetrics are the metrics of AWS's services that may be looked at, each with its dimension.
func awsMetrics() map[string]string {
	return map[string]string{
		// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
		"AWS/Lambda/Errors": "FunctionName",
		// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
		"AWS/States/ExecutionsStarted":   "StateMachineArn",
		"AWS/States/ExecutionsSucceeded": "StateMachineArn",
		"AWS/States/ExecutionsFailed":    "StateMachineArn",
		"AWS/States/ExecutionsTimedOut":  "StateMachineArn",
		"AWS/States/ExecutionsAborted":   "StateMachineArn",
		// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
		"AWS/SQS/NumberOfMessagesSent": "QueueName",
	}
}

func TestMetricsOfAWSsServicesAreThoseThatThereAreAndOfThisStack(t *testing.T) {
	t.Parallel()

	of := deployed(t, "prod", nil)
	met := make(map[string]bool)

	for name, all := range looks(t, of) {
		for _, metric := range all {
			if metric.Namespace == metrics.Namespace {
				continue
			}

			dimension, known := awsMetrics()[metric.Namespace+"/"+metric.Name]
			if value := metric.Dimensions[dimension]; !known || len(metric.Dimensions) != 1 || !strings.Contains(value, "prod-") {
				t.Errorf("%s looks at %s, want one of AWS's metrics with its one dimension, of a resource of this stack", name, metric)
			}

			met[metric.Namespace+"/"+metric.Name] = true
		}
	}

	if len(met) != len(awsMetrics()) {
		t.Errorf("of AWS's metrics %v are looked at, and %d are listed", met, len(awsMetrics()))
	}
}
