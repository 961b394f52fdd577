package template

import (
	"fmt"
	"slices"
	"strings"
)

// Deployment says which stack a template is evaluated for.
type Deployment struct {
	// StackName, Region, Account and Partition; where empty "genesys-cloud-export", "eu-central-1", "000000000000", "aws".
	StackName, Region, Account, Partition string
	// Parameters are values by name; those left out have their defaults. A list's elements are separated by commas.
	Parameters map[string]string
	// References is what Ref of a resource is, by logical id, instead of the derived one. Where Ref is the resource's name,
	// attributes are derived from it too.
	References map[string]string
	// Attributes is what Fn::GetAtt is, by "LogicalId.Attribute", instead of the derived one. What stands here or in
	// References need not be in the template: SAM's transform adds resources.
	Attributes map[string]string
}

// withDefaults fills in what is empty.
func (d Deployment) withDefaults() Deployment {
	for _, setting := range []struct {
		value    *string
		standard string
	}{
		{&d.StackName, "genesys-cloud-export"},
		{&d.Region, "eu-central-1"},
		{&d.Account, "000000000000"},
		{&d.Partition, "aws"},
	} {
		if *setting.value == "" {
			*setting.value = setting.standard
		}
	}

	return d
}

// evaluation is one template being decided for one deployment.
type evaluation struct {
	*Template

	deployment Deployment
	arguments  map[string]any
	conditions map[string]bool
	deciding   []string          // conditions that are being decided, the innermost last
	naming     []string          // resources whose name is being derived, the innermost last
	named      map[string]naming // what was evaluated for names, by place
	found      *problems
}

// begin decides the parameters, conditions and rules, and checks that every name that the template uses is declared.
func (t *Template) begin(d Deployment) *evaluation {
	e := &evaluation{
		Template: t, deployment: d.withDefaults(), conditions: map[string]bool{}, named: map[string]naming{}, found: &problems{},
	}
	e.arguments = t.argumentsOf(d, e.found)

	for _, name := range t.ConditionNames() {
		e.condition(name, place{path: "Conditions"}.key(name))
	}

	e.checkNames()
	e.checkRules()

	return e
}

// Evaluate decides everything. Its error lists all problems, each with its place; there is no Stack then.
func (t *Template) Evaluate(d Deployment) (*Stack, error) {
	e := t.begin(d)

	stack := &Stack{
		Name: e.deployment.StackName, Parameters: e.arguments, Conditions: e.conditions,
		Resources: map[string]Resource{}, Outputs: map[string]Output{},
	}

	for id, declaration := range t.resources {
		if e.holds(declaration) {
			stack.Resources[id] = e.resource(id, declaration, place{path: "Resources"}.key(id))
		}
	}

	for name, content := range t.section("Outputs") {
		if declaration, _ := content.(map[string]any); e.holds(declaration) {
			stack.Outputs[name] = e.output(declaration, place{path: "Outputs"}.key(name))
		}
	}

	if err := e.found.err(); err != nil {
		return nil, fmt.Errorf("evaluate %s for the stack %s: %w", t.name, e.deployment.StackName, err)
	}

	return stack, nil
}

// holds says whether a declaration's condition, if it has one, is true. One that is not declared is reported elsewhere.
func (e *evaluation) holds(declaration map[string]any) bool {
	name, conditional := declaration["Condition"].(string)

	return !conditional || e.conditions[name]
}

func (e *evaluation) resource(id string, declaration map[string]any, at place) Resource {
	kind, _ := declaration["Type"].(string)

	return Resource{
		LogicalID: id, Type: kind,
		Properties:          e.attribute(declaration, "Properties", at),
		Metadata:            e.attribute(declaration, "Metadata", at),
		DeletionPolicy:      e.policy(declaration, "DeletionPolicy", at),
		UpdateReplacePolicy: e.policy(declaration, "UpdateReplacePolicy", at),
		DependsOn:           e.dependencies(declaration),
	}
}

// attribute evaluates a resource's attribute that is a map; it is empty where there is none.
func (e *evaluation) attribute(declaration map[string]any, name string, at place) map[string]any {
	raw, _ := declaration[name].(map[string]any)

	content, _ := e.object(raw, at.key(name)).(map[string]any)

	return content
}

// policy is an attribute that CloudFormation takes as a word alone.
func (e *evaluation) policy(declaration map[string]any, name string, at place) string {
	content, there := declaration[name]
	if !there {
		return ""
	}

	known := []string{"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}

	word, _ := content.(string)
	if !slices.Contains(known, word) {
		e.found.add(at.key(name), "is none of "+strings.Join(known, ", "))
	}

	return word
}

// dependencies are the declared ones that this deployment has: CloudFormation passes over the others.
func (e *evaluation) dependencies(declaration map[string]any) []string {
	var all []string

	for _, id := range dependsOn(declaration) {
		if target, declared := e.resources[id]; declared && e.holds(target) {
			all = append(all, id)
		}
	}

	slices.Sort(all)

	return all
}

// dependsOn are the logical ids that a resource's DependsOn names, one or a list.
func dependsOn(declaration map[string]any) []string {
	if one, is := declaration["DependsOn"].(string); is {
		return []string{one}
	}

	all, _ := texts(declaration["DependsOn"])

	return all
}

func (e *evaluation) output(declaration map[string]any, at place) Output {
	description, _ := text(declaration["Description"])
	output := Output{Description: description}

	if content, ok := e.value(declaration["Value"], at.key("Value")); ok {
		if _, isText := text(content); !isText {
			e.found.add(at.key("Value"), "is neither text, nor a number, nor true or false")
		}

		output.Value = content
	}

	if export, exported := declaration["Export"].(map[string]any); exported {
		output.ExportName, _ = e.text(export["Name"], "the name of an export", at.key("Export").key("Name"))
	}

	return output
}
