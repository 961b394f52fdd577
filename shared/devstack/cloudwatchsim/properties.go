package cloudwatchsim

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// properties reads a resource's properties by name, in the forms in which an evaluated template has them. It keeps every
// problem, and what nobody asked for is one: CloudFormation refuses a property that it does not know.
type properties struct {
	values   map[string]any
	asked    map[string]bool
	problems []error
}

func newProperties(values map[string]any) *properties {
	return &properties{values: values, asked: make(map[string]bool)}
}

// err tells all problems, and the properties that are unknown.
func (p *properties) err() error {
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		if !p.asked[name] {
			p.problem("the property %s is unknown", name)
		}
	}

	return errors.Join(p.problems...)
}

func (p *properties) problem(format string, arguments ...any) {
	p.problems = append(p.problems, fmt.Errorf(format, arguments...))
}

func (p *properties) value(name string) (any, bool) {
	p.asked[name] = true
	value, has := p.values[name]

	return value, has && value != nil
}

func (p *properties) has(name string) bool {
	_, has := p.value(name)

	return has
}

// text returns a text, "" where there is none.
func (p *properties) text(name string) string {
	value, has := p.value(name)
	if !has {
		return ""
	}

	text, is := value.(string)
	if !is {
		p.problem("%s is a %T, not a text", name, value)
	}

	return text
}

// oneOf returns a text that has to be one of those known.
func (p *properties) oneOf(name string, known ...string) string {
	text := p.text(name)
	if p.has(name) && !slices.Contains(known, text) {
		p.problem("%s is %q, none of %q", name, text, known)
	}

	return text
}

// number returns a number, 0 where there is none.
func (p *properties) number(name string) float64 {
	value, has := p.value(name)
	if !has {
		return 0
	}

	switch number := value.(type) {
	case int:
		return float64(number)
	case int64:
		return float64(number)
	case float64:
		return p.finite(name, number)
	case string:
		if parsed, err := strconv.ParseFloat(number, 64); err == nil {
			return p.finite(name, parsed)
		}
	}

	p.problem("%s is %v, not a number", name, value)

	return 0
}

func (p *properties) finite(name string, number float64) float64 {
	if math.IsNaN(number) || math.IsInf(number, 0) {
		p.problem("%s is %v, not a number", name, number)

		return 0
	}

	return number
}

// whole returns a whole number of at least 1, 0 where there is none.
func (p *properties) whole(name string) int {
	number := p.number(name)
	if p.has(name) && (number < 1 || number > math.MaxInt32 || number != math.Trunc(number)) {
		p.problem("%s is %v, not a whole number of at least 1", name, number)

		return 0
	}

	return int(number)
}

// truth returns a boolean, or what holds where there is none.
func (p *properties) truth(name string, otherwise bool) bool {
	value, has := p.value(name)

	switch {
	case !has:
		return otherwise
	case value == true || value == "true":
		return true
	case value != false && value != "false":
		p.problem("%s is %v, neither true nor false", name, value)
	}

	return false
}

// texts returns a list of texts.
func (p *properties) texts(name string) []string {
	var texts []string

	for i, value := range p.list(name) {
		text, is := value.(string)
		if !is {
			p.problem("%s: element %d is a %T, not a text", name, i+1, value)
		}

		texts = append(texts, text)
	}

	return texts
}

func (p *properties) list(name string) []any {
	value, has := p.value(name)
	if !has {
		return nil
	}

	list, is := value.([]any)
	if !is {
		p.problem("%s is a %T, not a list", name, value)
	}

	return list
}

// object hands a map of its own properties on, and keeps the problems found there.
func (p *properties) object(name string, value any, read func(*properties)) {
	values, is := value.(map[string]any)
	if !is {
		p.problem("%s is a %T, not an object", name, value)

		return
	}

	inner := newProperties(values)
	read(inner)

	if err := inner.err(); err != nil {
		p.problem("%s: %w", name, err)
	}
}

// dimensions reads CloudFormation's list of Name and Value.
func (p *properties) dimensions(name string) map[string]string {
	dimensions := make(map[string]string)

	for i, value := range p.list(name) {
		p.object(fmt.Sprintf("%s: element %d", name, i+1), value, func(pair *properties) {
			key, text := pair.text("Name"), pair.text("Value")
			if _, twice := dimensions[key]; twice || key == "" || text == "" {
				pair.problem("a dimension has a Name of its own and a Value")
			}

			dimensions[key] = text
		})
	}

	return dimensions
}
