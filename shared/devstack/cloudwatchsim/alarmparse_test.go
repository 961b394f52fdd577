package cloudwatchsim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
)

// line is an element of Metrics.
func line(id, name string, period any) map[string]any {
	return map[string]any{
		"Id": id, "ReturnData": false,
		"MetricStat": map[string]any{
			"Metric": map[string]any{"Namespace": "Test", "MetricName": name}, "Period": period, "Stat": "Sum",
		},
	}
}

func expression(id, text string) map[string]any {
	return map[string]any{"Id": id, "Expression": text, "Label": "what it is"}
}

// ofMetrics are the properties of an alarm on several lines.
func ofMetrics(lines ...any) map[string]any {
	return map[string]any{
		"Metrics": lines, "Namespace": nil, "MetricName": nil, "Statistic": nil, "Period": nil, "Threshold": 0.5,
	}
}

func TestAnAlarmCalculates(t *testing.T) {
	t.Parallel()

	watched := alarm(t, ofMetrics(
		expression("rate", "failed / total"), // names what stands behind it
		line("failed", "Failed", 60), line("all", "All", "60"),
		map[string]any{"Id": "total", "Expression": "FILL(all, 1)", "ReturnData": "false"},
	))

	metric := func(name string) cloudwatchsim.Metric {
		return cloudwatchsim.Metric{Namespace: "Test", Name: name, Dimensions: map[string]string{}}
	}
	if diff := cmp.Diff([]cloudwatchsim.Metric{metric("All"), metric("Failed")}, watched.Metrics()); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}

	if watched.Period != time.Minute {
		t.Errorf("the period is %v", watched.Period)
	}

	var store cloudwatchsim.Store

	put(&store, "Failed", 0, 1)
	put(&store, "All", 0, 1, 1)
	put(&store, "Failed", time.Minute, 1)

	for after, want := range map[time.Duration]cloudwatchsim.State{time.Minute: cloudwatchsim.OK, 2 * time.Minute: cloudwatchsim.InAlarm} {
		if got := watched.Evaluate(&store, began.Add(after), cloudwatchsim.InsufficientData); got != want {
			t.Errorf("after %v: %s, want %s", after, got, want)
		}
	}
}

