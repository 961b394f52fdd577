package template

import (
	"math"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Parameter is a parameter as a template declares it. What the template leaves out is zero or nil.
type Parameter struct {
	// Name and Type, such as "LogRetentionDays" and "Number".
	Name, Type string
	// Description is for whoever deploys.
	Description string
	// Default is the value where none is given, as text; nil: the parameter is required.
	Default *string
	// AllowedPattern is a regular expression that the whole value has to match.
	AllowedPattern string
	// ConstraintDescription says what is allowed in words.
	ConstraintDescription string
	// AllowedValues are all values that are allowed, as text.
	AllowedValues []string
	// MinValue and MaxValue bound a Number.
	MinValue, MaxValue *float64
	// MinLength and MaxLength bound the characters of a String.
	MinLength, MaxLength *int
	// NoEcho keeps the value out of what AWS shows.
	NoEcho bool
}

// declaredParameters reads the parameters in the order of the document.
func declaredParameters(root *yaml.Node, section map[string]any, found *problems) []Parameter {
	var all []Parameter

	for _, name := range keysOf(root, "Parameters") {
		declaration, is := section[name].(map[string]any)
		if !is || slices.ContainsFunc(all, func(p Parameter) bool { return p.Name == name }) {
			continue // reported as a matter of form
		}

		all = append(all, declaredParameter(name, declaration, found))
	}

	return all
}

// keysOf are the keys of a section, in the document's order.
func keysOf(root *yaml.Node, section string) []string {
	var keys []string

	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != section || root.Content[i+1].Kind != yaml.MappingNode {
			continue
		}

		for j := 0; j < len(root.Content[i+1].Content); j += 2 {
			keys = append(keys, root.Content[i+1].Content[j].Value)
		}
	}

	return keys
}

func declaredParameter(name string, declaration map[string]any, found *problems) Parameter {
	parameter := Parameter{Name: name}
	at := place{path: "Parameters"}.key(name)

	for key, content := range declaration {
		if !parameter.set(key, content) {
			found.add(at.key(key), "is not known to parameters, or of the wrong type")
		}
	}

	if parameter.Type == "" {
		found.add(at, "has no Type")
	}

	return parameter
}

// set takes one attribute of a declaration, and says whether it could.
func (p *Parameter) set(key string, content any) bool {
	plain, isPlain := text(content)

	switch key {
	case "Type":
		p.Type, isPlain = content.(string)
	case "Description":
		p.Description = plain
	case "Default":
		if isPlain {
			p.Default = &plain
		}
	case "AllowedPattern":
		p.AllowedPattern = plain
	case "ConstraintDescription":
		p.ConstraintDescription = plain
	case "AllowedValues":
		p.AllowedValues, isPlain = texts(content)
	case "NoEcho":
		p.NoEcho = plain == "true"
		isPlain = p.NoEcho || plain == "false"
	case "MinValue", "MaxValue", "MinLength", "MaxLength":
		bound, err := strconv.ParseFloat(plain, 64)

		return isPlain && err == nil && p.bound(key, bound)
	default:
		return false
	}

	return isPlain
}

func (p *Parameter) bound(key string, bound float64) bool {
	length := int(bound)

	switch key {
	case "MinValue":
		p.MinValue = &bound
	case "MaxValue":
		p.MaxValue = &bound
	case "MinLength":
		p.MinLength = &length

		return bound == math.Trunc(bound)
	case "MaxLength":
		p.MaxLength = &length

		return bound == math.Trunc(bound)
	}

	return true
}

// text is a scalar as text, as CloudFormation writes it; not so for lists and maps.
func text(content any) (string, bool) {
	switch content := content.(type) {
	case string:
		return content, true
	case int:
		return strconv.Itoa(content), true
	case float64:
		return strconv.FormatFloat(content, 'f', -1, 64), true
	case bool:
		return strconv.FormatBool(content), true
	default:
		return "", false
	}
}

// texts are a list's scalars as text.
func texts(content any) ([]string, bool) {
	list, is := content.([]any)
	if !is {
		return nil, false
	}

	all := make([]string, 0, len(list))

	for _, item := range list {
		plain, is := text(item)
		if !is {
			return nil, false
		}

		all = append(all, plain)
	}

	return all, true
}
