package cloudwatchsim

import (
	"slices"
	"time"
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

// extraDatapoints is how many datapoints beyond its evaluation periods an alarm looks for.
const extraDatapoints = 2

// Evaluate returns the state that CloudWatch gives the alarm at a time, when previous was its state before. Samples of the
// minute that is not over yet do not count.
func (a Alarm) Evaluate(store *Store, at time.Time, previous State) State {
	end := at.Truncate(time.Minute)

	var there []datapoint

	for age := a.EvaluationPeriods + extraDatapoints; age > 0; age-- {
		from := end.Add(-time.Duration(age) * a.Period)
		if values := store.values(a.Metric, from, from.Add(a.Period)); len(values) > 0 {
			there = append(there, datapoint{age: age, breaching: a.breaches(a.statistic(values))})
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

	if a.treatMissing == treatBreaching {
		breaching += filled
	}

	switch {
	case breaching >= a.DatapointsToAlarm:
		return InAlarm
	case filled == 0 || a.treatMissing == treatNotBreaching || a.treatMissing == treatBreaching || breaching < len(there):
		return OK
	case a.treatMissing == treatIgnore:
		return previous
	// From here on data is missing and everything that is there breaches. If it began long enough ago, no more can come in
	// time to make it false.
	case breaching > 0 && there[0].age >= a.DatapointsToAlarm:
		return InAlarm
	default:
		return InsufficientData
	}
}

// Change is a state that an alarm went into.
type Change struct {
	At    time.Time
	State State
}

// Watch evaluates the alarm once a minute, from a time to another one, both included. It begins in INSUFFICIENT_DATA, as a new
// alarm does, and returns the states that it went into.
func (a Alarm) Watch(store *Store, from, to time.Time) []Change {
	var changes []Change

	state := InsufficientData

	for at := from; !at.After(to); at = at.Add(time.Minute) {
		if next := a.Evaluate(store, at, state); next != state {
			state = next
			changes = append(changes, Change{at, next})
		}
	}

	return changes
}
