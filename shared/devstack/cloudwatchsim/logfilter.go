package cloudwatchsim

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// condition is what a filter asks of a record.
type condition func(LogRecord) bool

// filterParser reads a condition by descent: or, and, not, a comparison.
type filterParser struct {
	words []string
	depth int
}

// maxDepth bounds how deep a condition is nested.
const maxDepth = 100

func (q *logQuery) parseFilter(words []string) error {
	parser := &filterParser{words: words}

	read, err := parser.any()
	if err != nil {
		return err
	}

	if len(parser.words) > 0 {
		return fmt.Errorf("%q stands behind the condition", strings.Join(parser.words, " "))
	}

	q.conditions = append(q.conditions, read)

	return nil
}

func (p *filterParser) next() string {
	if len(p.words) == 0 {
		return ""
	}

	word := p.words[0]
	p.words = p.words[1:]

	return word
}

func (p *filterParser) take(word string) bool {
	if len(p.words) == 0 || !strings.EqualFold(p.words[0], word) {
		return false
	}

	p.next()

	return true
}

func (p *filterParser) any() (condition, error) {
	left, err := p.all()

	for err == nil && p.take("or") {
		var right condition

		before := left
		right, err = p.all()
		left = func(record LogRecord) bool { return before(record) || right(record) }
	}

	return left, err
}

func (p *filterParser) all() (condition, error) {
	left, err := p.one()

	for err == nil && p.take("and") {
		var right condition

		before := left
		right, err = p.one()
		left = func(record LogRecord) bool { return before(record) && right(record) }
	}

	return left, err
}

func (p *filterParser) one() (condition, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errors.New("it is nested too deep")
	}
	defer func() { p.depth-- }()

	switch {
	case p.take("not"):
		inner, err := p.one()

		return func(record LogRecord) bool { return !inner(record) }, err
	case p.take("("):
		inner, err := p.any()
		if err == nil && !p.take(")") {
			err = errors.New("a parenthesis is not closed")
		}

		return inner, err
	case len(p.words) > 1 && strings.EqualFold(p.words[0], "ispresent") && p.words[1] == "(":
		return p.present()
	default:
		return p.comparison()
	}
}

func (p *filterParser) present() (condition, error) {
	p.next()
	p.next()

	field := p.next()
	if !isField(field) || !p.take(")") {
		return nil, errors.New("ispresent takes one field in parentheses")
	}

	return func(record LogRecord) bool { return record.field(fieldName(field)) != nil }, nil
}

func (p *filterParser) comparison() (condition, error) {
	field, operator := p.next(), p.next()
	if !isField(field) {
		return nil, fmt.Errorf("%q is not a field", field)
	}

	name := fieldName(field)

	if strings.EqualFold(operator, "not") && p.take("like") {
		like, err := p.like(name)

		return func(record LogRecord) bool { return !like(record) }, err
	}

	if strings.EqualFold(operator, "like") || operator == "=~" {
		return p.like(name)
	}

	word := p.next()

	value, is := literal(word)
	if !is {
		return nil, fmt.Errorf("%q is not a number, a text in quotes, true or false", word)
	}

	if !slices.Contains([]string{"=", "!=", "<", "<=", ">", ">="}, operator) {
		return nil, fmt.Errorf("%q is none of =, !=, <, <=, >, >=, like and not like", operator)
	}

	if operator == "=" {
		operator = "=="
	}

	compares := comparison(operator)

	return func(record LogRecord) bool {
		found := record.field(name)
		if found == nil {
			return operator == "!="
		}

		return compares(float64(compareFields(found, value)), 0)
	}, nil
}

// like reads what a field is to contain: a text, or an expression between slashes.
func (p *filterParser) like(field string) (condition, error) {
	word := p.next()

	pattern, isExpression := strings.CutPrefix(word, "/")
	if !isExpression {
		text, quoted := unquoted(word)
		if !quoted {
			return nil, fmt.Errorf("like takes a text in quotes or an expression between slashes, not %q", word)
		}

		pattern = regexp.QuoteMeta(text) + "/"
	}

	expression, err := regexp.Compile(strings.TrimSuffix(pattern, "/"))
	if err != nil {
		return nil, fmt.Errorf("like: %w", err)
	}

	return func(record LogRecord) bool {
		found := record.field(field)

		return found != nil && expression.MatchString(fieldText(found))
	}, nil
}
