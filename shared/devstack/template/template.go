// Package template reads template.yaml and decides it as CloudFormation would for one deployment: parameters, rules,
// conditions and functions, without an account. The local world is wired by what comes out, and tests look things up in it.
//
// Rules: it knows the functions and types that the template uses, in their short form (!Ref, !Sub …). What it does not know
// is an error with its line, and never a guess. Whether a template is well formed, cfn-lint checks. SAM's transform is not
// applied: AWS::Serverless resources are taken as they stand, with Globals merged into them.
package template

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Template is a template as it was read.
type Template struct {
	file     string // its name, for errors
	sections sections
}

// sections are a template's, with functions not yet evaluated.
type sections struct {
	Parameters map[string]Parameter   `yaml:"Parameters"`
	Rules      map[string]rule        `yaml:"Rules"`
	Conditions map[string]yaml.Node   `yaml:"Conditions"`
	Globals    map[string]yaml.Node   `yaml:"Globals"` // by the type that they are for, without AWS::Serverless
	Resources  map[string]declaration `yaml:"Resources"`
	Outputs    map[string]declaration `yaml:"Outputs"`
}

type rule struct {
	RuleCondition yaml.Node `yaml:"RuleCondition"`
	Assertions    []struct {
		Assert            yaml.Node `yaml:"Assert"`
		AssertDescription string    `yaml:"AssertDescription"`
	} `yaml:"Assertions"`
}

// declaration is a resource or an output.
type declaration struct {
	Type        string    `yaml:"Type"`
	Condition   yaml.Node `yaml:"Condition"`
	Description string    `yaml:"Description"`
	Properties  yaml.Node `yaml:"Properties"`
	Value       yaml.Node `yaml:"Value"`
}

// Read reads a template's file. What the template says is checked by [Template.Evaluate].
func Read(file string) (*Template, error) {
	content, err := os.ReadFile(file) //nolint:gosec // the file is the caller's choice
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	t := &Template{file: filepath.Base(file)}
	if err := yaml.Unmarshal(content, &t.sections); err != nil {
		return nil, fmt.Errorf("read the template %s: %w", t.file, err)
	}
	for id, resource := range t.sections.Resources {
		kind, serverless := strings.CutPrefix(resource.Type, "AWS::Serverless::")
		if shared, there := t.sections.Globals[kind]; serverless && there {
			resource.Properties = *merge(&shared, &resource.Properties)
			t.sections.Resources[id] = resource
		}
	}

	return t, nil
}

// merge is SAM's: maps are merged deep, lists are joined, and of anything else the resource's own stands.
func merge(shared, own *yaml.Node) *yaml.Node {
	switch {
	case own.IsZero():
		return shared
	case isFunction(shared), isFunction(own), shared.Kind != own.Kind, own.Kind == yaml.ScalarNode:
		return own
	}
	merged := *own
	merged.Content = slices.Clone(shared.Content)
	if own.Kind == yaml.SequenceNode {
		merged.Content = append(merged.Content, own.Content...)

		return &merged
	}
	for name, content := range pairs(own) {
		merged.Content = set(merged.Content, name, content)
	}

	return &merged
}

// set returns a map's keys and values with one more, merged into the one of that name where there is one.
func set(content []*yaml.Node, name string, own *yaml.Node) []*yaml.Node {
	for i := 0; i < len(content); i += 2 {
		if content[i].Value == name {
			content[i+1] = merge(content[i+1], own)

			return content
		}
	}

	return append(content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, own)
}

// pairs are a map's values by name, in the file's order; none of what is no map.
func pairs(node *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		for i := 0; node.Kind == yaml.MappingNode && i < len(node.Content); i += 2 {
			if !yield(node.Content[i].Value, node.Content[i+1]) {
				return
			}
		}
	}
}

// isFunction says whether it is a function in its short form.
func isFunction(node *yaml.Node) bool {
	return strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!")
}
