package cloudwatchsim

import (
	"errors"
	"math"
	"slices"
)

// choice reads IF. Where the condition has no point there is none; where it holds and the chosen time series has no point
// it is 0, and where it does not hold there is none.
func (p *expressionParser) choice() (expression, error) {
	list, err := p.arguments(2, 3, scalar, timeSeries)
	if err != nil {
		return expression{}, err
	}

	if slices.ContainsFunc(list, func(part expression) bool { return part.shape == seriesArray }) {
		return expression{}, errors.New("it does not take an array of time series")
	}

	if !slices.ContainsFunc(list, func(part expression) bool { return part.shape == timeSeries }) {
		return expression{}, errors.New("none of its arguments is a time series")
	}

	if len(list) == 2 {
		list = append(list, constant(math.NaN()))
	}

	return expression{timeSeries, func(in scope) value {
		when, then, otherwise := list[0].of(in), list[1].of(in), list[2].of(in)

		result := emptySeries(in.grid.points)
		for point := range result {
			result[point] = chosen(when, then, otherwise, point)
		}

		return value{shape: timeSeries, lines: []series{result}}
	}}, nil
}

func chosen(when, then, otherwise value, point int) float64 {
	condition := when.point(point)

	switch {
	case missing(condition):
		return math.NaN()
	case condition == 0:
		return otherwise.point(point)
	case when.shape == scalar:
		return then.point(point)
	default:
		return orZero(then.point(point))
	}
}
