package cloudwatchsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// lineOptions stand last in an entry of the array of metrics.
type lineOptions struct {
	ID         string `json:"id"`
	Expression string `json:"expression"`
	Label      string `json:"label"`
	Color      string `json:"color"`
	YAxis      string `json:"yAxis"`
	Visible    *bool  `json:"visible"`
	Period     *int   `json:"period"`
	Stat       string `json:"stat"`
	Region     string `json:"region"`
}

// readLines reads the array of metrics.
func (g *graph) readLines(properties graphProperties) error {
	if len(properties.Metrics) == 0 {
		return errors.New("it has no metrics")
	}

	seconds := defaultPeriod
	if properties.Period != nil {
		seconds = *properties.Period
	}

	period, err := parsePeriod(seconds)
	if err != nil {
		return err
	}

	g.period = period

	if properties.Stat == "" {
		properties.Stat = "Average"
	}

	var (
		queries  []query
		previous []string
	)

	for i, entry := range properties.Metrics {
		read := graphEntry{number: i + 1, period: period, stat: properties.Stat}

		if err := read.parse(entry, previous); err != nil {
			return fmt.Errorf("entry %d of metrics: %w", i+1, err)
		}

		if !read.query.isExpression() {
			previous = read.names
		}

		queries = append(queries, read.query)
		if read.options.Visible == nil || *read.options.Visible {
			g.lines = append(g.lines, read.line)
		}
	}

	g.queries, err = compileQueries(queries)
	g.nameLines()

	return err
}

// nameLines gives those that are called the same what tells them apart.
func (g *graph) nameLines() {
	count := make(map[string]int)
	for _, line := range g.lines {
		count[line.label]++
	}

	for i, line := range g.lines {
		if of := g.queries.byID[line.id]; count[line.label] > 1 && !of.isExpression() {
			_, dimensions, _ := strings.Cut(of.metric.String(), "{")
			g.lines[i].label += " " + of.statistic.name + " " + strings.TrimSuffix(dimensions, "}")
		}
	}
}

// graphEntry is one entry of the array of metrics, while it is read.
type graphEntry struct {
	number int
	period time.Duration
	stat   string

	names   []string // namespace, metric, and names and values of dimensions, shorthands replaced
	options lineOptions
	query   query
	line    graphLine
}

func (e *graphEntry) parse(text json.RawMessage, previous []string) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil || len(parts) == 0 {
		return errors.New("it is not an array with something in it")
	}

	if last := parts[len(parts)-1]; bytes.HasPrefix(last, []byte("{")) {
		if err := decodeStrictly(last, &e.options); err != nil {
			return err
		}

		parts = parts[:len(parts)-1]
	}

	var names []string

	for _, part := range parts {
		var name string
		if err := json.Unmarshal(part, &name); err != nil || name == "" {
			return errors.New("it holds something else than texts, with options behind them")
		}

		names = append(names, name)
	}

	if err := e.parseOptions(); err != nil {
		return err
	}

	if e.options.Expression == "" {
		return e.parseMetric(names, previous)
	}

	if len(names) > 0 || e.options.Stat != "" {
		return errors.New("it is a metric and an expression at once")
	}

	e.query.text = e.options.Expression

	return nil
}

func (e *graphEntry) parseOptions() error {
	e.query = query{id: e.options.ID, label: e.options.Label, period: e.period}
	if e.query.id == "" {
		e.query.id = "unnamed_" + strconv.Itoa(e.number)
	}

	if e.options.Period != nil {
		period, err := parsePeriod(*e.options.Period)
		if err != nil {
			return err
		}

		e.query.period = period
	}

	right, err := onRight(e.options.YAxis)
	if err != nil {
		return err
	}

	if err := checkColor(e.options.Color); err != nil {
		return err
	}

	if strings.Contains(e.options.Label, "${") {
		return fmt.Errorf("its label %q is a dynamic one, which is not drawn here", e.options.Label)
	}

	e.line = graphLine{id: e.query.id, label: e.options.Label, color: e.options.Color, right: right}
	if e.line.label == "" {
		e.line.label = e.query.id
	}

	return nil
}

func (e *graphEntry) parseMetric(names, previous []string) error {
	names, err := withoutShorthands(names, previous)
	if err != nil {
		return err
	}

	if len(names) < 2 || len(names)%2 != 0 {
		return fmt.Errorf("%d texts are not a namespace, a metric, and pairs of a dimension and its value", len(names))
	}

	e.names = names
	e.query.metric = Metric{Namespace: names[0], Name: names[1], Dimensions: make(map[string]string)}

	for i := 2; i < len(names); i += 2 {
		if _, twice := e.query.metric.Dimensions[names[i]]; twice {
			return fmt.Errorf("the dimension %q is there twice", names[i])
		}

		e.query.metric.Dimensions[names[i]] = names[i+1]
	}

	if e.options.Stat != "" {
		e.stat = e.options.Stat
	}

	if e.options.Label == "" {
		e.line.label = names[1]
	}

	e.query.statistic, err = parseStatistic(e.stat)

	return err
}

// withoutShorthands replaces "..." in the first place by as many texts of the entry before as it takes to be as long, and
// "." by the text at its place there.
func withoutShorthands(names, previous []string) ([]string, error) {
	if len(names) > 0 && names[0] == "..." {
		rest := names[1:]
		if len(previous) < len(rest) {
			return nil, errors.New(`there is nothing before it that "..." could stand for`)
		}

		names = append(append([]string(nil), previous[:len(previous)-len(rest)]...), rest...)
	}

	for i, name := range names {
		switch {
		case name == "...":
			return nil, errors.New(`"..." stands elsewhere than in the first place`)
		case name == "." && i >= len(previous):
			return nil, errors.New(`there is nothing before it that "." could stand for`)
		case name == ".":
			names[i] = previous[i]
		}
	}

	return names, nil
}