func TestAnAlarmIsReadAsTheTemplateHasIt(t *testing.T) {
	t.Parallel()

	got := alarm(t, map[string]any{
		"AlarmDescription": "what it means", "ActionsEnabled": "true", "AlarmActions": []any{"topic"}, "OKActions": []any{"topic", "other"},
		"EvaluationPeriods": "5", "DatapointsToAlarm": float64(3), "Threshold": "1.5", "Period": int64(300), "Tags": []any{},
		"Dimensions": []any{map[string]any{"Name": "Stack", "Value": "local"}}, "EvaluateLowSampleCountPercentile": "evaluate",
	})

	if got.Name != "alarm" || got.Description != "what it means" || !got.ActionsEnabled || len(got.Actions) != 1 || len(got.OKActions) != 2 ||
		got.EvaluationPeriods != 5 || got.DatapointsToAlarm != 3 || got.Threshold != 1.5 || got.Period != 5*time.Minute ||
		got.TreatMissingData != "missing" || got.Comparison != "GreaterThanThreshold" || len(got.InsufficientDataActions) != 0 {
		t.Errorf("read %+v", got)
	}

	want := []cloudwatchsim.Metric{{Namespace: "Test", Name: "Values", Dimensions: map[string]string{"Stack": "local"}}}
	if diff := cmp.Diff(want, got.Metrics()); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestAnAlarmThatCloudWatchWouldNotTakeIsRefusedByName(t *testing.T) {
	t.Parallel()

	dimension := map[string]any{"Name": "Stack", "Value": "local"}

	for want, replaced := range map[string]map[string]any{
		"the property TreatMissing is unknown":                {"TreatMissing": "breaching"},
		"Tresholds":                                           {"Tresholds": 1},
		"TreatMissingData is \"Breaching\", none of":          {"TreatMissingData": "Breaching"},
		"ComparisonOperator is missing":                       {"ComparisonOperator": nil},
		"ComparisonOperator is \">\", none of":                {"ComparisonOperator": ">"},
		"Threshold is missing":                                {"Threshold": nil},
		"Threshold is high, not a number":                     {"Threshold": "high"},
		"Threshold is NaN, not a number":                      {"Threshold": "NaN"},
		"EvaluationPeriods is 1.5, not a whole number":        {"EvaluationPeriods": 1.5},
		"EvaluationPeriods is 0, not a whole number":          {"EvaluationPeriods": 0},
		"DatapointsToAlarm is 2, more than":                   {"DatapointsToAlarm": 2},
		"a period of 90 seconds":                              {"Period": 90},
		"Period: a period of 0 seconds":                       {"Period": nil},
		"1441 periods of 1m0s are more than 24h0m0s":          {"EvaluationPeriods": 1441},
		"169 periods of 1h0m0s are more than 168h0m0s":        {"EvaluationPeriods": 169, "Period": 3600},
		"Namespace or MetricName is missing":                  {"MetricName": nil},
		"either Statistic or ExtendedStatistic":               {"ExtendedStatistic": "p99"},
		"percentiles belong into ExtendedStatistic":           {"Statistic": "p99"},
		"Statistic is missing":                                {"Statistic": nil},
		"the statistic \"p101\" is none of":                   {"Statistic": nil, "ExtendedStatistic": "p101"},
		"the statistic \"sum\" is none of":                    {"Statistic": "sum"},
		"\"Second\" is no unit":                               {"Unit": "Second"},
		"the property Valu is unknown":                        {"Dimensions": []any{map[string]any{"Name": "Stack", "Valu": "x"}}},
		"a dimension has a Name of its own and a Value":       {"Dimensions": []any{dimension, dimension}},
		"Dimensions is a map[string]interface {}, not a list": {"Dimensions": dimension},
		"AlarmActions: element 2 is a int, not a text":        {"AlarmActions": []any{"topic", 1}},
		"more than 5 actions for one state":                   {"OKActions": []any{"1", "2", "3", "4", "5", "6"}},
		"ActionsEnabled is yes, neither true nor false":       {"ActionsEnabled": "yes"},
		"AlarmName is not ASCII":                              {"AlarmName": "Prüfung"},
		"AlarmName is a int, not a text":                      {"AlarmName": 5},
		"AlarmDescription more than 1024":                     {"AlarmDescription": strings.Repeat("x", 1025)},
		"EvaluateLowSampleCountPercentile is \"ignore\"":      {"EvaluateLowSampleCountPercentile": "ignore"},
		"the property ThresholdMetricId is unknown":           {"ThresholdMetricId": "band"},
		"the property Namespace is unknown":                   {"Metrics": []any{expression("e", "1"), line("a", "A", 60)}},

		"Metrics has 0 elements":                       ofMetrics(),
		"no element of Metrics has ReturnData true":    ofMetrics(line("a", "A", 60)),
		"ReturnData is true (which it is unless":       ofMetrics(expression("e", "a"), expression("f", "a"), line("a", "A", 60)),
		"0 metrics in Metrics":                         ofMetrics(expression("e", "TIME_SERIES(1)")),
		"the id \"a\" is there twice":                  ofMetrics(expression("e", "a"), line("a", "A", 60), line("a", "B", 60)),
		"the id \"A\" is not a small letter":           ofMetrics(expression("e", "A"), line("A", "A", 60)),
		"the expression \"e\" names itself":            ofMetrics(expression("e", "f + a"), map[string]any{"Id": "f", "Expression": "e", "ReturnData": false}, line("a", "A", 60)),
		"the expression \"e\": \"b\" is the id of no":  ofMetrics(expression("e", "a + b"), line("a", "A", 60)),
		"periods of 5m0s and 1m0s":                     ofMetrics(expression("e", "a + b"), line("a", "A", 60), line("b", "B", 300)),
		"is an array of time series, an alarm watches": ofMetrics(expression("e", "[a, b]"), line("a", "A", 60), line("b", "B", 60)),
		"either MetricStat or Expression":              ofMetrics(expression("e", "a"), map[string]any{"Id": "x"}, line("a", "A", 60)),
		"element 2: MetricStat: Stat is missing":       ofMetrics(expression("e", "a"), map[string]any{"Id": "a", "ReturnData": false, "MetricStat": map[string]any{"Period": 60, "Metric": map[string]any{"Namespace": "Test", "MetricName": "A"}}}),
		"Metric is a <nil>, not an object":             ofMetrics(expression("e", "a"), map[string]any{"Id": "a", "MetricStat": map[string]any{}}),
		"element 1 is a string, not an object":         ofMetrics("a"),
	} {
		_, err := cloudwatchsim.ParseAlarm(properties(replaced))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "read the alarm ") {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

func TestAllProblemsOfAnAlarmAreTold(t *testing.T) {
	t.Parallel()

	_, err := cloudwatchsim.ParseAlarm(properties(map[string]any{"Threshold": nil, "Period": 7, "Tresh": 1}))
	for _, want := range []string{"Threshold is missing", "a period of 7 seconds", "the property Tresh is unknown"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q too", err, want)
		}
	}
}
