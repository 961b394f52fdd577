package cloudwatchsim

import (
	"fmt"
	"slices"
	"strconv"
)

// shape is what an expression comes down to: a number, a time series, or an array of them.
type shape int

const (
	scalar shape = iota
	timeSeries
	seriesArray
)

func (s shape) String() string {
	return [...]string{"a number", "a time series", "an array of time series"}[s]
}

// value is the result of an expression. A number is in number, a time series is the only one in lines.
type value struct {
	shape  shape
	number float64 // NaN where it is the result of nothing
	lines  []series
}

// scope is what an expression is evaluated in: the values of its ids, all over one grid.
type scope struct {
	grid grid
	ids  map[string]value
	// metrics are the ids that are metrics, in their order.
	metrics []string
}

// expression is an expression that has been read, or a part of one.
type expression struct {
	shape shape
	of    func(scope) value
}

// expressionParser reads an expression by descent, one function a precedence.
type expressionParser struct {
	tokens []token
	place  int
	// known are the shapes of the ids that the expression may name; metrics are those of them that are metrics.
	known   map[string]shape
	metrics []string
}

// parseExpression reads a metric-math expression. Its result is a time series or an array of them, as CloudWatch asks for.
func parseExpression(text string, known map[string]shape, metrics []string) (expression, error) {
	tokens, err := tokenize(text)
	if err != nil {
		return expression{}, err
	}

	parser := &expressionParser{tokens: tokens, known: known, metrics: metrics}

	root, err := parser.expression()
	if err != nil {
		return expression{}, err
	}

	if last := parser.peek(); last.kind != tokenEnd {
		return expression{}, fmt.Errorf("%v stands where an operator should", last)
	}

	if root.shape == scalar {
		return expression{}, fmt.Errorf("its result is %v, not a time series", root.shape)
	}

	return root, nil
}

func (p *expressionParser) peek() token { return p.tokens[p.place] }

func (p *expressionParser) next() token {
	next := p.peek()
	if next.kind != tokenEnd {
		p.place++
	}

	return next
}

// take steps over a word if it is one of those meant.
func (p *expressionParser) take(words ...string) (string, bool) {
	next := p.peek()
	if next.kind == tokenEnd || next.kind == tokenNumber || !slices.Contains(words, next.text) {
		return "", false
	}

	return p.next().text, true
}

func (p *expressionParser) expect(sign string) error {
	if _, is := p.take(sign); !is {
		return fmt.Errorf("%v stands where %q should", p.peek(), sign)
	}

	return nil
}

// expression reads operators of all precedences, the weakest first.
func (p *expressionParser) expression() (expression, error) { return p.operators(0) }

// operatorsByPrecedence are the operators between two operands that group to the left.
func operatorsByPrecedence() [][]string {
	return [][]string{{"OR", "||"}, {"AND", "&&"}, {"==", "!=", "<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/"}}
}

func (p *expressionParser) operators(precedence int) (expression, error) {
	levels := operatorsByPrecedence()
	if precedence == len(levels) {
		return p.signed()
	}

	left, err := p.operators(precedence + 1)
	for err == nil {
		operator, is := p.take(levels[precedence]...)
		if !is {
			return left, nil
		}

		var right expression
		if right, err = p.operators(precedence + 1); err == nil {
			left, err = combine(operator, left, right)
		}
	}

	return expression{}, err
}

// signed reads a minus in front of an operand, which binds less than a power.
func (p *expressionParser) signed() (expression, error) {
	if _, is := p.take("-"); !is {
		return p.power()
	}

	operand, err := p.signed()
	if err != nil {
		return expression{}, err
	}

	return each(operand, func(number float64) float64 { return -number }), nil
}

// power reads a power, which groups to the right.
func (p *expressionParser) power() (expression, error) {
	base, err := p.operand()
	if err != nil {
		return expression{}, err
	}

	if _, is := p.take("^"); !is {
		return base, nil
	}

	exponent, err := p.signed()
	if err != nil {
		return expression{}, err
	}

	return combine("^", base, exponent)
}

// operand reads a number, an id, a function with its arguments, an array, or an expression in parentheses.
func (p *expressionParser) operand() (expression, error) {
	switch next := p.next(); {
	case next.kind == tokenNumber:
		number, err := strconv.ParseFloat(next.text, 64)
		if err != nil {
			return expression{}, fmt.Errorf("%q is no number", next.text)
		}

		return constant(number), nil
	case next.kind == tokenName && p.peek().text == "(":
		return p.function(next.text)
	case next.kind == tokenName:
		return p.id(next.text)
	case next.text == "(":
		inner, err := p.expression()
		if err != nil {
			return expression{}, err
		}

		return inner, p.expect(")")
	case next.text == "[":
		return p.array()
	default:
		return expression{}, fmt.Errorf("%v stands where a number, an id or a function should", next)
	}
}

func (p *expressionParser) id(name string) (expression, error) {
	of, known := p.known[name]
	if !known {
		return expression{}, fmt.Errorf("%q is the id of no metric and no expression", name)
	}

	return expression{of, func(in scope) value { return in.ids[name] }}, nil
}

func (p *expressionParser) array() (expression, error) {
	elements, err := p.list("]")
	if err != nil {
		return expression{}, err
	}

	for _, element := range elements {
		if element.shape == scalar {
			return expression{}, fmt.Errorf("%v is no element of an array of time series", element.shape)
		}
	}

	return expression{seriesArray, func(in scope) value {
		all := value{shape: seriesArray}
		for _, element := range elements {
			all.lines = append(all.lines, element.of(in).lines...)
		}

		return all
	}}, nil
}

// list reads expressions up to the sign that ends them. There is at least one.
func (p *expressionParser) list(end string) ([]expression, error) {
	var list []expression

	for {
		element, err := p.expression()
		if err != nil {
			return nil, err
		}

		list = append(list, element)

		if _, more := p.take(","); !more {
			return list, p.expect(end)
		}
	}
}

func constant(number float64) expression {
	return expression{scalar, func(scope) value { return value{number: number} }}
}
