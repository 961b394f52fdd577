package cloudwatchsim_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
)

var began = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a time is no constant

// properties are those of an alarm on Test/Values, some of them replaced. A nil takes one away.
func properties(replaced map[string]any) map[string]any {
	all := map[string]any{
		"AlarmName": "alarm", "Namespace": "Test", "MetricName": "Values", "Statistic": "Maximum", "Period": 60,
		"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "EvaluationPeriods": 1,
	}
	maps.Copy(all, replaced)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })

	return all
}

func alarm(t *testing.T, replaced map[string]any) cloudwatchsim.Alarm {
	t.Helper()

	read, err := cloudwatchsim.ParseAlarm(properties(replaced))
	if err != nil {
		t.Fatal(err)
	}

	return read
}

// stored are samples of Test/Values, one a minute from began on, in the guide's notation: 0 does not breach, X does, and - is
// missing.
func stored(points string) *cloudwatchsim.Store {
	var store cloudwatchsim.Store

	for i, point := range strings.Fields(points) {
		if point != "-" {
			put(&store, time.Duration(i)*time.Minute, map[string]float64{"0": 0, "X": 2}[point])
		}
	}

	return &store
}

func put(store *cloudwatchsim.Store, after time.Duration, values ...float64) {
	for _, value := range values {
		store.Put(cloudwatchsim.Sample{Metric: cloudwatchsim.Metric{Namespace: "Test", Name: "Values"}, At: began.Add(after), Value: value})
	}
}

// retained stands for the state before.
const retained cloudwatchsim.State = "retain"

// The tables are those of the user guide, "How alarm state is evaluated when data is missing". The rows with the single X
// in the last place are told by the text under them, and stand in earlier editions of the guide.
func TestMissingDataIsTreatedAsInTheUserGuide(t *testing.T) {
	t.Parallel()

	const (
		ok           = cloudwatchsim.OK
		inAlarm      = cloudwatchsim.InAlarm
		insufficient = cloudwatchsim.InsufficientData
	)

	for _, row := range []struct {
		datapointsToAlarm                        int
		data                                     string
		missing, ignore, breaching, notBreaching cloudwatchsim.State
	}{
		{3, "0 - X - X", ok, ok, ok, ok},
		{3, "0 - - - -", ok, ok, ok, ok},
		{3, "- - - - -", insufficient, retained, inAlarm, ok},
		{3, "0 X X - X", inAlarm, inAlarm, inAlarm, inAlarm},
		{3, "- - X - -", inAlarm, retained, inAlarm, ok},
		{3, "- - - - X", insufficient, retained, inAlarm, ok},
		{3, "- - - X -", insufficient, retained, inAlarm, ok},
		{2, "0 - X - X", inAlarm, inAlarm, inAlarm, inAlarm},
		{2, "0 0 X 0 X", inAlarm, inAlarm, inAlarm, inAlarm},
		{2, "0 - X - -", ok, ok, inAlarm, ok},
		{2, "- - - - 0", ok, ok, inAlarm, ok},
		{2, "- - - X -", inAlarm, retained, inAlarm, ok},
		{2, "- - - - X", insufficient, retained, inAlarm, ok},
	} {
		for treat, want := range map[string]cloudwatchsim.State{
			"missing": row.missing, "ignore": row.ignore, "breaching": row.breaching, "notBreaching": row.notBreaching,
		} {
			judged := alarm(t, map[string]any{"EvaluationPeriods": 3, "DatapointsToAlarm": row.datapointsToAlarm, "TreatMissingData": treat})

			for _, before := range []cloudwatchsim.State{ok, inAlarm, insufficient} {
				want := want
				if want == retained {
					want = before
				}

				if got := judged.Evaluate(stored(row.data), began.Add(5*time.Minute), before); got != want {
					t.Errorf("%d of 3 at %s, missing data %s, after %s: %s, want %s", row.datapointsToAlarm, row.data, treat, before, got, want)
				}
			}
		}
	}
}

func TestAnAlarmComparesItsStatisticOfAPeriod(t *testing.T) {
	t.Parallel()

	var store cloudwatchsim.Store

	put(&store, 59*time.Second, 4, 1, 3, 2)
	put(&store, -time.Second, 100)
	put(&store, time.Minute, 100) // both belong to other periods

	for statistic, value := range map[string]float64{"Sum": 10, "Minimum": 1, "Maximum": 4, "SampleCount": 4} {
		for operator, want := range map[string][]cloudwatchsim.State{ // of a threshold below the value, equal to it and above it
			"GreaterThanThreshold":          {cloudwatchsim.InAlarm, cloudwatchsim.OK, cloudwatchsim.OK},
			"GreaterThanOrEqualToThreshold": {cloudwatchsim.InAlarm, cloudwatchsim.InAlarm, cloudwatchsim.OK},
			"LessThanThreshold":             {cloudwatchsim.OK, cloudwatchsim.OK, cloudwatchsim.InAlarm},
			"LessThanOrEqualToThreshold":    {cloudwatchsim.OK, cloudwatchsim.InAlarm, cloudwatchsim.InAlarm},
		} {
			for i, threshold := range []float64{value - 0.5, value, value + 0.5} {
				compared := alarm(t, map[string]any{"Statistic": statistic, "ComparisonOperator": operator, "Threshold": threshold})
				if got := compared.Evaluate(&store, began.Add(time.Minute), cloudwatchsim.InsufficientData); got != want[i] {
					t.Errorf("%s %s %v: %s, want %s", statistic, operator, threshold, got, want[i])
				}
			}
		}
	}
}

