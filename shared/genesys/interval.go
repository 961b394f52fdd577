package genesys

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/failure"
)

// The options of every history.
const (
	intervalField  = "interval"
	sinceLastField = "since_last"
	startField     = "start"
	lookBackField  = "look_back_hours"
)

const (
	longestInterval = 366 * 24 * time.Hour
	lookBack        = 24 // hours before the watermark where an interval begins by default: conversations change after the fact
	mostLookBack    = 366 * 24
)

// moment is the form of a time in a query and in an interval of the API: UTC, with milliseconds where there are any.
const moment = "2006-01-02T15:04:05.999Z"

// span is which part of a history is asked for.
type span struct {
	from, to  time.Time // resolved, or as the event gave it; zero: not yet
	sinceLast bool
	start     time.Time // where the first export begins that has no watermark
	lookBack  int       // hours; 0: not given
}

// newSpan takes the options of a history out of fields.
func newSpan(fields map[string]json.RawMessage) (s span, err error) {
	for _, field := range []struct {
		name string
		read func(json.RawMessage) bool
		rule string
	}{
		{intervalField, s.readInterval, `a string: two times with their zone, the later one second, such as "2026-11-01T00:00:00Z/2026-11-02T00:00:00Z"`},
		{sinceLastField, func(raw json.RawMessage) bool { return json.Unmarshal(raw, &s.sinceLast) == nil }, "true or false"},
		{startField, s.readStart, `a string: a time with its zone, such as "2026-11-01T00:00:00Z"`},
		{lookBackField, s.readLookBack, fmt.Sprintf("a whole number of hours, 1 to %d", mostLookBack)},
	} {
		raw, given := fields[field.name]
		delete(fields, field.name)

		if given && (string(raw) == "null" || !field.read(raw)) {
			return span{}, failure.New(failure.InvalidInput, "%s must be %s", field.name, field.rule)
		}
	}

	if s.sinceLast && s.lookBack == 0 {
		s.lookBack = lookBack
	}

	return s, nil
}

func (s *span) readInterval(raw json.RawMessage) bool {
	from, to, _ := strings.Cut(jsonText(raw), "/")

	var okFrom, okTo bool
	s.from, okFrom = readMoment(from)
	s.to, okTo = readMoment(to)

	return okFrom && okTo && !s.to.Before(s.from)
}

func (s *span) readStart(raw json.RawMessage) (ok bool) {
	s.start, ok = readMoment(jsonText(raw))
	return ok
}

func (s *span) readLookBack(raw json.RawMessage) bool {
	return json.Unmarshal(raw, &s.lookBack) == nil && s.lookBack >= 1 && s.lookBack <= mostLookBack
}

func readMoment(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text)
	return t.UTC().Truncate(time.Millisecond), err == nil
}

// add adds the span to a query.
func (s span) add(query *object) {
	if !s.to.IsZero() {
		query.add(intervalField, s.String())
	}

	if s.sinceLast {
		query.add(sinceLastField, true)
	}

	if !s.start.IsZero() {
		query.add(startField, s.start.Format(moment))
	}

	if s.lookBack > 0 {
		query.add(lookBackField, s.lookBack)
	}
}

// String is the interval in the API's form.
func (s span) String() string { return s.from.Format(moment) + "/" + s.to.Format(moment) }

// check is what in an event cannot be meant. An interval that was resolved may be longer than one that is asked for.
func (s span) check() error {
	switch given := !s.to.IsZero(); {
	case given && (s.sinceLast || !s.start.IsZero() || s.lookBack > 0):
		return failure.New(failure.InvalidInput, "%s stands beside %s, %s or %s: send either %s, or %s and what belongs to it",
			intervalField, sinceLastField, startField, lookBackField, intervalField, sinceLastField)
	case s.to.Sub(s.from) > longestInterval:
		return failure.New(failure.InvalidInput, "%s is longer than a year: its times must be %d days apart at most", intervalField, longestInterval/(24*time.Hour))
	case given && s.to.Equal(s.from):
		return failure.New(failure.InvalidInput, "%s is empty: its second time must be later than its first", intervalField)
	default:
		return nil
	}
}

// resolved is the span of a new export, where data are there up to available, and the watermark is through; zero: there is none.
func (s span) resolved(available, through time.Time) (span, error) {
	invalid := func(format string, args ...any) (span, error) {
		return span{}, failure.New(failure.InvalidInput, format, args...)
	}

	switch {
	case !s.sinceLast && (!s.start.IsZero() || s.lookBack > 0):
		return invalid("%s and %s belong to %s: send it as true too", startField, lookBackField, sinceLastField)
	case !s.sinceLast && s.to.IsZero():
		return invalid("%s is missing: send it, or %s as true", intervalField, sinceLastField)
	case !s.sinceLast && s.to.After(available):
		return invalid("%s ends after %s, up to when data are available: let it end then or earlier, or begin the export later",
			intervalField, available.Format(moment))
	case !s.sinceLast:
		return s, nil
	case !through.IsZero():
		s.from, s.to = through.Add(-time.Duration(s.lookBack)*time.Hour), available
		if !available.After(through) {
			s.from = available // there is nothing new
		}
	case s.start.IsZero():
		return invalid("no export with %s is complete yet: send %s too the first time, such as \"2026-11-01T00:00:00Z\"", sinceLastField, startField)
	case s.start.After(available):
		return invalid("%s lies after %s, up to when data are available: let it lie before", startField, available.Format(moment))
	default:
		s.from, s.to = s.start, available
	}

	return s, nil
}

// windows are the days of the interval, in UTC; the first and the last may be shorter.
func (s span) windows() int {
	if !s.to.After(s.from) {
		return 0
	}

	return int(midnight(s.to.Add(-1)).Sub(midnight(s.from))/(24*time.Hour)) + 1
}

// window is one of them.
func (s span) window(number int) span {
	day := midnight(s.from).AddDate(0, 0, number)

	return span{from: latest(day, s.from), to: earliest(day.AddDate(0, 0, 1), s.to)}
}

func earliest(times ...time.Time) time.Time { return slices.MinFunc(times, time.Time.Compare) }
func latest(times ...time.Time) time.Time   { return slices.MaxFunc(times, time.Time.Compare) }

func midnight(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
