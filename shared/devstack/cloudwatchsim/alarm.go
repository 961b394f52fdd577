package cloudwatchsim

import (
	"fmt"
	"time"
	"unicode"
)

// State is one of the three states of an alarm.
type State string

// The states as CloudWatch names them.
const (
	OK               State = "OK"
	InAlarm          State = "ALARM"
	InsufficientData State = "INSUFFICIENT_DATA"
)

// The ways to treat missing data.
const (
	treatMissing      = "missing"
	treatNotBreaching = "notBreaching"
	treatBreaching    = "breaching"
	treatIgnore       = "ignore"
)

// Alarm is an alarm on a metric, or on an expression of several. [ParseAlarm] makes one.
type Alarm struct {
	// Name is "" where CloudFormation is to make one up.
	Name, Description string
	// ActionsEnabled says whether the actions, which are ARNs, are carried out.
	ActionsEnabled                              bool
	Actions, OKActions, InsufficientDataActions []string

	// Comparison is the operator as CloudFormation names it, such as LessThanThreshold.
	Comparison string
	Threshold  float64
	// DatapointsToAlarm of the last EvaluationPeriods datapoints have to breach.
	EvaluationPeriods, DatapointsToAlarm int
	// TreatMissingData is missing, notBreaching, breaching or ignore.
	TreatMissingData string
	// Period is that of each datapoint.
	Period time.Duration

	queries querySet
	watched string // the id of the line that is compared with the threshold
}

// Limits of an alarm.
const (
	maxNameLength        = 255
	maxDescriptionLength = 1024
	maxAlarmActions      = 5
	maxAlarmQueries      = 20
	maxAlarmMetrics      = 10
)

// ParseAlarm reads the properties of an AWS::CloudWatch::Alarm as an evaluated template has them: numbers may be int,
// int64, float64 or text, booleans bool or text, lists []any, objects map[string]any. Its error tells every problem. What
// CloudFormation does not know is one, and what is not imitated here too: anomaly detection, Metrics Insights, PromQL, other
// accounts, wall clock windows, and the ignoring of percentiles of few samples.
func ParseAlarm(given map[string]any) (Alarm, error) {
	p := newProperties(given)
	alarm := Alarm{
		Name:                    p.text("AlarmName"),
		Description:             p.text("AlarmDescription"),
		ActionsEnabled:          p.truth("ActionsEnabled", true),
		Actions:                 p.texts("AlarmActions"),
		OKActions:               p.texts("OKActions"),
		InsufficientDataActions: p.texts("InsufficientDataActions"),
		Comparison: p.oneOf("ComparisonOperator", "GreaterThanOrEqualToThreshold", "GreaterThanThreshold",
			"LessThanOrEqualToThreshold", "LessThanThreshold"),
		Threshold:         p.number("Threshold"),
		EvaluationPeriods: p.whole("EvaluationPeriods"),
		DatapointsToAlarm: p.whole("DatapointsToAlarm"),
		TreatMissingData:  p.oneOf("TreatMissingData", treatMissing, treatNotBreaching, treatBreaching, treatIgnore),
	}

	p.list("Tags") // they change nothing
	alarm.complete(p)
	alarm.readQueries(p)
	alarm.check(p)

	if err := p.err(); err != nil {
		return Alarm{}, fmt.Errorf("read the alarm %q: %w", alarm.Name, err)
	}

	return alarm, nil
}

// complete sets what holds where nothing is said.
func (a *Alarm) complete(p *properties) {
	if !p.has("DatapointsToAlarm") {
		a.DatapointsToAlarm = a.EvaluationPeriods
	}

	if a.TreatMissingData == "" {
		a.TreatMissingData = treatMissing
	}

	p.oneOf("EvaluateLowSampleCountPercentile", "evaluate")
}

func (a *Alarm) check(p *properties) {
	for _, required := range []string{"ComparisonOperator", "EvaluationPeriods", "Threshold"} {
		if !p.has(required) {
			p.problem("%s is missing", required)
		}
	}

	for _, r := range a.Name {
		if r > unicode.MaxASCII {
			p.problem("AlarmName is not ASCII alone")

			break
		}
	}

	if len(a.Name) > maxNameLength || len(a.Description) > maxDescriptionLength {
		p.problem("AlarmName has more than %d characters, or AlarmDescription more than %d", maxNameLength, maxDescriptionLength)
	}

	if max(len(a.Actions), len(a.OKActions), len(a.InsufficientDataActions)) > maxAlarmActions {
		p.problem("more than %d actions for one state", maxAlarmActions)
	}

	if a.DatapointsToAlarm > a.EvaluationPeriods {
		p.problem("DatapointsToAlarm is %d, more than EvaluationPeriods, which is %d", a.DatapointsToAlarm, a.EvaluationPeriods)
	}

	longest := 24 * time.Hour
	if a.Period >= time.Hour {
		longest *= 7
	}

	if a.Period*time.Duration(a.EvaluationPeriods) > longest {
		p.problem("%d periods of %v are more than %v", a.EvaluationPeriods, a.Period, longest)
	}
}

// Metrics returns every metric that the alarm looks at, each once. The result is the caller's.
func (a Alarm) Metrics() []Metric { return a.queries.usedMetrics() }
