// Package cloudwatchsim does with this project's metrics what CloudWatch does: it takes them from the functions' log,
// evaluates alarms on them, and draws a dashboard of them.
//
// It has no clock and no AWS: every time is given, so an hour of an alarm's life is over as soon as it is asked for. What
// it cannot imitate it refuses where it is read, never passes over: an alarm or a dashboard that is accepted here is one
// that CloudWatch understands in the same way. The rules are those of the CloudWatch User Guide:
//
//   - alarms and missing data: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
//   - metric math: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
//   - dashboards: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
//
// Three things are not told there. How far beyond its evaluation periods an alarm looks for data is told by example alone
// (3 periods: 5 datapoints), so it is always two datapoints. A percentile is interpolated between the two nearest
// samples. An alarm's periods end with the last full minute (with the last full period where that is shorter), so that
// longer ones overlap from one evaluation to the next.
package cloudwatchsim

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Metric is what a time series is known by. Two metrics are the same where namespace, name and all dimensions are.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
}

// String is the metric for a reader: GenesysCloudExport/TokenRemaining{Stack=local}.
func (m Metric) String() string {
	text := m.Namespace + "/" + m.Name
	if len(m.Dimensions) == 0 {
		return text
	}

	pairs := make([]string, 0, len(m.Dimensions))
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		pairs = append(pairs, name+"="+m.Dimensions[name])
	}

	return text + "{" + strings.Join(pairs, ",") + "}"
}

// key is the same for the same metric alone, whatever its names contain.
func (m Metric) key() string {
	names := []string{strconv.Quote(m.Namespace), strconv.Quote(m.Name)}
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		names = append(names, strconv.Quote(name), strconv.Quote(m.Dimensions[name]))
	}

	return strings.Join(names, "")
}

// sortedMetrics returns each metric once, by its text.
func sortedMetrics(metrics []Metric) []Metric {
	sorted := slices.Clone(metrics)
	slices.SortFunc(sorted, func(a, b Metric) int { return cmp.Compare(a.String(), b.String()) })

	return slices.CompactFunc(sorted, func(a, b Metric) bool { return a.key() == b.key() })
}

// Sample is one value of a metric, in one of CloudWatch's units ("None" where it has none).
type Sample struct {
	Metric Metric
	Unit   string
	At     time.Time
	Value  float64
}
