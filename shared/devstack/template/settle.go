package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Settle decides the conditions alone: resources, outputs and branches of Fn::If that are not in this deployment are gone,
// while Ref, Fn::GetAtt, Fn::Sub and Globals stay. It returns a template in JSON that CloudFormation, and a linter, take in
// place of t. There is no Conditions section left in it, and no parameter, nor a mention in the interface's metadata,
// whose every use went with what is gone; a parameter that t itself never uses stays. The values that the deployment gives
// are the parameters' defaults in it, but for NoEcho ones: a linter looks at what a template comes to by its defaults. Its
// error lists all problems.
func (t *Template) Settle(d Deployment) ([]byte, error) {
	e := t.begin(d)
	settled := maps.Clone(t.sections)
	delete(settled, "Conditions")

	if shared, there := t.sections["Globals"]; there {
		settled["Globals"], _ = e.settle(shared, place{path: "Globals"})
	}

	for _, section := range []string{"Resources", "Outputs"} {
		if content := e.settleSection(section); len(content) > 0 {
			settled[section] = content
		} else {
			delete(settled, section) // an empty one is refused
		}
	}

	e.dropParameters(settled)

	if err := e.found.err(); err != nil {
		return nil, fmt.Errorf("settle %s for the stack %s: %w", t.name, e.deployment.StackName, err)
	}

	return indented(settled)
}

// settleSection settles the declarations of a section whose condition holds.
func (e *evaluation) settleSection(section string) map[string]any {
	settled := map[string]any{}

	for id, content := range e.section(section) {
		declaration, _ := content.(map[string]any)
		if !e.holds(declaration) {
			continue
		}

		declaration = maps.Clone(declaration)
		delete(declaration, "Condition")

		delete(declaration, "DependsOn")

		if dependencies := e.dependencies(e.resources[id]); section == "Resources" && len(dependencies) > 0 {
			declaration["DependsOn"] = dependencies
		}

		at := place{path: section}.key(id)

		for _, name := range valueAttributes() {
			if inner, there := declaration[name]; there {
				declaration[name], _ = e.settle(inner, at.key(name))
			}
		}

		settled[id] = declaration
	}

	return settled
}

// settle replaces each Fn::If by its branch. What is not there is AWS::NoValue.
func (e *evaluation) settle(content any, at place) (settled any, there bool) {
	switch content := content.(type) {
	case map[string]any:
		if name, argument, is := intrinsic(content); is {
			return e.settleFunction(name, argument, at)
		}

		result := make(map[string]any, len(content))

		for key, inner := range content {
			if inner, there := e.settle(inner, at.key(key)); there {
				result[key] = inner
			}
		}

		return result, true
	case []any:
		return e.settleList(content, at), true
	default:
		return content, true
	}
}

func (e *evaluation) settleList(content []any, at place) []any {
	result := make([]any, 0, len(content))

	for i, inner := range content {
		if inner, there := e.settle(inner, at.index(i)); there {
			result = append(result, inner)
		}
	}

	return result
}

func (e *evaluation) settleFunction(name string, argument any, at place) (settled any, there bool) {
	if name == "Fn::If" {
		operands, ok := e.operands(name, argument, 3, 3, at)
		if !ok {
			return nil, false
		}

		if condition, _ := operands[0].(string); e.conditions[condition] {
			return e.settle(operands[1], at)
		}

		return e.settle(operands[2], at)
	}

	for _, use := range usesOf(name, argument, at) {
		id, _, _ := strings.Cut(use.name, ".")
		if e.isKnown(id) {
			e.declared(id, use.how, at)
		}
	}

	if name == "Ref" {
		return map[string]any{name: argument}, argument != "AWS::NoValue"
	}

	argument, _ = e.settle(argument, at)

	return map[string]any{name: argument}, true
}

// dropParameters takes out the parameters that were used, and are no longer.
func (e *evaluation) dropParameters(settled map[string]any) {
	before, after := e.usedNames(e.sections), e.usedNames(settled)
	kept := map[string]any{}

	for name, declaration := range e.section("Parameters") {
		if after[name] || !before[name] {
			kept[name] = e.withGivenDefault(name, declaration)
		}
	}

	settled["Parameters"] = kept
	if len(kept) == 0 {
		delete(settled, "Parameters")
	}

	if metadata, there := settled["Metadata"].(map[string]any); there {
		settled["Metadata"] = withoutParameters(metadata, kept)
	}
}

// withGivenDefault is a parameter's declaration whose default is the value that the deployment gives, if it does.
func (e *evaluation) withGivenDefault(name string, declaration any) any {
	content, _ := declaration.(map[string]any)
	given, is := e.deployment.Parameters[name]

	if secret, _ := text(content["NoEcho"]); !is || secret == "true" {
		return declaration
	}

	content = maps.Clone(content)
	content["Default"] = given

	return content
}

// usedNames are all names that a template's sections use.
func (e *evaluation) usedNames(sections map[string]any) map[string]bool {
	used := map[string]bool{}

	for _, section := range []string{"Rules", "Conditions", "Globals", "Resources", "Outputs"} {
		for _, use := range uses(sections[section], place{}) {
			used[use.name] = true
		}
	}

	return used
}

// withoutParameters leaves the parameters that are not kept out of what is said of the deployer's form.
func withoutParameters(metadata, kept map[string]any) map[string]any {
	const form = "AWS::CloudFormation::Interface"

	content, there := metadata[form].(map[string]any)
	if !there {
		return metadata
	}

	content = maps.Clone(content)

	if groups, there := content["ParameterGroups"].([]any); there {
		content["ParameterGroups"] = keptGroups(groups, kept)
	}

	if labels, there := content["ParameterLabels"].(map[string]any); there {
		labels = maps.Clone(labels)
		maps.DeleteFunc(labels, func(name string, _ any) bool { return kept[name] == nil })
		content["ParameterLabels"] = labels
	}

	metadata = maps.Clone(metadata)
	metadata[form] = content

	return metadata
}

// keptGroups are the groups with the parameters that are kept, without those that are empty then.
func keptGroups(groups []any, kept map[string]any) []any {
	all := []any{}

	for _, group := range groups {
		content, _ := group.(map[string]any)
		content = maps.Clone(content)
		names, _ := content["Parameters"].([]any)

		names = slices.DeleteFunc(slices.Clone(names), func(name any) bool {
			plain, _ := name.(string)

			return kept[plain] == nil
		})
		if len(names) == 0 {
			continue
		}

		content["Parameters"] = names
		all = append(all, content)
	}

	return all
}
