package cloudwatchsim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultLogLimit is how many records a query returns that names no limit.
const defaultLogLimit = 10_000

// logQuery is a query of CloudWatch Logs Insights.
type logQuery struct {
	groups     []string
	columns    []column
	conditions []condition
	order      []ordering
	limit      int
}

type column struct{ field, name string }

type ordering struct {
	field      string
	descending bool
}

// parseLogQuery reads a query of the commands SOURCE, fields, display, filter, sort and limit.
func parseLogQuery(text string) (logQuery, error) {
	words, err := queryWords(text)
	if err != nil {
		return logQuery{}, err
	}

	query := logQuery{limit: defaultLogLimit}

	for _, command := range splitWords(words, "|") {
		if err := query.parseCommand(command); err != nil {
			return logQuery{}, err
		}
	}

	switch {
	case len(query.groups) == 0:
		return logQuery{}, errors.New("it has no SOURCE with a log group")
	case len(query.columns) == 0:
		return logQuery{}, errors.New("it has no fields to show")
	default:
		return query, nil
	}
}

func (q *logQuery) parseCommand(words []string) error {
	if len(words) == 0 {
		return errors.New("it has an empty command")
	}

	command, rest := words[0], words[1:]

	var err error

	switch command {
	case "SOURCE":
		err = q.parseSource(rest)
	case "fields", "display":
		err = q.parseFields(rest)
	case "filter":
		err = q.parseFilter(rest)
	case "sort":
		err = q.parseSort(rest)
	case "limit":
		if len(rest) == 1 {
			q.limit, err = strconv.Atoi(rest[0])
		}

		if err != nil || len(rest) != 1 || q.limit < 1 || q.limit > defaultLogLimit {
			err = fmt.Errorf("it is not a number from 1 to %d", defaultLogLimit)
		}
	default:
		return fmt.Errorf("the command %q is none of SOURCE, fields, display, filter, sort and limit", command)
	}

	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}

	return nil
}

func (q *logQuery) parseSource(words []string) error {
	if len(words) == 0 {
		return errors.New("no log group")
	}

	for _, word := range words {
		group, quoted := unquoted(word)
		if !quoted || group == "" {
			return fmt.Errorf("%s is not a log group in quotes", word)
		}

		q.groups = append(q.groups, group)
	}

	return nil
}

func (q *logQuery) parseFields(words []string) error {
	for _, part := range splitWords(words, ",") {
		switch {
		case len(part) == 1 && isField(part[0]):
			q.columns = append(q.columns, column{fieldName(part[0]), fieldName(part[0])})
		case len(part) == 3 && isField(part[0]) && part[1] == "as" && isField(part[2]):
			q.columns = append(q.columns, column{fieldName(part[0]), fieldName(part[2])})
		default:
			return fmt.Errorf("%q is not a field, nor a field as a name", strings.Join(part, " "))
		}
	}

	return nil
}

func (q *logQuery) parseSort(words []string) error {
	for _, part := range splitWords(words, ",") {
		direction := "asc"
		if len(part) == 2 {
			direction = strings.ToLower(part[1])
		}

		if len(part) < 1 || len(part) > 2 || !isField(part[0]) || direction != "asc" && direction != "desc" {
			return fmt.Errorf("%q is not a field with asc or desc", strings.Join(part, " "))
		}

		q.order = append(q.order, ordering{fieldName(part[0]), direction == "desc"})
	}

	return nil
}

// run returns the rows of the records of a time, as texts.
func (q logQuery) run(records []LogRecord, from, to time.Time) [][]string {
	var found []LogRecord

	for _, record := range records {
		ofGroup := record.LogGroup == "" || slices.Contains(q.groups, record.LogGroup)
		if ofGroup && !record.At.Before(from) && !record.At.After(to) && q.holds(record) {
			found = append(found, record)
		}
	}

	slices.SortStableFunc(found, q.compare)

	var rows [][]string

	for _, record := range found[:min(q.limit, len(found))] {
		row := make([]string, len(q.columns))
		for i, column := range q.columns {
			row[i] = fieldText(record.field(column.field))
		}

		rows = append(rows, row)
	}

	return rows
}

func (q logQuery) holds(record LogRecord) bool {
	for _, condition := range q.conditions {
		if !condition(record) {
			return false
		}
	}

	return true
}

// compare orders records as the query says; without a sort the newest is first.
func (q logQuery) compare(a, b LogRecord) int {
	if len(q.order) == 0 {
		return b.At.Compare(a.At)
	}

	for _, by := range q.order {
		order := compareFields(a.field(by.field), b.field(by.field))
		if by.descending {
			order = -order
		}

		if order != 0 {
			return order
		}
	}

	return 0
}

// compareFields compares numbers as such, and everything else as text.
func compareFields(a, b any) int {
	first, isNumber := asNumber(a)
	if second, are := asNumber(b); isNumber && are {
		return cmp.Compare(first, second)
	}

	return cmp.Compare(fieldText(a), fieldText(b))
}

func asNumber(field any) (float64, bool) {
	number, err := strconv.ParseFloat(fieldText(field), 64)

	return number, err == nil
}
