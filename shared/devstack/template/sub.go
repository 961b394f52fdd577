package template

import (
	"errors"
	"strings"
)

// piece is a part of Fn::Sub's text: plain text, or a name to be replaced.
type piece struct {
	plain, name string
}

// pieces takes Fn::Sub's text apart. ${!Name} stands for ${Name} itself.
func pieces(source string) ([]piece, error) {
	var all []piece

	for {
		before, rest, opened := strings.Cut(source, "${")
		if before != "" {
			all = append(all, piece{plain: before})
		}

		if !opened {
			return all, nil
		}

		name, after, closed := strings.Cut(rest, "}")

		switch {
		case !closed:
			return nil, errors.New("Fn::Sub has ${ without }")
		case strings.HasPrefix(name, "!"):
			all = append(all, piece{plain: "${" + name[1:] + "}"})
		case !isVariable(name):
			return nil, errors.New("Fn::Sub has ${" + name + "}, and names are of letters, digits, and . : _")
		default:
			all = append(all, piece{name: name})
		}

		source = after
	}
}

func isVariable(name string) bool {
	return isAlphanumeric(strings.NewReplacer(".", "0", ":", "0", "_", "0").Replace(name))
}

// sub evaluates Fn::Sub, of a text alone or with a map of its own variables.
func (e *evaluation) sub(argument any, at place) (any, bool) {
	source, variables, ok := e.subArguments(argument, at)
	if !ok {
		return nil, false
	}

	parts, err := pieces(source)
	if err != nil {
		e.found.add(at, err.Error())

		return nil, false
	}

	var result strings.Builder

	for _, part := range parts {
		result.WriteString(part.plain)

		if part.name == "" {
			continue
		}

		content, found := e.variable(part.name, variables, at)
		ok = ok && found

		result.WriteString(content)
	}

	return result.String(), ok
}

// subArguments are Fn::Sub's text and its variables, not yet evaluated.
func (e *evaluation) subArguments(argument any, at place) (source string, variables map[string]any, ok bool) {
	if source, ok = argument.(string); ok {
		return source, nil, true
	}

	list, _ := argument.([]any)
	if len(list) == 2 {
		source, ok = list[0].(string)

		if variables, is := list[1].(map[string]any); ok && is {
			return source, variables, true
		}
	}

	e.found.add(at, "Fn::Sub takes a text, or a list of a text and a map")

	return "", nil, false
}

// variable is what stands for a name in Fn::Sub.
func (e *evaluation) variable(name string, variables map[string]any, at place) (string, bool) {
	var (
		content any
		ok      bool
	)

	switch own, is := variables[name]; {
	case is:
		content, ok = e.value(own, at.key(name))
	case strings.Contains(name, "."):
		id, attribute, _ := strings.Cut(name, ".")
		content, ok = e.attributeOf(id, attribute, "Fn::Sub", at)
	default:
		content, ok = e.refName(name, "Fn::Sub", at)
	}

	if !ok {
		return "", false
	}

	plain, is := text(content)
	if !is {
		e.found.add(at, "Fn::Sub has ${"+name+"}, which is no text")
	}

	return plain, is
}
