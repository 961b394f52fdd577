package deployment_test

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Metrics are taken from the functions' log, and alarms are evaluated on them, as CloudWatch does.
//
// Every time is given, so that an hour of an alarm's life takes no time. An alarm is one metric against one number. What else CloudWatch
// knows is refused, never passed over; whether an alarm is well formed, cfn-lint judges. The rules are the CloudWatch User Guide's:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
//
// The guide leaves two things open. An alarm looks for data two datapoints beyond its evaluation periods, as in the guide's example. Its
// periods end with the last full minute, so that longer ones overlap from one evaluation to the next.

// Metric names a time series. Two metrics are the same where namespace, name and all dimensions are.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
}

// String is the metric for a reader: GenesysCloudExport/TokenRemaining{Stack=local}. It is the same for the same metric.
func (m Metric) String() string {
	pairs := make([]string, 0, len(m.Dimensions))
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		pairs = append(pairs, name+"="+m.Dimensions[name])
	}

	return m.Namespace + "/" + m.Name + "{" + strings.Join(pairs, ",") + "}"
}

// Sample is one value of a metric.
type Sample struct {
	Metric Metric
	At     time.Time
	Value  float64
}

// Store keeps samples. The zero value is an empty store. Nothing is ever dropped.
type Store struct{ samples map[string][]Sample }

// Put adds samples, in any order.
func (s *Store) Put(samples ...Sample) {
	if s.samples == nil {
		s.samples = make(map[string][]Sample)
	}
	for _, sample := range samples {
		key := sample.Metric.String()
		s.samples[key] = append(s.samples[key], sample)
	}
}

// Metrics returns every metric that has a sample, sorted by its text.
func (s *Store) Metrics() []Metric {
	metrics := make([]Metric, 0, len(s.samples))
	for _, key := range slices.Sorted(maps.Keys(s.samples)) {
		metrics = append(metrics, s.samples[key][0].Metric)
	}

	return metrics
}

// values returns those of a metric from one time to before another.
func (s *Store) values(metric Metric, from, to time.Time) []float64 {
	var values []float64
	for _, sample := range s.samples[metric.String()] {
		if !sample.At.Before(from) && sample.At.Before(to) {
			values = append(values, sample.Value)
		}
	}

	return values
}
