package cloudwatchsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Alarm is an alarm on one metric. [ParseAlarm] makes one.
type Alarm struct {
	Name, Description string
	// Actions and OKActions are the ARNs of what is told when the alarm begins, and when it ends.
	Actions, OKActions []string

	Metric Metric
	// Period is that of each datapoint.
	Period time.Duration
	// DatapointsToAlarm of the last EvaluationPeriods datapoints have to breach.
	EvaluationPeriods, DatapointsToAlarm int

	statistic func([]float64) float64
	breaches  func(float64) bool
	// treatMissing is missing, notBreaching, breaching or ignore.
	treatMissing string
}

// properties are those of an AWS::CloudWatch::Alarm that are imitated.
type properties struct {
	AlarmName, AlarmDescription string
	AlarmActions, OKActions     []string

	Namespace, MetricName string
	Dimensions            []struct{ Name, Value string }
	Statistic             string
	Period                int // seconds

	ComparisonOperator string
	Threshold          float64
	EvaluationPeriods  json.Number // a parameter's value is text
	DatapointsToAlarm  int
	TreatMissingData   string
}

// ParseAlarm reads the properties of an AWS::CloudWatch::Alarm as an evaluated template has them. Its error names what is not
// imitated: metric math, percentiles, averages, units, and periods that are no whole minutes.
func ParseAlarm(given map[string]any) (Alarm, error) {
	text, err := json.Marshal(given)
	if err != nil {
		return Alarm{}, fmt.Errorf("read the alarm %v: %w", given["AlarmName"], err)
	}

	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()

	var p properties
	if err := strict.Decode(&p); err != nil {
		return Alarm{}, fmt.Errorf("read the alarm %v: %w", given["AlarmName"], err)
	}

	alarm, err := p.alarm()
	if err != nil {
		return Alarm{}, fmt.Errorf("read the alarm %s: %w", p.AlarmName, err)
	}

	return alarm, nil
}

func (p properties) alarm() (Alarm, error) {
	periods, _ := p.EvaluationPeriods.Int64() // none is refused below

	alarm := Alarm{
		Name: p.AlarmName, Description: p.AlarmDescription, Actions: p.AlarmActions, OKActions: p.OKActions,
		Metric:            Metric{Namespace: p.Namespace, Name: p.MetricName, Dimensions: make(map[string]string)},
		Period:            time.Duration(p.Period) * time.Second,
		EvaluationPeriods: int(periods),
		DatapointsToAlarm: p.DatapointsToAlarm,
		statistic:         statistics()[p.Statistic],
		breaches:          comparisons(p.Threshold)[p.ComparisonOperator],
		treatMissing:      p.TreatMissingData,
	}

	for _, dimension := range p.Dimensions {
		alarm.Metric.Dimensions[dimension.Name] = dimension.Value
	}

	if alarm.DatapointsToAlarm == 0 {
		alarm.DatapointsToAlarm = alarm.EvaluationPeriods
	}

	if alarm.treatMissing == "" {
		alarm.treatMissing = treatMissing
	}

	switch {
	case alarm.statistic == nil:
		return Alarm{}, fmt.Errorf("the statistic %q is not known here", p.Statistic)
	case alarm.breaches == nil:
		return Alarm{}, fmt.Errorf("the comparison %q is not known here", p.ComparisonOperator)
	case !slices.Contains([]string{treatMissing, treatNotBreaching, treatBreaching, treatIgnore}, alarm.treatMissing):
		return Alarm{}, fmt.Errorf("the treatment of missing data %q is not known here", p.TreatMissingData)
	case alarm.Period <= 0 || alarm.Period%time.Minute != 0:
		return Alarm{}, fmt.Errorf("a period of %d seconds is not whole minutes", p.Period)
	case alarm.EvaluationPeriods < 1 || alarm.DatapointsToAlarm > alarm.EvaluationPeriods:
		return Alarm{}, fmt.Errorf("%d of %d datapoints cannot breach", alarm.DatapointsToAlarm, alarm.EvaluationPeriods)
	case alarm.Metric.Namespace == "" || alarm.Metric.Name == "":
		return Alarm{}, errors.New("no metric is named")
	}

	return alarm, nil
}

func statistics() map[string]func([]float64) float64 {
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
	}
}

func comparisons(threshold float64) map[string]func(float64) bool {
	return map[string]func(float64) bool{
		"GreaterThanOrEqualToThreshold": func(value float64) bool { return value >= threshold },
		"GreaterThanThreshold":          func(value float64) bool { return value > threshold },
		"LessThanOrEqualToThreshold":    func(value float64) bool { return value <= threshold },
		"LessThanThreshold":             func(value float64) bool { return value < threshold },
	}
}
