package cloudwatchsim

import (
	"fmt"
	"math"
	"slices"
)

// function reads the arguments of a function behind its name.
func (p *expressionParser) function(name string) (expression, error) {
	p.next() // the parenthesis

	var (
		read expression
		err  error
	)

	switch name {
	case "ABS":
		read, err = p.pointwise(math.Abs)
	case "CEIL":
		read, err = p.pointwise(math.Ceil)
	case "FLOOR":
		read, err = p.pointwise(math.Floor)
	case "AVG", "MAX", "MIN", "SUM":
		read, err = p.aggregate(name)
	case "FILL":
		read, err = p.fill()
	case "IF":
		read, err = p.choice()
	case "METRICS":
		return p.allMetrics()
	case "PERIOD":
		read, err = p.period()
	case "TIME_SERIES":
		read, err = p.constantSeries()
	default:
		return expression{}, fmt.Errorf("the function %q is unknown here", name)
	}

	if err != nil {
		return expression{}, fmt.Errorf("%s: %w", name, err)
	}

	return read, nil
}

// arguments reads as many arguments as a function takes, and checks that the first has one of the shapes that it takes.
func (p *expressionParser) arguments(least, most int, first ...shape) ([]expression, error) {
	list, err := p.list(")")
	if err != nil {
		return nil, err
	}

	if len(list) < least || len(list) > most {
		return nil, fmt.Errorf("it takes %d to %d arguments, not %d", least, most, len(list))
	}

	if !slices.Contains(first, list[0].shape) {
		return nil, fmt.Errorf("it does not take %v", list[0].shape)
	}

	return list, nil
}

func (p *expressionParser) pointwise(function func(float64) float64) (expression, error) {
	list, err := p.arguments(1, 1, timeSeries, seriesArray)
	if err != nil {
		return expression{}, err
	}

	return each(list[0], function), nil
}

// aggregate reads a function that makes a number of a time series, and a time series of several. A point that some of them
// have is made of those, but the average is over all.
func (p *expressionParser) aggregate(name string) (expression, error) {
	list, err := p.arguments(1, 1, timeSeries, seriesArray)
	if err != nil {
		return expression{}, err
	}

	if list[0].shape == timeSeries {
		return expression{scalar, func(in scope) value {
			line := list[0].of(in).lines[0]

			return value{number: aggregated(name, line, 0)}
		}}, nil
	}

	return expression{timeSeries, func(in scope) value {
		lines, result := list[0].of(in).lines, emptySeries(in.grid.points)
		for point := range result {
			column := make(series, len(lines))
			for i, line := range lines {
				column[i] = line[point]
			}

			result[point] = aggregated(name, column, len(lines))
		}

		return value{shape: timeSeries, lines: []series{result}}
	}}, nil
}

// aggregated returns a number made of those that are there. An average is over so many, or over those there where that is 0.
func aggregated(name string, numbers series, over int) float64 {
	there := slices.DeleteFunc(slices.Clone(numbers), missing)
	if len(there) == 0 {
		return math.NaN()
	}

	switch name {
	case "MAX":
		return slices.Max(there)
	case "MIN":
		return slices.Min(there)
	case "SUM":
		return orMissing(sum(there))
	default:
		return orMissing(sum(there) / float64(max(over, len(there))))
	}
}

// fill reads FILL: a number or the points of a time series for the missing ones, or with REPEAT the last one that was there.
func (p *expressionParser) fill() (expression, error) {
	of, err := p.expression()
	if err != nil {
		return expression{}, err
	}

	if of.shape == scalar {
		return expression{}, fmt.Errorf("it does not fill %v", of.shape)
	}

	if err := p.expect(","); err != nil {
		return expression{}, err
	}

	if _, repeats := p.take("REPEAT"); repeats {
		return expression{of.shape, func(in scope) value {
			return filled(of.of(in), func(line series, point int) float64 { return line[max(point-1, 0)] })
		}}, p.expect(")")
	}

	list, err := p.arguments(1, 1, scalar, timeSeries)
	if err != nil {
		return expression{}, err
	}

	return expression{of.shape, func(in scope) value {
		with := list[0].of(in)

		return filled(of.of(in), func(_ series, point int) float64 { return with.point(point) })
	}}, nil
}

func filled(of value, with func(line series, point int) float64) value {
	result := value{shape: of.shape}

	for _, line := range of.lines {
		line = slices.Clone(line)

		for point := range line {
			if missing(line[point]) {
				line[point] = with(line, point)
			}
		}

		result.lines = append(result.lines, line)
	}

	return result
}

// point is that of a time series, or the number that stands for every point.
func (v value) point(point int) float64 {
	if v.shape == scalar {
		return v.number
	}

	return v.lines[0][point]
}

func (p *expressionParser) allMetrics() (expression, error) {
	return expression{seriesArray, func(in scope) value {
		all := value{shape: seriesArray}
		for _, id := range in.metrics {
			all.lines = append(all.lines, in.ids[id].lines...)
		}

		return all
	}}, p.expect(")")
}

func (p *expressionParser) period() (expression, error) {
	if id := p.next(); !slices.Contains(p.metrics, id.text) {
		return expression{}, fmt.Errorf("%v is not the id of a metric", id)
	}

	return expression{scalar, func(in scope) value { return value{number: in.grid.period.Seconds()} }}, p.expect(")")
}

func (p *expressionParser) constantSeries() (expression, error) {
	list, err := p.arguments(1, 1, scalar)
	if err != nil {
		return expression{}, err
	}

	return expression{timeSeries, func(in scope) value {
		return value{shape: timeSeries, lines: []series{slices.Repeat(series{list[0].of(in).number}, in.grid.points)}}
	}}, nil
}
