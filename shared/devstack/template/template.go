// Package template reads a CloudFormation template and decides it as CloudFormation would for one deployment: parameters,
// rules, conditions and intrinsic functions, without an account.
//
// Rules: it is as strict as CloudFormation, and where the two might differ, stricter; what it does not know, a function or
// an attribute, is a problem with its place and never a guess. All problems are reported at once, sorted by place. SAM's
// transform is not applied: AWS::Serverless resources are taken as they stand, with Globals merged into them. Values are
// as CloudFormation sees them: text, whole numbers (int), other numbers (float64), bool, []any and map[string]any; a
// parameter is always text or a list of texts, also where its type is Number. Nothing leaves the process.
package template

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxSize is CloudFormation's limit on a template's bytes.
const maxSize = 1 << 20

// Template is a template as it was read. It does not change: one Template may be evaluated from many goroutines.
type Template struct {
	name       string
	sections   map[string]any // what the file says, by section
	parameters []Parameter
	resources  map[string]map[string]any // with Globals merged in
}

// Read reads a template's file, YAML with or without short tags, or JSON. Its error lists every problem of form; the
// template's own logic is checked by [Template.Evaluate].
func Read(file string) (*Template, error) {
	content, err := os.ReadFile(file) //nolint:gosec // the file is the caller's choice
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}

	return Parse(filepath.Base(file), content)
}

// Parse is [Read] on a template's text; name is what errors call it.
func Parse(name string, content []byte) (*Template, error) {
	if len(content) > maxSize {
		return nil, fmt.Errorf("read the template %s: it has %d bytes, and CloudFormation takes at most %d", name, len(content), maxSize)
	}

	root, err := document(content)
	if err != nil {
		return nil, fmt.Errorf("read the template %s: %w", name, err)
	}

	var found problems

	t := &Template{name: name, sections: sections(root, &found)}
	t.parameters = declaredParameters(root, t.section("Parameters"), &found)
	t.checkForm(&found)

	if err := found.err(); err != nil {
		return nil, fmt.Errorf("read the template %s: %w", name, err)
	}

	t.resources = t.mergeGlobals()

	return t, nil
}

// Parameters returns the parameters as they are declared, in the file's order.
func (t *Template) Parameters() []Parameter { return slices.Clone(t.parameters) }

// ConditionNames returns the names of the template's conditions, sorted.
func (t *Template) ConditionNames() []string { return sortedKeys(t.section("Conditions")) }

// section returns a section that is a map, or nil where the template has none.
func (t *Template) section(name string) map[string]any {
	content, _ := t.sections[name].(map[string]any)

	return content
}

// sections takes the document apart into CloudFormation's sections.
func sections(root *yaml.Node, found *problems) map[string]any {
	whole, is := value(root, place{}, found).(map[string]any)
	if !is {
		found.add(place{path: "the template"}, "is no map of sections")

		return nil
	}

	for name, content := range whole {
		at := place{path: name}

		switch name {
		case "AWSTemplateFormatVersion":
			if content != "2010-09-09" {
				found.add(at, "is not 2010-09-09, the only version that there is")
			}
		case "Description":
			if _, is := content.(string); !is {
				found.add(at, "is no text")
			}
		case "Transform":
		case "Metadata", "Parameters", "Rules", "Mappings", "Conditions", "Globals", "Resources", "Outputs":
			if _, is := content.(map[string]any); !is {
				found.add(at, "is no map")
			}
		default:
			found.add(at, "is no section of a template")
		}
	}

	return whole
}

// checkForm checks what does not depend on a deployment.
func (t *Template) checkForm(found *problems) {
	if len(t.section("Resources")) == 0 {
		found.add(place{path: "Resources"}, "is missing or empty: a template has at least one resource")
	}

	for _, name := range []string{"Resources", "Outputs", "Parameters", "Conditions", "Rules"} {
		for id, content := range t.section(name) {
			at := place{path: name}.key(id)

			if content == nil {
				continue // reported as it was read
			}

			if !isAlphanumeric(id) {
				found.add(at, "has a name with other characters than letters and digits")
			}

			declaration, is := content.(map[string]any)
			if !is {
				found.add(at, "is no map")
			}

			switch name {
			case "Resources":
				checkAttributes(declaration, at, found, resourceAttributes())
			case "Outputs":
				checkAttributes(declaration, at, found, []string{"Condition", "Description", "Export", "Value"})
			case "Rules":
				checkAttributes(declaration, at, found, []string{"Assertions", "RuleCondition"})
			}
		}
	}

	for id := range t.section("Parameters") {
		if _, both := t.section("Resources")[id]; both {
			found.add(place{path: "Resources"}.key(id), "has the name of a parameter")
		}
	}
}

func resourceAttributes() []string {
	return []string{
		"Condition", "Connectors", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type",
		"UpdatePolicy", "UpdateReplacePolicy",
	}
}

// checkAttributes reports what a declaration may not have, and text or maps that are something else.
func checkAttributes(declaration map[string]any, at place, found *problems, known []string) {
	for name, content := range declaration {
		if !slices.Contains(known, name) {
			found.add(at.key(name), "is none of "+strings.Join(known, ", "))

			continue
		}

		switch name {
		case "Condition", "Type":
			if _, is := content.(string); !is {
				found.add(at.key(name), "is no text")
			}
		case "Properties", "Metadata", "Export":
			if _, is := content.(map[string]any); !is {
				found.add(at.key(name), "is no map")
			}
		}
	}

	if slices.Contains(known, "Type") && declaration["Type"] == nil {
		found.add(at, "has no Type")
	}
}

func isAlphanumeric(name string) bool {
	return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == ""
}