func TestSamplesOfAnotherMetricDoNotCount(t *testing.T) {
	t.Parallel()

	for name, replaced := range map[string]map[string]any{
		"dimensions": {"Dimensions": []any{map[string]any{"Name": "Stack", "Value": "local"}}},
		"namespace":  {"Namespace": "Tests"},
		"name":       {"MetricName": "Value"},
	} {
		if got := alarm(t, replaced).Evaluate(stored("X"), began.Add(time.Minute), cloudwatchsim.OK); got != cloudwatchsim.InsufficientData {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// An alarm's states are written as the minute and the state that it went into.
func TestAnAlarmIsWatchedThroughItsStates(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		replaced map[string]any
		points   string
		want     []string
	}{
		"two of three, and then nothing": {
			map[string]any{"EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "missing"},
			"0 0 X 0 X X X 0 0 - - - - - -",
			[]string{"1 OK", "5 ALARM", "9 OK", "14 INSUFFICIENT_DATA"},
		},
		// Both are among the last five minutes from the end of the second one to that of the fifth.
		"longer periods overlap": {
			map[string]any{"Statistic": "Sum", "Period": 300, "Threshold": 3, "TreatMissingData": "notBreaching"},
			"X X 0 0 0 0 0 0 0 0",
			[]string{"0 OK", "2 ALARM", "6 OK"},
		},
		// The guide tells of it in the note under the rules, which asks for short periods.
		"the last datapoint is judged again while the evaluation range has it": {
			map[string]any{"TreatMissingData": "notBreaching"}, "X", []string{"0 OK", "1 ALARM", "4 OK"},
		},
		"and longer periods that overlap ring again": {
			map[string]any{"Statistic": "Sum", "Period": 300, "Threshold": 3, "TreatMissingData": "notBreaching"},
			"X - - X",
			[]string{"0 OK", "4 ALARM", "6 OK", "9 ALARM", "11 OK", "14 ALARM", "16 OK"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var got []string
			for _, change := range alarm(t, test.replaced).Watch(stored(test.points), began, began.Add(20*time.Minute)) {
				got = append(got, fmt.Sprintf("%d %s", change.At.Sub(began)/time.Minute, change.State))
			}

			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheMinuteThatIsNotOverDoesNotCount(t *testing.T) {
	t.Parallel()

	watched := alarm(t, map[string]any{"TreatMissingData": "notBreaching"})

	for after, want := range map[time.Duration]cloudwatchsim.State{59 * time.Second: cloudwatchsim.OK, time.Minute: cloudwatchsim.InAlarm} {
		if got := watched.Evaluate(stored("X"), began.Add(after), cloudwatchsim.OK); got != want {
			t.Errorf("after %v: %s, want %s", after, got, want)
		}
	}
}

// Whether an alarm is well-formed cfn-lint says. What it takes and is not imitated here must not be passed over.
func TestAnAlarmThatIsNotImitatedIsRefusedByName(t *testing.T) {
	t.Parallel()

	for want, replaced := range map[string]map[string]any{
		`unknown field "Metrics"`:                      {"Metrics": []any{}},
		`unknown field "ExtendedStatistic"`:            {"ExtendedStatistic": "p99"},
		`unknown field "Unit"`:                         {"Unit": "Count"},
		`the statistic "Average" is not known`:         {"Statistic": "Average"},
		`the statistic "" is not known`:                {"Statistic": nil},
		`the comparison "GreaterThanUpperThreshold"`:   {"ComparisonOperator": "GreaterThanUpperThreshold"},
		`the treatment of missing data "Breaching"`:    {"TreatMissingData": "Breaching"},
		"a period of 30 seconds is not whole minutes":  {"Period": 30},
		"a period of 0 seconds is not whole minutes":   {"Period": nil},
		"2 of 1 datapoints cannot breach":              {"DatapointsToAlarm": 2},
		"0 of 0 datapoints cannot breach":              {"EvaluationPeriods": nil},
		"no metric is named":                           {"MetricName": nil},
		"cannot unmarshal string into Go struct field": {"Threshold": "high"},
		"unsupported type: func()":                     {"Threshold": func() {}},
	} {
		_, err := cloudwatchsim.ParseAlarm(properties(replaced))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "read the alarm alarm: ") {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}
