package template

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (e *evaluation) join(argument any, at place) (any, bool) {
	operands, ok := e.operands("Fn::Join", argument, 2, 2, at)
	if !ok {
		return nil, false
	}

	delimiter, ok := operands[0].(string)
	if !ok {
		e.found.add(at, "Fn::Join takes a delimiter, as plain text, first")

		return nil, false
	}

	list, ok := e.listOf(operands[1], "Fn::Join", at)
	if !ok {
		return nil, false
	}

	items, ok := texts(list)
	if !ok {
		e.found.add(at, "Fn::Join takes a list of texts, and this has something else in it")
	}

	return strings.Join(items, delimiter), ok
}

func (e *evaluation) pick(argument any, at place) (any, bool) {
	operands, ok := e.operands("Fn::Select", argument, 2, 2, at)
	if !ok {
		return nil, false
	}

	position, okPosition := e.text(operands[0], "Fn::Select", at)
	list, okList := e.listOf(operands[1], "Fn::Select", at)

	if !okPosition || !okList {
		return nil, false
	}

	index, err := strconv.Atoi(position)
	if err != nil || index < 0 || index >= len(list) {
		e.found.add(at, fmt.Sprintf("Fn::Select asks for element %s of a list of %d", position, len(list)))

		return nil, false
	}

	return list[index], true
}

func (e *evaluation) split(argument any, at place) (any, bool) {
	operands, ok := e.operands("Fn::Split", argument, 2, 2, at)
	if !ok {
		return nil, false
	}

	delimiter, _ := operands[0].(string)
	if delimiter == "" {
		e.found.add(at, "Fn::Split takes a delimiter, as plain text, first")

		return nil, false
	}

	source, ok := e.text(operands[1], "Fn::Split", at)
	list := []any{}

	for item := range strings.SplitSeq(source, delimiter) {
		list = append(list, item)
	}

	return list, ok
}

func (e *evaluation) findInMap(argument any, at place) (any, bool) {
	operands, ok := e.operands("Fn::FindInMap", argument, 3, 3, at)
	if !ok {
		return nil, false
	}

	keys := []string{"Mappings"}
	found := e.sections["Mappings"]

	for _, operand := range operands {
		key, ok := e.text(operand, "Fn::FindInMap", at)
		if !ok {
			return nil, false
		}

		inner, _ := found.(map[string]any)
		found = inner[key] // nil where it is not there
		keys = append(keys, key)
	}

	if list, is := found.([]any); is {
		return slices.Clone(list), true // the template's own stays as it is
	}

	_, is := text(found)
	if !is {
		e.found.add(at, "Fn::FindInMap asks for "+strings.Join(keys, ".")+", which is no value of the template's")
	}

	return found, is
}

// extension evaluates a function of the transform AWS::LanguageExtensions.
func (e *evaluation) extension(name string, argument any, at place) (any, bool) {
	transforms, _ := texts(e.sections["Transform"])
	if one, is := e.sections["Transform"].(string); is {
		transforms = []string{one}
	}

	if !slices.Contains(transforms, "AWS::LanguageExtensions") {
		e.found.add(at, name+" needs the transform AWS::LanguageExtensions")

		return nil, false
	}

	if name == "Fn::Length" {
		list, ok := e.listOf(argument, name, at)

		return len(list), ok
	}

	result, ok := e.value(argument, at)
	if !ok {
		return nil, false
	}

	content, err := json.Marshal(result)
	if err != nil {
		e.found.add(at, name+" takes what JSON can say")
	}

	return string(content), err == nil
}
