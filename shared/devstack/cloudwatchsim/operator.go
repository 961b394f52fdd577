package cloudwatchsim

import (
	"fmt"
	"math"
)

// combine joins two operands by an operator, point by point. A point that only one of two time series has counts as 0 in
// the other one; a result that is no number, as after a division by zero, is missing.
func combine(operator string, left, right expression) (expression, error) {
	logical := operatorOf(operator)

	if left.shape == seriesArray && right.shape == seriesArray {
		return expression{}, fmt.Errorf("%q stands between two arrays of time series", operator)
	}

	return expression{max(left.shape, right.shape), func(in scope) value {
		return combineValues(left.of(in), right.of(in), logical)
	}}, nil
}

func combineValues(left, right value, operator func(a, b float64) float64) value {
	result := value{shape: max(left.shape, right.shape)}

	switch {
	case result.shape == scalar:
		result.number = orMissing(operator(left.number, right.number))
	case left.shape == scalar:
		result.lines = eachLineOf(right.lines, func(number float64) float64 { return operator(left.number, number) })
	case right.shape == scalar:
		result.lines = eachLineOf(left.lines, func(number float64) float64 { return operator(number, right.number) })
	case left.shape == timeSeries:
		for _, line := range right.lines {
			result.lines = append(result.lines, combineLines(left.lines[0], line, operator))
		}
	default:
		for _, line := range left.lines {
			result.lines = append(result.lines, combineLines(line, right.lines[0], operator))
		}
	}

	return result
}

func combineLines(left, right series, operator func(a, b float64) float64) series {
	result := emptySeries(len(left))

	for point := range result {
		if !missing(left[point]) || !missing(right[point]) {
			result[point] = orMissing(operator(orZero(left[point]), orZero(right[point])))
		}
	}

	return result
}

// each applies a function to every point that is there, or to a number.
func each(operand expression, function func(float64) float64) expression {
	return expression{operand.shape, func(in scope) value {
		result := operand.of(in)
		result.number = orMissing(function(result.number))
		result.lines = eachLineOf(result.lines, function)

		return result
	}}
}

func eachLineOf(lines []series, function func(float64) float64) []series {
	results := make([]series, 0, len(lines))

	for _, line := range lines {
		result := emptySeries(len(line))

		for point, number := range line {
			if !missing(number) {
				result[point] = orMissing(function(number))
			}
		}

		results = append(results, result)
	}

	return results
}

func orZero(number float64) float64 {
	if missing(number) {
		return 0
	}

	return number
}

func orMissing(number float64) float64 {
	if math.IsInf(number, 0) {
		return math.NaN()
	}

	return number
}

// operatorOf returns what an operator does. Of truths it makes 1 and 0, and every number but 0 is true.
func operatorOf(operator string) func(a, b float64) float64 {
	switch operator {
	case "+":
		return func(a, b float64) float64 { return a + b }
	case "-":
		return func(a, b float64) float64 { return a - b }
	case "*":
		return func(a, b float64) float64 { return a * b }
	case "/":
		return func(a, b float64) float64 { return a / b }
	case "^":
		return math.Pow
	case "AND", "&&":
		return truth(func(a, b float64) bool { return a != 0 && b != 0 })
	case "OR", "||":
		return truth(func(a, b float64) bool { return a != 0 || b != 0 })
	default:
		return truth(comparison(operator))
	}
}

func truth(of func(a, b float64) bool) func(a, b float64) float64 {
	return func(a, b float64) float64 {
		switch {
		case missing(a) || missing(b):
			return math.NaN()
		case of(a, b):
			return 1
		default:
			return 0
		}
	}
}

// comparison returns what a sign compares. Any but the six signs compares for being more.
func comparison(sign string) func(a, b float64) bool {
	switch sign {
	case "==":
		return func(a, b float64) bool { return a == b }
	case "!=":
		return func(a, b float64) bool { return a != b }
	case "<":
		return func(a, b float64) bool { return a < b }
	case "<=":
		return func(a, b float64) bool { return a <= b }
	case ">=":
		return func(a, b float64) bool { return a >= b }
	default:
		return func(a, b float64) bool { return a > b }
	}
}
