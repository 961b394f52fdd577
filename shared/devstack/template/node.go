package template

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document reads the one document of a template's text.
func document(content []byte) (*yaml.Node, error) {
	if trimmed := bytes.TrimSpace(content); bytes.HasPrefix(trimmed, []byte("{")) {
		if root, err := jsonDocument(trimmed); err == nil {
			return root, nil
		}
		// A YAML flow map begins like this as well; if it is neither, YAML's complaint names a line.
	}

	decoder := yaml.NewDecoder(bytes.NewReader(content))

	var root yaml.Node
	if err := decoder.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}

		return nil, err
	}

	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it has more than one document")
	}

	if root.Kind == yaml.DocumentNode {
		return root.Content[0], nil
	}

	return &root, nil
}

// value makes a node the value that CloudFormation sees, with short tags written out: !Ref X is {"Ref": "X"}.
func value(node *yaml.Node, at place, found *problems) any {
	if node.Anchor != "" || node.Kind == yaml.AliasNode {
		found.add(at, "is an anchor or an alias, which CloudFormation does not take")

		return nil
	}

	if name, tagged := strings.CutPrefix(node.Tag, "!"); tagged && !strings.HasPrefix(name, "!") {
		return taggedValue(name, node, at, found)
	}

	return plainValue(node, at, found)
}

// taggedValue is the long form of what a short tag says.
func taggedValue(name string, node *yaml.Node, at place, found *problems) any {
	if !isAlphanumeric(name) {
		found.add(at, "has the tag !"+name+", which CloudFormation does not know")

		return nil
	}

	if name != "Ref" && name != "Condition" {
		name = "Fn::" + name
	}

	untagged := *node
	untagged.Tag = ""

	if node.Kind == yaml.ScalarNode {
		untagged.Tag = "!!str" // !Sub 1 is about the text 1
	}

	return longForm(map[string]any{name: plainValue(&untagged, at, found)})
}

// longForm writes Fn::GetAtt as a list, the one form that JSON and YAML have in common.
func longForm(content map[string]any) map[string]any {
	if text, is := content["Fn::GetAtt"].(string); is && len(content) == 1 {
		if id, attribute, dotted := strings.Cut(text, "."); dotted {
			content["Fn::GetAtt"] = []any{id, attribute}
		}
	}

	return content
}

func plainValue(node *yaml.Node, at place, found *problems) any {
	switch node.Kind {
	case yaml.MappingNode:
		return mapping(node, at, found)
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for i, item := range node.Content {
			list = append(list, value(item, at.index(i), found))
		}

		return list
	case yaml.ScalarNode:
		return scalar(node, at, found)
	default:
		found.add(at, "is an alias, which CloudFormation does not take")

		return nil
	}
}

func mapping(node *yaml.Node, at place, found *problems) any {
	content := make(map[string]any, len(node.Content)/2)

	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		inside := at.key(key.Value)

		switch {
		case key.Kind != yaml.ScalarNode || key.Anchor != "":
			found.add(at, fmt.Sprintf("has a key in line %d that is no plain text", key.Line))

			continue
		case key.ShortTag() == "!!merge":
			found.add(inside, "is a merge key, which CloudFormation does not take")

			continue
		}

		if _, twice := content[key.Value]; twice {
			found.add(inside, "is there twice")
		}

		content[key.Value] = value(node.Content[i+1], inside, found)
	}

	return longForm(content)
}

// scalar reads a scalar as YAML 1.1 has it, which is CloudFormation's version: a plain yes or off is a bool, and a date is
// text.
func scalar(node *yaml.Node, at place, found *problems) any {
	switch node.ShortTag() {
	case "!!null":
		found.add(at, "is null, which CloudFormation does not take")

		return nil
	case "!!bool":
		var content bool
		if node.Decode(&content) == nil {
			return content
		}
	case "!!int", "!!float":
		return number(node, at, found)
	case "!!str":
		if content, is := oldBool(node); is {
			return content
		}
	}

	return node.Value
}

// oldBool tells YAML 1.1's other words for true and false, which YAML 1.2 takes for text.
func oldBool(node *yaml.Node) (content, is bool) {
	if node.Style != 0 { // quoted, tagged or a block
		return false, false
	}

	switch {
	case slices.Contains([]string{"yes", "Yes", "YES", "on", "On", "ON"}, node.Value):
		return true, true
	case slices.Contains([]string{"no", "No", "NO", "off", "Off", "OFF"}, node.Value):
		return false, true
	default:
		return false, false
	}
}

func number(node *yaml.Node, at place, found *problems) any {
	if whole, err := strconv.Atoi(node.Value); err == nil && (len(node.Value) == 1 || node.Value[0] != '0') {
		return whole
	}

	var content any
	if err := node.Decode(&content); err != nil {
		return node.Value
	}

	switch content := content.(type) {
	case int:
		return content
	case uint64:
		return float64(content)
	case float64:
		if math.IsInf(content, 0) || math.IsNaN(content) {
			found.add(at, "is no number that CloudFormation knows")
		}

		return content
	default:
		return node.Value
	}
}
