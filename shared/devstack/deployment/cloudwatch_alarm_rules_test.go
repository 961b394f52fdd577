package deployment_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func began() time.Time { return time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC) }

// parsed is an alarm on Test/Values, some of whose properties are replaced. A nil takes one away.
func parsed(replaced map[string]any) (Alarm, error) {
	all := map[string]any{
		"AlarmName": "alarm", "Namespace": "Test", "MetricName": "Values", "Statistic": "Maximum", "Period": 60,
		"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "EvaluationPeriods": 1, "TreatMissingData": "ignore",
	}
	maps.Copy(all, replaced)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })

	return ParseAlarm(all)
}

func alarm(t *testing.T, replaced map[string]any) Alarm {
	t.Helper()
	read, err := parsed(replaced)
	if err != nil {
		t.Fatal(err)
	}

	return read
}

// stored are samples of Test/Values, one a minute from began on, in the guide's notation: 0 does not breach, X does, and - is
// missing.
func stored(points string) *Store {
	var store Store
	for i, point := range strings.Fields(points) {
		if point != "-" {
			put(&store, time.Duration(i)*time.Minute, map[string]float64{"0": 0, "X": 2}[point])
		}
	}

	return &store
}

func put(store *Store, after time.Duration, values ...float64) {
	for _, value := range values {
		store.Put(Sample{Metric: Metric{Namespace: "Test", Name: "Values"}, At: began().Add(after), Value: value})
	}
}

// after is the state that a new alarm is in at a time.
func after(a Alarm, store *Store, d time.Duration) State {
	for _, change := range a.Watch(store, began().Add(d), began().Add(d)) {
		return change.State
	}

	return InsufficientData
}

// The tables are those of the user guide, "How alarm state is evaluated when data is missing". The rows with the single X
// in the last place follow from the text under them, and are in earlier editions of the guide.
func TestMissingDataIsTreatedAsInTheUserGuide(t *testing.T) {
	t.Parallel()
	const (
		ok       = OK
		inAlarm  = InAlarm
		retained = InsufficientData // the state before, which is a new alarm's
	)
	for _, row := range []struct {
		datapointsToAlarm               int
		data                            string
		ignore, breaching, notBreaching State
	}{
		{3, "0 - X - X", ok, ok, ok},
		{3, "0 - - - -", ok, ok, ok},
		{3, "- - - - -", retained, inAlarm, ok},
		{3, "0 X X - X", inAlarm, inAlarm, inAlarm},
		{3, "- - X - -", retained, inAlarm, ok},
		{3, "- - - - X", retained, inAlarm, ok},
		{3, "- - - X -", retained, inAlarm, ok},
		{2, "0 - X - X", inAlarm, inAlarm, inAlarm},
		{2, "0 0 X 0 X", inAlarm, inAlarm, inAlarm},
		{2, "0 - X - -", ok, inAlarm, ok},
		{2, "- - - - 0", ok, inAlarm, ok},
		{2, "- - - X -", retained, inAlarm, ok},
		{2, "- - - - X", retained, inAlarm, ok},
	} {
		for treat, want := range map[string]State{
			"ignore": row.ignore, "breaching": row.breaching, "notBreaching": row.notBreaching,
		} {
			judged := alarm(t, map[string]any{"EvaluationPeriods": "3", "DatapointsToAlarm": row.datapointsToAlarm, "TreatMissingData": treat})
			if got := after(judged, stored(row.data), 5*time.Minute); got != want {
				t.Errorf("%d of 3 at %s, missing data %s: %s, want %s", row.datapointsToAlarm, row.data, treat, got, want)
			}
		}
	}
}

