package cloudwatchsim_test

import (
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/cloudwatchsim"
)

var began = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a time is no constant

// properties are those of an alarm on one metric, some of them replaced. A nil takes one away.
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

// stored are samples of Test/Values, one a minute from began on where a point is there.
func stored(points ...float64) *cloudwatchsim.Store {
	var store cloudwatchsim.Store

	for i, point := range points {
		if !math.IsNaN(point) {
			put(&store, "Values", time.Duration(i)*time.Minute, point)
		}
	}

	return &store
}

func put(store *cloudwatchsim.Store, name string, after time.Duration, values ...float64) {
	for _, value := range values {
		store.Put(cloudwatchsim.Sample{
			Metric: cloudwatchsim.Metric{Namespace: "Test", Name: name}, Unit: "Count", At: began.Add(after), Value: value,
		})
	}
}

// drawn reads the guide's notation: 0 does not breach, X does, and - is missing.
func drawn(text string) []float64 {
	var points []float64

	for word := range strings.FieldsSeq(text) {
		points = append(points, map[string]float64{"0": 0, "X": 2, "-": no}[word])
	}

	return points
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

				if got := judged.Evaluate(stored(drawn(row.data)...), began.Add(5*time.Minute), before); got != want {
					t.Errorf("%d of 3 at %s, missing data %s, after %s: %s, want %s", row.datapointsToAlarm, row.data, treat, before, got, want)
				}
			}
		}
	}
}

func TestAnAlarmComparesByItsOperator(t *testing.T) {
	t.Parallel()

	for operator, want := range map[string][]cloudwatchsim.State{
		"GreaterThanThreshold":          {cloudwatchsim.OK, cloudwatchsim.OK, cloudwatchsim.InAlarm},
		"GreaterThanOrEqualToThreshold": {cloudwatchsim.OK, cloudwatchsim.InAlarm, cloudwatchsim.InAlarm},
		"LessThanThreshold":             {cloudwatchsim.InAlarm, cloudwatchsim.OK, cloudwatchsim.OK},
		"LessThanOrEqualToThreshold":    {cloudwatchsim.InAlarm, cloudwatchsim.InAlarm, cloudwatchsim.OK},
	} {
		compared := alarm(t, map[string]any{"ComparisonOperator": operator})

		for i, value := range []float64{0.9, 1, 1.1} {
			if got := compared.Evaluate(stored(value), began.Add(time.Minute), cloudwatchsim.InsufficientData); got != want[i] {
				t.Errorf("%v %s 1: %s, want %s", value, operator, got, want[i])
			}
		}
	}
}

func TestAnAlarmLooksAtItsStatistic(t *testing.T) {
	t.Parallel()

	var store cloudwatchsim.Store

	put(&store, "Values", 59*time.Second, 4, 1, 3, 2)
	put(&store, "Values", -time.Second, 100)
	put(&store, "Values", time.Minute, 100) // both belong to other periods

	for _, test := range []struct {
		property, name string
		want           float64
	}{
		{"Statistic", "Average", 2.5},
		{"Statistic", "Sum", 10},
		{"Statistic", "Minimum", 1},
		{"Statistic", "Maximum", 4},
		{"Statistic", "SampleCount", 4},
		{"ExtendedStatistic", "p50", 2.5},
		{"ExtendedStatistic", "p90", 3.7},
		{"ExtendedStatistic", "p0", 1},
		{"ExtendedStatistic", "p100", 4},
	} {
		for operator, want := range map[string]cloudwatchsim.State{
			"GreaterThanOrEqualToThreshold": cloudwatchsim.InAlarm, "GreaterThanThreshold": cloudwatchsim.OK,
		} {
			watching := alarm(t, map[string]any{
				"Statistic": nil, test.property: test.name, "ComparisonOperator": operator, "Threshold": test.want,
			})
			if got := watching.Evaluate(&store, began.Add(time.Minute), cloudwatchsim.InsufficientData); got != want {
				t.Errorf("%s is not %v: %s is %s, want %s", test.name, test.want, operator, got, want)
			}
		}
	}
}

func TestSamplesOfAnotherUnitOrWithOtherDimensionsDoNotCount(t *testing.T) {
	t.Parallel()

	for name, replaced := range map[string]map[string]any{
		"unit":       {"Unit": "Seconds"},
		"dimensions": {"Dimensions": []any{map[string]any{"Name": "Stack", "Value": "local"}}},
		"namespace":  {"Namespace": "Tests"},
	} {
		if got := alarm(t, replaced).Evaluate(stored(5), began.Add(time.Minute), cloudwatchsim.OK); got != cloudwatchsim.InsufficientData {
			t.Errorf("%s: %s", name, got)
		}
	}

	if got := alarm(t, map[string]any{"Unit": "Count"}).Evaluate(stored(5), began.Add(time.Minute), cloudwatchsim.OK); got != cloudwatchsim.InAlarm {
		t.Errorf("the samples' own unit: %s", got)
	}
}

func TestAnAlarmIsWatchedThroughItsStates(t *testing.T) {
	t.Parallel()

	watched := alarm(t, map[string]any{"EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "missing"})
	store := stored(drawn("0 0 X 0 X X X 0 0 - - - - - -")...)

	want := []cloudwatchsim.Change{
		{At: began.Add(time.Minute), State: cloudwatchsim.OK},
		{At: began.Add(5 * time.Minute), State: cloudwatchsim.InAlarm},
		{At: began.Add(9 * time.Minute), State: cloudwatchsim.OK},
		{At: began.Add(14 * time.Minute), State: cloudwatchsim.InsufficientData},
	}
	if diff := cmp.Diff(want, watched.Watch(store, began, began.Add(15*time.Minute))); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestLongerPeriodsSlide(t *testing.T) {
	t.Parallel()

	watched := alarm(t, map[string]any{"Statistic": "Sum", "Period": "300", "Threshold": 3, "TreatMissingData": "notBreaching"})
	store := stored(drawn("X X 0 0 0 0 0 0 0 0")...)

	// Both are among the last five minutes from the end of the second one to that of the fifth.
	want := []cloudwatchsim.Change{
		{At: began, State: cloudwatchsim.OK},
		{At: began.Add(2 * time.Minute), State: cloudwatchsim.InAlarm},
		{At: began.Add(6 * time.Minute), State: cloudwatchsim.OK},
	}
	if diff := cmp.Diff(want, watched.Watch(store, began, began.Add(20*time.Minute))); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestTheLastDatapointIsJudgedAgainWhileTheEvaluationRangeHasIt(t *testing.T) {
	t.Parallel()

	watched := alarm(t, map[string]any{"TreatMissingData": "notBreaching"})

	// The guide tells of it in the note under the rules, which asks for short periods.
	want := []cloudwatchsim.Change{
		{At: began, State: cloudwatchsim.OK},
		{At: began.Add(time.Minute), State: cloudwatchsim.InAlarm},
		{At: began.Add(4 * time.Minute), State: cloudwatchsim.OK},
	}
	if diff := cmp.Diff(want, watched.Watch(stored(5), began, began.Add(20*time.Minute))); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestTheMinuteThatIsNotOverDoesNotCount(t *testing.T) {
	t.Parallel()

	watched := alarm(t, map[string]any{"TreatMissingData": "notBreaching"})

	for after, want := range map[time.Duration]cloudwatchsim.State{59 * time.Second: cloudwatchsim.OK, time.Minute: cloudwatchsim.InAlarm} {
		if got := watched.Evaluate(stored(5), began.Add(after), cloudwatchsim.OK); got != want {
			t.Errorf("after %v: %s, want %s", after, got, want)
		}
	}
}
