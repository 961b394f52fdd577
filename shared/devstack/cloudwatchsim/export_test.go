package cloudwatchsim

import (
	"maps"
	"slices"
	"time"
)

// Calculate evaluates an expression of time series, NaN where a point is missing, a minute each.
func Calculate(text string, given map[string][]float64) ([][]float64, error) {
	known, in := make(map[string]shape), scope{ids: make(map[string]value), metrics: slices.Sorted(maps.Keys(given))}

	for id, points := range given {
		known[id] = timeSeries
		in.ids[id] = value{shape: timeSeries, lines: []series{points}}
		in.grid = grid{period: time.Minute, points: len(points)}
	}

	read, err := parseExpression(text, known, in.metrics)
	if err != nil {
		return nil, err
	}

	var lines [][]float64
	for _, line := range read.of(in).lines {
		lines = append(lines, line)
	}

	return lines, nil
}
