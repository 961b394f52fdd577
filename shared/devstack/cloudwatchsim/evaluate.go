package cloudwatchsim

import (
	"slices"
	"time"
)

// extraDatapoints is how many datapoints beyond its evaluation periods an alarm looks for.
const extraDatapoints = 2

// Evaluate returns the state that CloudWatch gives the alarm at a time, when previous was its state before. Samples of the
// minute that is not over yet do not count.
func (a Alarm) Evaluate(store *Store, at time.Time, previous State) State {
	step := a.step()
	over := grid{period: a.Period, points: a.EvaluationPeriods + extraDatapoints}
	over.start = at.Truncate(step).Add(-time.Duration(over.points) * a.Period)

	line := a.queries.evaluate(store, a.Period, over)[a.watched].lines[0]
	breaches := comparison(a.sign())

	var there []datapoint

	for point, number := range line {
		if !missing(number) {
			there = append(there, datapoint{age: len(line) - point, breaching: breaches(number, a.Threshold)})
		}
	}

	return a.judge(there, previous)
}

// datapoint is one that is there. Its age is 1 for the last of the evaluation range.
type datapoint struct {
	age       int
	breaching bool
}

// judge decides by the datapoints in the evaluation range that are there, the oldest first.
func (a Alarm) judge(there []datapoint, previous State) State {
	needed := a.EvaluationPeriods
	there = there[max(len(there)-needed, 0):]
	breaching := len(slices.DeleteFunc(slices.Clone(there), func(point datapoint) bool { return !point.breaching }))
	filled := needed - len(there)

	if a.TreatMissingData == treatBreaching {
		breaching += filled
	}

	switch {
	case breaching >= a.DatapointsToAlarm:
		return InAlarm
	case filled == 0 || a.TreatMissingData == treatNotBreaching || a.TreatMissingData == treatBreaching || breaching < len(there):
		return OK
	case a.TreatMissingData == treatIgnore:
		return previous
	// From here on data is missing and everything that is there breaches. If it began long enough ago, no more can come in
	// time to make it false.
	case breaching > 0 && there[0].age >= a.DatapointsToAlarm:
		return InAlarm
	default:
		return InsufficientData
	}
}

func (a Alarm) sign() string {
	return map[string]string{
		"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">",
		"LessThanOrEqualToThreshold": "<=", "LessThanThreshold": "<",
	}[a.Comparison]
}

// step is how often the alarm is evaluated.
func (a Alarm) step() time.Duration { return min(a.Period, time.Minute) }

// Change is a state that an alarm went into.
type Change struct {
	At    time.Time
	State State
}

// Watch evaluates the alarm once a minute, or once a period where that is shorter, from a time to another one, both
// included. It begins in INSUFFICIENT_DATA, as a new alarm does, and returns the states that it went into.
func (a Alarm) Watch(store *Store, from, to time.Time) []Change {
	var changes []Change

	state, step := InsufficientData, a.step()

	for at := from.Truncate(step); !at.After(to); at = at.Add(step) {
		if at.Before(from) {
			continue
		}

		if next := a.Evaluate(store, at, state); next != state {
			state = next
			changes = append(changes, Change{at, next})
		}
	}

	return changes
}
