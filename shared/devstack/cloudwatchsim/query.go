package cloudwatchsim

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// query is one line of a graph or an alarm: a metric with its statistic, or an expression of other lines.
type query struct {
	id     string
	label  string
	period time.Duration

	metric    Metric
	statistic statistic
	unit      string // "" for every unit

	text       string // of an expression, "" for a metric
	expression expression
}

func (q query) isExpression() bool { return q.text != "" }

// querySet is the lines that know each other by their ids. Those that an expression names stand before it.
type querySet struct {
	inOrder []query
	byID    map[string]query
	metrics []string // the ids that are metrics, as they were given
}

func idPattern() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`) }

// compileQueries reads the expressions of lines, which may name each other in any order but a circle.
func compileQueries(queries []query) (querySet, error) {
	set := querySet{byID: make(map[string]query, len(queries))}
	pattern := idPattern()

	for _, q := range queries {
		if !pattern.MatchString(q.id) {
			return set, fmt.Errorf("the id %q is not a small letter with letters, digits and _ behind it", q.id)
		}

		if _, twice := set.byID[q.id]; twice {
			return set, fmt.Errorf("the id %q is there twice", q.id)
		}

		set.byID[q.id] = q
		if !q.isExpression() {
			set.metrics = append(set.metrics, q.id)
		}
	}

	shapes := make(map[string]shape, len(queries))
	for _, q := range queries {
		if err := set.compile(q.id, shapes, nil); err != nil {
			return set, err
		}
	}

	return set, nil
}

// compile reads one line behind those that it names. Within is the way to it.
func (s *querySet) compile(id string, shapes map[string]shape, within []string) error {
	q := s.byID[id]

	switch _, done := shapes[id]; {
	case done:
		return nil
	case slices.Contains(within, id):
		return fmt.Errorf("the expression %q names itself", id)
	case !q.isExpression():
		shapes[id] = timeSeries
		s.inOrder = append(s.inOrder, q)

		return nil
	}

	needed, err := s.named(q)
	if err != nil {
		return fmt.Errorf("the expression %q: %w", id, err)
	}

	for _, other := range needed {
		if err := s.compile(other, shapes, append(within, id)); err != nil {
			return err
		}
	}

	q.expression, err = parseExpression(q.text, shapes, s.metrics)
	if err != nil {
		return fmt.Errorf("the expression %q: %w", id, err)
	}

	shapes[id] = q.expression.shape
	s.byID[id] = q
	s.inOrder = append(s.inOrder, q)

	return nil
}

// named returns the ids that an expression names, and with METRICS() all metrics. They have its period.
func (s *querySet) named(q query) ([]string, error) {
	tokens, err := tokenize(q.text)
	if err != nil {
		return nil, err
	}

	var ids []string

	for _, word := range tokens {
		if _, known := s.byID[word.text]; known && word.kind == tokenName {
			ids = append(ids, word.text)
		}

		if word.text == "METRICS" {
			ids = append(ids, s.metrics...)
		}
	}

	for _, id := range ids {
		if other := s.byID[id]; other.period != q.period {
			return nil, fmt.Errorf("its period is %v, that of %q is %v", q.period, id, other.period)
		}
	}

	return ids, nil
}

// evaluate returns the lines of a period over a grid, by id. The grid's own period is another one where a graph shows one
// value for its whole time.
func (s *querySet) evaluate(store *Store, period time.Duration, over grid) map[string]value {
	in := scope{grid: over, ids: make(map[string]value, len(s.inOrder)), metrics: s.metrics}

	for _, q := range s.inOrder {
		switch {
		case q.period != period:
		case q.isExpression():
			in.ids[q.id] = q.expression.of(in)
		default:
			line := store.read(q.metric, q.statistic, q.unit, over)
			in.ids[q.id] = value{shape: timeSeries, lines: []series{line}}
		}
	}

	return in.ids
}

// usedMetrics returns each metric of the lines once.
func (s *querySet) usedMetrics() []Metric {
	var metrics []Metric

	for _, q := range s.inOrder {
		if !q.isExpression() {
			metrics = append(metrics, q.metric.clone())
		}
	}

	return sortedMetrics(metrics)
}

// parsePeriod checks a period in seconds.
func parsePeriod(seconds int) (time.Duration, error) {
	if !slices.Contains([]int{1, 5, 10, 20, 30}, seconds) && (seconds <= 0 || seconds%60 != 0 || seconds > secondsADay) {
		return 0, fmt.Errorf("a period of %d seconds; CloudWatch takes 1, 5, 10, 20, 30 and multiples of 60 up to a day", seconds)
	}

	return time.Duration(seconds) * time.Second, nil
}

const secondsADay = 24 * 60 * 60
