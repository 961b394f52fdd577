package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Stack is a template decided for one deployment: what its conditions leave out is not there, and no function is left.
type Stack struct {
	// Name is the stack's.
	Name string
	// Parameters are the values by name, defaults included: text, or []any of texts for list types.
	Parameters map[string]any
	// Conditions says of every condition whether it holds.
	Conditions map[string]bool
	// Resources by logical id.
	Resources map[string]Resource
	// Outputs by name.
	Outputs map[string]Output
}

// Resource is one resource of a stack.
type Resource struct {
	// LogicalID is its name in the template.
	LogicalID string `json:"-"`
	// Type is such as "AWS::Serverless::Function".
	Type string
	// Properties are what the template says, Globals included; empty where it says nothing.
	Properties map[string]any `json:",omitempty"`
	// Metadata is the resource's own.
	Metadata map[string]any `json:",omitempty"`
	// DeletionPolicy and UpdateReplacePolicy are "Delete", "Retain", "RetainExceptOnCreate" or "Snapshot"; "" where the
	// template says nothing, which is "Delete".
	DeletionPolicy      string `json:",omitempty"`
	UpdateReplacePolicy string `json:",omitempty"`
	// DependsOn are logical ids of resources that this stack has, sorted.
	DependsOn []string `json:",omitempty"`
}

// Output is one output of a stack.
type Output struct {
	// Description is the template's, or "".
	Description string `json:",omitempty"`
	// Value is text, a number or a bool.
	Value any
	// ExportName is the name under which other stacks import the value; "" where it is not exported.
	ExportName string `json:"-"`
}

// MarshalJSON writes the output as a template has it.
func (o Output) MarshalJSON() ([]byte, error) {
	type plain Output

	whole := struct {
		plain
		Export map[string]string `json:",omitempty"`
	}{plain: plain(o)}

	if o.ExportName != "" {
		whole.Export = map[string]string{"Name": o.ExportName}
	}

	return json.Marshal(whole)
}

// OfType returns the stack's resources of a type, sorted by logical id.
func (s *Stack) OfType(t string) []Resource {
	var all []Resource

	for _, resource := range s.Resources {
		if resource.Type == t {
			all = append(all, resource)
		}
	}

	slices.SortFunc(all, func(a, b Resource) int { return strings.Compare(a.LogicalID, b.LogicalID) })

	return all
}

// JSON returns {"Conditions":…,"Resources":…,"Outputs":…}, conditions as what they came to, the others as a template has
// them, indented, with a line's end at the end.
func (s *Stack) JSON() ([]byte, error) {
	return indented(struct {
		Conditions map[string]bool
		Resources  map[string]Resource
		Outputs    map[string]Output
	}{s.Conditions, s.Resources, s.Outputs})
}

// indented is JSON to be read by people too: <, > and & stay as they are.
func indented(content any) ([]byte, error) {
	var out bytes.Buffer

	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")

	if err := encoder.Encode(content); err != nil {
		return nil, fmt.Errorf("encode as JSON: %w", err)
	}

	return out.Bytes(), nil
}
