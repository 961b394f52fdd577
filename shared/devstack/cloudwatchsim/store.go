package cloudwatchsim

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
)

// Store holds samples. It is safe for concurrent use, and the zero value is an empty store. Nothing is ever dropped.
type Store struct {
	mu      sync.RWMutex
	metrics map[string]*recorded
}

// recorded is one metric with its samples in the order of time.
type recorded struct {
	metric  Metric
	samples []Sample
}

// Put adds samples, in any order. The metrics' dimensions are copied.
func (s *Store) Put(samples ...Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if s.metrics == nil {
		s.metrics = make(map[string]*recorded)
	}

	for _, sample := range samples {
		key := sample.Metric.key()

		of := s.metrics[key]
		if of == nil {
			of = &recorded{metric: sample.Metric.clone()}
			s.metrics[key] = of
		}

		sample.Metric = of.metric
		place, _ := slices.BinarySearchFunc(of.samples, sample.At, func(held Sample, at time.Time) int {
			return cmp.Or(held.At.Compare(at), -1) // behind those of the same time
		})
		of.samples = slices.Insert(of.samples, place, sample)
	}
}

// Metrics returns every metric that has a sample, by name. The result is the caller's.
func (s *Store) Metrics() []Metric {
	s.mu.RLock()
	defer s.mu.RUnlock()

	metrics := make([]Metric, 0, len(s.metrics))
	for _, of := range s.metrics {
		metrics = append(metrics, of.metric.clone())
	}

	return sortedMetrics(metrics)
}

func (m Metric) clone() Metric {
	m.Dimensions = maps.Clone(m.Dimensions)

	return m
}

// grid is a row of periods without gaps: that of point i begins at start + i × period, and ends before the next one.
type grid struct {
	start  time.Time
	period time.Duration
	points int
}

func (g grid) end() time.Time { return g.at(g.points) }

func (g grid) at(point int) time.Time { return g.start.Add(time.Duration(point) * g.period) }

// series is a value for each point of a grid, NaN where there is none.
type series []float64

func missing(value float64) bool { return math.IsNaN(value) }

// emptySeries has no value at any of so many points.
func emptySeries(points int) series {
	return slices.Repeat(series{math.NaN()}, points)
}

// read returns a statistic of a metric over each period. Samples of another unit than the one asked for do not count.
func (s *Store) read(metric Metric, of statistic, unit string, over grid) series {
	values := emptySeries(over.points)

	for point, samples := range s.periods(metric, unit, over) {
		if len(samples) > 0 {
			values[point] = of.of(samples)
		}
	}

	return values
}

// periods sorts the values of a metric into the periods in which they lie.
func (s *Store) periods(metric Metric, unit string, over grid) [][]float64 {
	periods := make([][]float64, over.points)

	s.mu.RLock()
	defer s.mu.RUnlock()

	of := s.metrics[metric.key()]
	if of == nil {
		return periods
	}

	first, _ := slices.BinarySearchFunc(of.samples, over.start, func(held Sample, at time.Time) int { return held.At.Compare(at) })

	for _, sample := range of.samples[first:] {
		if !sample.At.Before(over.end()) {
			break
		}

		if unit == "" || unit == sample.Unit {
			point := int(sample.At.Sub(over.start) / over.period)
			periods[point] = append(periods[point], sample.Value)
		}
	}

	return periods
}
