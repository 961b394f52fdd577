package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const dashboardTemplate = `AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  GenesysEnvironment:
    Type: String
Resources:
  TokenShort:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: GenesysCloudExport
      MetricName: TokenRemaining
      Dimensions: [{Name: Stack, Value: !Ref AWS::StackName}]
      Statistic: Minimum
      Period: 60
      EvaluationPeriods: 1
      ComparisonOperator: LessThanThreshold
      Threshold: 150
      TreatMissingData: ignore
  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardBody: !Sub |
        {"widgets": [
          {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
            "title": "How long is the token still good?", "region": "${AWS::Region}", "period": 60, "stat": "Minimum",
            "metrics": [["GenesysCloudExport", "TokenRemaining", "Stack", "${AWS::StackName}", {"label": "remaining"}]]}},
          {"type": "log", "x": 12, "y": 0, "width": 12, "height": 6, "properties": {
            "title": "When was it rotated?", "region": "${AWS::Region}", "view": "table",
            "query": "SOURCE '/aws/lambda/${AWS::StackName}-rotator' | fields @timestamp, reason | filter rotated = 1"}},
          {"type": "alarm", "x": 0, "y": 6, "width": 12, "height": 3, "properties": {
            "title": "Is anything wrong?", "alarms": ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:TokenShort"]}}
        ]}
`

const rotatorLog = `{"Stack":"local","TokenRemaining":100,"_aws":{"Timestamp":1795641818048,"CloudWatchMetrics":[{"Namespace":"GenesysCloudExport","Dimensions":[["Stack"]],"Metrics":[{"Name":"TokenRemaining","Unit":"Seconds"}]}]}}
{"timestamp":"2026-11-25T21:23:38.048198268Z","level":"INFO","message":"token checked","rotated":true,"reason":"missing"}
`

func TestTheDashboardOfATemplateIsDrawnFromTheLogOfARun(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	template, log, broken, empty := filepath.Join(folder, "template.yaml"), filepath.Join(folder, "log"), filepath.Join(folder, "broken"), filepath.Join(folder, "empty")
	page := filepath.Join(folder, "new", "page.html")

	for name, content := range map[string]string{template: dashboardTemplate, log: rotatorLog, broken: `{"_aws":1}`, empty: ""} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	output, err := exec.CommandContext(t.Context(), binary, "dashboard", "-template", template, "-out", page, log).CombinedOutput()
	if err != nil || string(output) != "dashboard  "+page+"\n" {
		t.Fatalf("%v: %s", err, output)
	}

	drawn, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}

	for _, want := range []string{
		"Dashboard of the stack local", "2026-11-25 20:54:00 to 2026-11-25 21:24:00, UTC", "How long is the token still good?", "<circle", ">remaining</li>",
		"<td>2026-11-25 21:23:38.048</td><td>missing</td>", `<span class="state ALARM">ALARM</span>`,
	} {
		if !strings.Contains(string(drawn), want) {
			t.Errorf("the page does not have %q", want)
		}
	}

	for want, arguments := range map[string][]string{
		"say which logs":                           nil,
		"read the template":                        {"-template", filepath.Join(folder, "none"), log},
		"open " + filepath.Join(folder, "missing"): {"-template", template, filepath.Join(folder, "missing")},
		"line 1 of the log":                        {"-template", template, broken},
		"no metrics of a stack":                    {"-template", template, empty},
		"make the dashboard's folder":              {"-template", template, "-out", filepath.Join(log, "page.html"), log},
		`are of ["local"]; say which`:              {"-template", template, "-stack", "other", log},
	} {
		output, err := exec.CommandContext(t.Context(), binary, append([]string{"dashboard"}, arguments...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(output), want) {
			t.Errorf("%v: %v, %s, want %q", arguments, err, output, want)
		}
	}
}
