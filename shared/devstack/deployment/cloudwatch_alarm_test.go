package deployment_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// Alarm is an alarm on one metric. [ParseAlarm] makes one.
type Alarm struct {
	Name, Description  string
	Actions, OKActions []string // the ARNs of what is notified when the alarm begins, and when it ends
	Metric             Metric

	period time.Duration // of each datapoint
	// datapointsToAlarm of the last evaluationPeriods datapoints have to breach.
	evaluationPeriods, datapointsToAlarm int

	statistic    func([]float64) float64
	breaches     func(float64) bool
	treatMissing string // "notBreaching", "breaching" or "ignore"
}

// ParseAlarm reads the properties of an AWS::CloudWatch::Alarm as an evaluated template has them. Its error names what is not
// imitated: metric math, percentiles, averages, units, missing data that counts as such, and periods that are no whole minutes.
func ParseAlarm(given map[string]any) (Alarm, error) {
	var p struct {
		AlarmName, AlarmDescription string
		AlarmActions, OKActions     []string
		Namespace, MetricName       string
		Dimensions                  []struct{ Name, Value string }
		Statistic                   string
		Period                      int // seconds
		ComparisonOperator          string
		Threshold                   float64
		EvaluationPeriods           any // a parameter's value is text
		DatapointsToAlarm           int
		TreatMissingData            string
	}
	text, err := json.Marshal(given)
	if err == nil {
		err = json.Unmarshal(text, &p, json.RejectUnknownMembers(true))
	}
	periods, errPeriods := strconv.Atoi(fmt.Sprint(p.EvaluationPeriods))
	alarm := Alarm{
		Name: p.AlarmName, Description: p.AlarmDescription, Actions: p.AlarmActions, OKActions: p.OKActions,
		Metric: Metric{Namespace: p.Namespace, Name: p.MetricName, Dimensions: make(map[string]string)},
		period: time.Duration(p.Period) * time.Second, evaluationPeriods: periods, datapointsToAlarm: cmp.Or(p.DatapointsToAlarm, periods),
		statistic: statistic(p.Statistic), breaches: comparison(p.ComparisonOperator, p.Threshold), treatMissing: p.TreatMissingData,
	}
	for _, dimension := range p.Dimensions {
		alarm.Metric.Dimensions[dimension.Name] = dimension.Value
	}
	switch {
	case err != nil:
	case alarm.statistic == nil:
		err = fmt.Errorf("the statistic %q is not known here", p.Statistic)
	case alarm.breaches == nil:
		err = fmt.Errorf("the comparison %q is not known here", p.ComparisonOperator)
	case !slices.Contains([]string{"notBreaching", "breaching", "ignore"}, alarm.treatMissing):
		err = fmt.Errorf("the treatment of missing data %q is not known here", p.TreatMissingData)
	case alarm.period <= 0 || alarm.period%time.Minute != 0:
		err = fmt.Errorf("a period of %d seconds is not whole minutes", p.Period)
	default:
		err = errPeriods
	}
	if err != nil {
		return Alarm{}, fmt.Errorf("read the alarm %v: %w", given["AlarmName"], err)
	}

	return alarm, nil
}

// statistic is what makes a datapoint of a period's values; nil where it is not known.
func statistic(name string) func([]float64) float64 {
	return map[string]func([]float64) float64{
		"Maximum":     slices.Max[[]float64],
		"Minimum":     slices.Min[[]float64],
		"SampleCount": func(values []float64) float64 { return float64(len(values)) },
		"Sum": func(values []float64) float64 {
			sum := 0.0
			for _, value := range values {
				sum += value
			}

			return sum
		},
	}[name]
}

// comparison says whether a datapoint breaches the threshold; nil where the operator is not known.
func comparison(operator string, threshold float64) func(float64) bool {
	return map[string]func(float64) bool{
		"GreaterThanOrEqualToThreshold": func(value float64) bool { return value >= threshold },
		"GreaterThanThreshold":          func(value float64) bool { return value > threshold },
		"LessThanThreshold":             func(value float64) bool { return value < threshold },
	}[operator]
}

// State is one of the three states of an alarm.
type State string

// The states as CloudWatch names them.
const (
	OK               State = "OK"
	InAlarm          State = "ALARM"
	InsufficientData State = "INSUFFICIENT_DATA"
)

// extraDatapoints is how many datapoints beyond its evaluation periods an alarm looks for.
const extraDatapoints = 2

// evaluate returns the alarm's state at a time, after a previous one. Samples of the minute that is not over do not count.
func (a Alarm) evaluate(store *Store, at time.Time, previous State) State {
	end := at.Truncate(time.Minute)
	var breaching []bool // the datapoints that are there, the oldest first
	for age := a.evaluationPeriods + extraDatapoints; age > 0; age-- {
		from := end.Add(-time.Duration(age) * a.period)
		if values := store.values(a.Metric, from, from.Add(a.period)); len(values) > 0 {
			breaching = append(breaching, a.breaches(a.statistic(values)))
		}
	}

	return a.judge(breaching[max(len(breaching)-a.evaluationPeriods, 0):], previous)
}

// judge decides by the datapoints that are there, as many as the evaluation periods at most; the others are missing.
func (a Alarm) judge(there []bool, previous State) State {
	missing, breaching := a.evaluationPeriods-len(there), 0
	for _, breaches := range there {
		if breaches {
			breaching++
		}
	}
	if a.treatMissing == "breaching" {
		breaching += missing
	}
	switch {
	case breaching >= a.datapointsToAlarm:
		return InAlarm
	case a.treatMissing == "ignore" && missing > 0 && breaching == len(there):
		return previous
	default:
		return OK
	}
}

// Change is a state that an alarm went into.
type Change struct {
	At    time.Time
	State State
}

// Watch evaluates a new alarm once a minute, both ends included, and returns the states that it went into from INSUFFICIENT_DATA.
func (a Alarm) Watch(store *Store, from, to time.Time) []Change {
	var changes []Change
	state := InsufficientData
	for at := from; !at.After(to); at = at.Add(time.Minute) {
		if next := a.evaluate(store, at, state); next != state {
			state = next
			changes = append(changes, Change{at, next})
		}
	}

	return changes
}
