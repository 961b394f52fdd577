package template

import (
	"fmt"
	"maps"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// absent is what !Ref AWS::NoValue is: the property or the element of a list is not there.
type absent struct{}

// value evaluates anything.
func (e *evaluation) value(node *yaml.Node) any {
	switch node.Tag {
	case "!Ref":
		return e.ref(node.Value, node)
	case "!GetAtt":
		return e.attribute(node.Value, node)
	case "!Sub":
		return e.sub(node)
	case "!If":
		return e.choose(node)
	case "!Split":
		return e.split(node)
	case "!Join":
		return e.join(node)
	}
	switch {
	case isFunction(node):
		fail(node, "%s is no function that is evaluated here", node.Tag)
	case node.Kind == yaml.MappingNode:
		return e.object(node)
	case node.Kind == yaml.SequenceNode:
		return e.list(node)
	case node.Kind != yaml.ScalarNode:
		fail(node, "neither a value nor an alias that CloudFormation would take")
	}

	return scalar(node)
}

// scalar reads YAML 1.1, which is CloudFormation's version: a plain yes or off is a bool, and a date is text.
func scalar(node *yaml.Node) any {
	var (
		truth  bool
		number any
	)
	switch tag := node.ShortTag(); {
	case (tag == "!!int" || tag == "!!float") && node.Decode(&number) == nil:
		return number
	case node.Style == 0 && node.Decode(&truth) == nil:
		return truth
	default:
		return node.Value
	}
}

func (e *evaluation) object(node *yaml.Node) map[string]any {
	result := make(map[string]any, len(node.Content))
	for name, inner := range pairs(node) {
		if name == "Ref" || strings.HasPrefix(name, "Fn::") {
			fail(inner, "%s is not evaluated here: write its short form, such as !Ref", name)
		} else if value := e.value(inner); value != (absent{}) {
			result[name] = value
		}
	}

	return result
}

func (e *evaluation) list(node *yaml.Node) []any {
	result := make([]any, 0, len(node.Content))
	for _, inner := range node.Content {
		if value := e.value(inner); value != (absent{}) {
			result = append(result, value)
		}
	}

	return result
}

// text evaluates what has to be text, a number or a bool.
func (e *evaluation) text(node *yaml.Node) string {
	value := e.value(node)
	switch value.(type) {
	case string, int, float64, bool:
	default:
		fail(node, "this is to be text")
	}

	return fmt.Sprint(value)
}

func (e *evaluation) choose(node *yaml.Node) any {
	of := operands(node, 3)
	if e.condition(of[0].Value, node) {
		return e.value(of[1])
	}

	return e.value(of[2])
}

func (e *evaluation) split(node *yaml.Node) any {
	var list []any
	of := operands(node, 2)
	for item := range strings.SplitSeq(e.text(of[1]), of[0].Value) {
		list = append(list, item)
	}

	return list
}

func (e *evaluation) join(node *yaml.Node) any {
	of := operands(node, 2)
	list, _ := e.value(of[1]).([]any)
	joined := strings.TrimSuffix(strings.Repeat("%v"+of[0].Value, len(list)), of[0].Value)

	return fmt.Sprintf(joined, list...)
}

// placeholder is a name in !Sub's text.
var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// sub evaluates !Sub, of a text alone or with a map of its own names.
func (e *evaluation) sub(node *yaml.Node) any {
	source, own := node, map[string]*yaml.Node{}
	if node.Kind == yaml.SequenceNode {
		source = operands(node, 2)[0]
		maps.Insert(own, pairs(node.Content[1]))
	}

	return placeholder.ReplaceAllStringFunc(source.Value, func(found string) string {
		name := found[2 : len(found)-1]
		if inner, is := own[name]; is {
			return e.text(inner)
		}
		if strings.Contains(name, ".") {
			return e.attribute(name, node)
		}
		text, is := e.ref(name, node).(string)
		if !is {
			fail(node, "${%s} is no text", name)
		}

		return text
	})
}
