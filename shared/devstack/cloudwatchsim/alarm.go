package cloudwatchsim

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
