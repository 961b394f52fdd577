package cloudwatchsim

import (
	"fmt"
	"time"
)

// onlyMetric is the id of the line of an alarm on one metric.
const onlyMetric = "m1"

// readQueries reads what the alarm looks at: one metric by properties of the alarm, or several lines in Metrics.
func (a *Alarm) readQueries(p *properties) {
	var queries []query

	if p.has("Metrics") {
		queries = a.readMetrics(p)
	} else {
		a.watched = onlyMetric
		queries = []query{readMetricStat(p, onlyMetric)}

		if p.has("Statistic") == p.has("ExtendedStatistic") {
			p.problem("either Statistic or ExtendedStatistic is to be there")
		}
	}

	compiled, err := compileQueries(queries)
	if err != nil {
		p.problem("%w", err)

		return
	}

	a.queries = compiled
	a.Period = compiled.byID[a.watched].period

	if watched := compiled.byID[a.watched]; watched.isExpression() && watched.expression.shape != timeSeries {
		p.problem("the expression %q is %v, an alarm watches one time series", a.watched, watched.expression.shape)
	}
}

// readMetricStat reads the metric of the alarm's own properties.
func readMetricStat(p *properties, id string) query {
	name := "Statistic"
	if p.has("ExtendedStatistic") {
		name = "ExtendedStatistic"
	}

	read := query{
		id:        id,
		metric:    readMetric(p),
		period:    readPeriod(p),
		statistic: readStatistic(p, name),
		unit:      readUnit(p),
	}

	if p.has(name) && read.statistic.percentile() != (name == "ExtendedStatistic") {
		p.problem("%s is %q: percentiles belong into ExtendedStatistic, and nothing else does", name, read.statistic.name)
	}

	return read
}

func readMetric(p *properties) Metric {
	metric := Metric{Namespace: p.text("Namespace"), Name: p.text("MetricName"), Dimensions: p.dimensions("Dimensions")}
	if metric.Namespace == "" || metric.Name == "" {
		p.problem("Namespace or MetricName is missing")
	}

	return metric
}

func readStatistic(p *properties, name string) statistic {
	text := p.text(name)
	if text == "" {
		p.problem("%s is missing", name)

		return statistic{}
	}

	read, err := parseStatistic(text)
	if err != nil {
		p.problem("%s: %w", name, err)
	}

	return read
}

func readUnit(p *properties) string {
	text := p.text("Unit")
	if text == "" {
		return ""
	}

	unit, err := parseUnit(text)
	if err != nil {
		p.problem("Unit: %w", err)
	}

	return unit
}

func readPeriod(p *properties) time.Duration {
	period, err := parsePeriod(p.whole("Period"))
	if err != nil {
		p.problem("Period: %w", err)
	}

	return period
}

// readMetrics reads the list Metrics, of which one element is the alarm's.
func (a *Alarm) readMetrics(p *properties) []query {
	elements := p.list("Metrics")
	if len(elements) == 0 || len(elements) > maxAlarmQueries {
		p.problem("Metrics has %d elements, not 1 to %d", len(elements), maxAlarmQueries)
	}

	var (
		queries []query
		metrics int
		period  time.Duration
	)

	for i, element := range elements {
		p.object(fmt.Sprintf("Metrics: element %d", i+1), element, func(line *properties) {
			read := a.readMetricLine(line)
			queries = append(queries, read)

			if !read.isExpression() {
				metrics++
				period = read.period
			}
		})
	}

	if metrics == 0 || metrics > maxAlarmMetrics {
		p.problem("%d metrics in Metrics, not 1 to %d", metrics, maxAlarmMetrics)
	}

	for i := range queries {
		if queries[i].isExpression() && queries[i].period == 0 {
			queries[i].period = period
		}

		if queries[i].period != period {
			p.problem("periods of %v and %v: the metrics of an alarm have the same", period, queries[i].period)
		}
	}

	if a.watched == "" {
		p.problem("no element of Metrics has ReturnData true, so that nothing is watched")
	}

	return queries
}

func (a *Alarm) readMetricLine(p *properties) query {
	read := query{id: p.text("Id"), label: p.text("Label"), text: p.text("Expression")}

	stat, isMetric := p.value("MetricStat")
	if isMetric == read.isExpression() {
		p.problem("either MetricStat or Expression is to be there")
	}

	switch {
	case isMetric:
		p.object("MetricStat", stat, func(inner *properties) {
			read.period, read.statistic, read.unit = readPeriod(inner), readStatistic(inner, "Stat"), readUnit(inner)

			metric, _ := inner.value("Metric")
			inner.object("Metric", metric, func(of *properties) { read.metric = readMetric(of) })
		})
	case p.has("Period"):
		read.period = readPeriod(p)
	}

	if p.truth("ReturnData", true) {
		if a.watched != "" {
			p.problem("ReturnData is true (which it is unless it is false) for %q as well as for %q", a.watched, read.id)
		}

		a.watched = read.id
	}

	return read
}
