package cloudwatchsim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// statistic is what a period's values come down to. The zero value is none.
type statistic struct {
	name string
	// percent is that of a percentile.
	percent float64
}

const sampleCount = "SampleCount"

// parseStatistic reads one of the five statistics, or a percentile such as p99 or p99.9.
func parseStatistic(name string) (statistic, error) {
	if slices.Contains([]string{"Average", "Sum", "Minimum", "Maximum", sampleCount}, name) {
		return statistic{name: name}, nil
	}

	if digits, is := strings.CutPrefix(name, "p"); is {
		percent, err := strconv.ParseFloat(digits, 64)
		if err == nil && percent >= 0 && percent <= 100 {
			return statistic{name: name, percent: percent}, nil
		}
	}

	return statistic{}, fmt.Errorf("the statistic %q is none of Average, Sum, Minimum, Maximum, SampleCount and p0 to p100", name)
}

func (s statistic) percentile() bool { return strings.HasPrefix(s.name, "p") }

// of returns the statistic of a period that has values.
func (s statistic) of(values []float64) float64 {
	switch s.name {
	case "Average":
		return sum(values) / float64(len(values))
	case "Sum":
		return sum(values)
	case "Minimum":
		return slices.Min(values)
	case "Maximum":
		return slices.Max(values)
	case sampleCount:
		return float64(len(values))
	default:
		return percentile(values, s.percent)
	}
}

func sum(values []float64) float64 {
	total := 0.0
	for _, value := range values {
		total += value
	}

	return total
}

// percentile lies between the two samples that are nearest by rank.
func percentile(values []float64, percent float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	rank := percent / 100 * float64(len(sorted)-1)
	below, above := int(math.Floor(rank)), int(math.Ceil(rank))

	return sorted[below] + (rank-float64(below))*(sorted[above]-sorted[below])
}
