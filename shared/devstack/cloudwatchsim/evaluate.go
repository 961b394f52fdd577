package cloudwatchsim

import "time"

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
