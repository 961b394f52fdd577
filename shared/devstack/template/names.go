package template

import (
	"slices"
	"strings"
)

// use is a place at which a template names something.
type use struct {
	how  string // the function or attribute that names it
	name string // a parameter, a resource or a condition
	at   place
}

// uses are all names in a value, in every branch of every condition.
func uses(content any, at place) []use {
	var all []use

	switch content := content.(type) {
	case map[string]any:
		if name, argument, is := intrinsic(content); is {
			return append(usesOf(name, argument, at), usesInside(name, argument, at)...)
		}

		for key, inner := range content {
			all = append(all, uses(inner, at.key(key))...)
		}
	case []any:
		for i, inner := range content {
			all = append(all, uses(inner, at.index(i))...)
		}
	}

	return all
}

// usesOf are the names that a function itself names.
func usesOf(name string, argument any, at place) []use {
	list, _ := argument.([]any)
	first, _ := argument.(string)

	if len(list) > 0 {
		first, _ = list[0].(string)
	}

	switch {
	case first == "":
		return nil
	case name == "Ref", name == "Fn::If", name == "Fn::GetAtt":
		return []use{{how: name, name: first, at: at}}
	case name == "Fn::Sub":
		return usesOfSub(first, list, at)
	default:
		return nil
	}
}

func usesOfSub(source string, list []any, at place) []use {
	var variables map[string]any
	if len(list) > 1 {
		variables, _ = list[1].(map[string]any)
	}

	var all []use

	parts, _ := pieces(source) // what is wrong with it is reported where it is evaluated

	for _, part := range parts {
		if _, own := variables[part.name]; !own && part.name != "" {
			all = append(all, use{how: "Fn::Sub", name: part.name, at: at})
		}
	}

	return all
}

// usesInside are the names in a function's arguments. An argument that is itself a function stands at the same place.
func usesInside(name string, argument any, at place) []use {
	list, is := argument.([]any)
	if !is {
		return uses(argument, at)
	}

	if name == "Fn::GetAtt" {
		list = list[min(1, len(list)):]
	}

	var all []use
	for _, operand := range list {
		all = append(all, uses(operand, at)...)
	}

	return all
}

// checkNames reports what is named and not declared, also in branches and resources that this deployment leaves out:
// CloudFormation refuses those too.
func (e *evaluation) checkNames() {
	for id, declaration := range e.resources {
		at := place{path: "Resources"}.key(id)
		e.checkDeclaration(declaration, at)

		if _, there := declaration["DependsOn"]; there && len(dependsOn(declaration)) == 0 {
			e.found.add(at.key("DependsOn"), "is neither a logical id nor a list of them")
		}

		for _, other := range dependsOn(declaration) {
			if _, declared := e.resources[other]; !declared {
				e.found.add(at.key("DependsOn"), unknownName("it", other))
			}
		}
	}

	for name, content := range e.section("Outputs") {
		declaration, _ := content.(map[string]any)
		e.checkDeclaration(declaration, place{path: "Outputs"}.key(name))
	}
}

// valueAttributes are the parts of resources and outputs in which functions may stand.
func valueAttributes() []string {
	return []string{"Connectors", "CreationPolicy", "Export", "Metadata", "Properties", "UpdatePolicy", "Value"}
}

func (e *evaluation) checkDeclaration(declaration map[string]any, at place) {
	if name, conditional := declaration["Condition"].(string); conditional {
		e.condition(name, at.key("Condition"))
	}

	for _, name := range valueAttributes() {
		e.checkUses(declaration[name], at.key(name))
	}
}

func (e *evaluation) checkUses(content any, at place) {
	for _, use := range uses(content, at) {
		if use.how == "Fn::If" {
			e.condition(use.name, use.at)

			continue
		}

		id, _, dotted := strings.Cut(use.name, ".")
		if _, isPseudo := e.pseudo(id); isPseudo && !dotted {
			continue
		}

		if !e.isKnown(id) && (dotted || use.how == "Fn::GetAtt" || !e.isParameter(id)) {
			e.found.add(use.at, unknownName(use.how, id))
		}
	}
}

func unknownName(how, name string) string {
	return how + " names " + name + ", which the template does not have"
}

func (e *evaluation) isParameter(name string) bool {
	return slices.ContainsFunc(e.parameters, func(p Parameter) bool { return p.Name == name })
}

// isKnown tells whether there is a resource: in the template, added by SAM, or given with the deployment.
func (e *evaluation) isKnown(id string) bool {
	if _, declared := e.resources[id]; declared {
		return true
	}

	if _, given := e.deployment.References[id]; given {
		return true
	}

	for name := range e.deployment.Attributes {
		if strings.HasPrefix(name, id+".") {
			return true
		}
	}

	_, generated := e.generatedRole(id)

	return generated
}