func TestAnAlarmComparesItsStatisticOfAPeriod(t *testing.T) {
	t.Parallel()
	var store Store
	put(&store, 59*time.Second, 4, 1, 3, 2)
	put(&store, -time.Second, 100)
	put(&store, time.Minute, 100) // both belong to other periods
	for statistic, value := range map[string]float64{"Sum": 10, "Minimum": 1, "Maximum": 4, "SampleCount": 4} {
		for operator, want := range map[string][]State{ // of a threshold below the value, equal to it and above it
			"GreaterThanThreshold":          {InAlarm, OK, OK},
			"GreaterThanOrEqualToThreshold": {InAlarm, InAlarm, OK},
			"LessThanThreshold":             {OK, OK, InAlarm},
		} {
			for i, threshold := range []float64{value - 0.5, value, value + 0.5} {
				compared := alarm(t, map[string]any{"Statistic": statistic, "ComparisonOperator": operator, "Threshold": threshold})
				if got := after(compared, &store, time.Minute); got != want[i] {
					t.Errorf("%s %s %v: %s, want %s", statistic, operator, threshold, got, want[i])
				}
			}
		}
	}
}

// An alarm's states are written as the time and the state that it went into.
func TestAnAlarmIsWatchedThroughItsStates(t *testing.T) {
	t.Parallel()
	sum := map[string]any{"Statistic": "Sum", "Period": 300, "Threshold": 3, "TreatMissingData": "notBreaching"}
	for name, test := range map[string]struct {
		replaced map[string]any
		points   string
		from     time.Duration
		want     []string
	}{
		"two of three, and then nothing, which retains the state": {
			map[string]any{"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, "0 0 X 0 X X X 0 0 - - - - - -", 0, []string{"1m0s OK", "5m0s ALARM", "9m0s OK"},
		},
		"an alarm is retained": {nil, "X", 0, []string{"1m0s ALARM"}},
		// Both are among the last five minutes from the end of the second one to that of the fifth.
		"longer periods overlap": {sum, "X X 0 0 0 0 0 0 0 0", 0, []string{"0s OK", "2m0s ALARM", "6m0s OK"}},
		// The guide says so in the note under the rules, which asks for short periods.
		"the last datapoint is judged again while the evaluation range has it": {
			map[string]any{"TreatMissingData": "notBreaching"}, "X", 0, []string{"0s OK", "1m0s ALARM", "4m0s OK"},
		},
		"and longer periods that overlap ring again": {
			sum, "X - - X", 0, []string{"0s OK", "4m0s ALARM", "6m0s OK", "9m0s ALARM", "11m0s OK", "14m0s ALARM", "16m0s OK"},
		},
		"the minute that is not over does not count": {
			map[string]any{"TreatMissingData": "notBreaching"}, "X", 59 * time.Second, []string{"59s OK", "1m59s ALARM", "4m59s OK"},
		},
		"other dimensions do not count": {map[string]any{"Dimensions": []any{map[string]any{"Name": "Stack", "Value": "local"}}}, "X", 0, nil},
		"another namespace does not":    {map[string]any{"Namespace": "Tests"}, "X", 0, nil},
		"another name does not":         {map[string]any{"MetricName": "Value"}, "X", 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, change := range alarm(t, test.replaced).Watch(stored(test.points), began().Add(test.from), began().Add(20*time.Minute)) {
				got = append(got, fmt.Sprint(change.At.Sub(began()), " ", change.State))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

// Whether an alarm is well-formed cfn-lint says. What it takes and is not imitated here must not be passed over.
func TestAnAlarmThatIsNotImitatedIsRefusedByName(t *testing.T) {
	t.Parallel()
	for want, replaced := range map[string]map[string]any{
		`unknown object member name "Metrics"`:           {"Metrics": []any{}},
		`unknown object member name "ExtendedStatistic"`: {"ExtendedStatistic": "p99"},
		`unknown object member name "Unit"`:              {"Unit": "Count"},
		`the statistic "Average" is not known`:           {"Statistic": "Average"},
		`the statistic "" is not known`:                  {"Statistic": nil},
		`the comparison "GreaterThanUpperThreshold"`:     {"ComparisonOperator": "GreaterThanUpperThreshold"},
		`the treatment of missing data "missing"`:        {"TreatMissingData": "missing"},
		`the treatment of missing data ""`:               {"TreatMissingData": nil},
		"a period of 30 seconds is not whole minutes":    {"Period": 30},
		"a period of 0 seconds is not whole minutes":     {"Period": nil},
		`parsing "<nil>": invalid syntax`:                {"EvaluationPeriods": nil},
		"unmarshal JSON string into Go float64":          {"Threshold": "high"},
	} {
		_, err := parsed(replaced)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "read the alarm alarm: ") {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}
