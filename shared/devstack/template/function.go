package template

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// absent is what !Ref AWS::NoValue is: the property or the element of a list is not there.
type absent struct{}

// fault is a problem with the line where it is.
func fault(node *yaml.Node, format string, arguments ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{node.Line}, arguments...)...)
}

// value evaluates anything.
func (e *evaluation) value(node *yaml.Node) (any, error) {
	switch {
	case isFunction(node):
		return e.call(node)
	case node.Kind == yaml.MappingNode:
		return e.object(node)
	case node.Kind == yaml.SequenceNode:
		return e.list(node)
	case node.Kind == yaml.ScalarNode:
		return scalar(node)
	default:
		return nil, fault(node, "neither a value nor an alias that CloudFormation would take")
	}
}

// scalar reads YAML 1.1, which is CloudFormation's version: a plain yes or off is a bool, and a date is text.
func scalar(node *yaml.Node) (content any, err error) {
	var truth bool

	switch tag := node.ShortTag(); {
	case tag == "!!int" || tag == "!!float":
		err = node.Decode(&content)
	case node.Style == 0 && node.Decode(&truth) == nil:
		content = truth
	default:
		content = node.Value
	}

	return content, err
}

func (e *evaluation) object(node *yaml.Node) (map[string]any, error) {
	result := make(map[string]any, len(node.Content))

	var problems []error

	for name, inner := range pairs(node) {
		value, err := e.value(inner)
		if name == "Ref" || strings.HasPrefix(name, "Fn::") {
			err = fault(inner, "%s is not evaluated here: write its short form, such as !Ref", name)
		}
		problems = append(problems, err)

		if value != (absent{}) {
			result[name] = value
		}
	}

	return result, errors.Join(problems...)
}

func (e *evaluation) list(node *yaml.Node) ([]any, error) {
	result := make([]any, 0, len(node.Content))

	var problems []error

	for _, inner := range node.Content {
		value, err := e.value(inner)
		problems = append(problems, err)

		if value != (absent{}) {
			result = append(result, value)
		}
	}

	return result, errors.Join(problems...)
}

// text evaluates what has to be text, a number or a bool.
func (e *evaluation) text(node *yaml.Node) (string, error) {
	value, err := e.value(node)
	if err != nil {
		return "", err
	}

	switch value.(type) {
	case string, int, float64, bool:
		return fmt.Sprint(value), nil
	default:
		return "", fault(node, "this is to be text")
	}
}

// call evaluates a function.
func (e *evaluation) call(node *yaml.Node) (any, error) {
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
	default:
		return nil, fault(node, "%s is no function that is evaluated here", node.Tag)
	}
}

func (e *evaluation) choose(node *yaml.Node) (any, error) {
	if len(node.Content) != 3 {
		return nil, fault(node, "!If takes a condition and two values")
	}

	holds, err := e.condition(node.Content[0].Value)

	switch {
	case err != nil:
		return nil, fault(node, "%w", err)
	case holds:
		return e.value(node.Content[1])
	default:
		return e.value(node.Content[2])
	}
}

func (e *evaluation) split(node *yaml.Node) (any, error) {
	if len(node.Content) != 2 {
		return nil, fault(node, "!Split takes a delimiter and a text")
	}

	source, err := e.text(node.Content[1])

	var list []any
	for item := range strings.SplitSeq(source, node.Content[0].Value) {
		list = append(list, item)
	}

	return list, err
}

// placeholder is a name in !Sub's text; ${!Name} stands for ${Name} itself.
var placeholder = regexp.MustCompile(`\$\{(!?)([^}]*)\}`)

// sub evaluates !Sub, of a text alone or with a map of its own names.
func (e *evaluation) sub(node *yaml.Node) (any, error) {
	source, own := node, map[string]*yaml.Node{}

	if node.Kind == yaml.SequenceNode {
		if len(node.Content) != 2 {
			return nil, fault(node, "!Sub takes a text, or a list of a text and a map")
		}

		source = node.Content[0]
		maps.Insert(own, pairs(node.Content[1]))
	}

	var problems []error

	result := placeholder.ReplaceAllStringFunc(source.Value, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		if parts[1] == "!" {
			return "${" + parts[2] + "}"
		}

		text, err := e.named(parts[2], own, node)
		problems = append(problems, err)

		return text
	})

	return result, errors.Join(problems...)
}

// named is what a name in !Sub's text stands for.
func (e *evaluation) named(name string, own map[string]*yaml.Node, node *yaml.Node) (string, error) {
	inner, is := own[name]

	switch {
	case is:
		return e.text(inner)
	case strings.Contains(name, "."):
		return e.attribute(name, node)
	default:
		value, err := e.ref(name, node)

		text, is := value.(string)
		if err == nil && !is {
			err = fault(node, "${%s} is no text", name)
		}

		return text, err
	}
}
