package template

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Deployment says which stack a template is evaluated for.
type Deployment struct {
	// StackName, Region and Account; where empty "genesys-cloud-export", "eu-central-1", "000000000000".
	StackName, Region, Account string
	// Parameters are values by name; those left out have their defaults.
	Parameters map[string]string
	// Local calls the functions as the local world does: by the folders of their code.
	Local bool
}

// evaluation is one template being decided for one deployment.
type evaluation struct {
	*sections

	deployment Deployment
	parameters map[string]string
	conditions map[string]bool
	open       map[string]bool // the conditions and names that are being decided, so that a circle is found
}

// Evaluate decides everything. Its error lists the problems of the parameters and rules, or, where there are none, all
// others, each with its line; there is no Stack then.
func (t *Template) Evaluate(d Deployment) (*Stack, error) {
	d.StackName = cmp.Or(d.StackName, "genesys-cloud-export")
	d.Region, d.Account = cmp.Or(d.Region, "eu-central-1"), cmp.Or(d.Account, "000000000000")

	e := &evaluation{sections: &t.sections, deployment: d, conditions: map[string]bool{}, open: map[string]bool{}}

	stack, err := e.stack(t)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s for the stack %s: %w", t.file, d.StackName, err)
	}

	return stack, nil
}

func (e *evaluation) stack(t *Template) (*Stack, error) {
	var err error
	if e.parameters, err = t.values(e.deployment.Parameters); err != nil {
		return nil, err
	}
	if err := e.checkRules(); err != nil {
		return nil, err
	}

	var problems []error

	for _, name := range sortedKeys(e.Conditions) {
		_, err := e.condition(name)
		problems = append(problems, err)
	}

	stack := &Stack{Parameters: e.parameters, Conditions: e.conditions, Resources: map[string]Resource{}, Outputs: map[string]Output{}}

	for _, id := range sortedKeys(e.Resources) {
		there, err := e.holds(e.Resources[id])
		problems = append(problems, err)

		if there {
			resource, err := e.resource(id)
			stack.Resources[id], problems = resource, append(problems, err)
		}
	}

	for _, name := range sortedKeys(e.Outputs) {
		declared := e.Outputs[name]
		there, err := e.holds(declared)
		problems = append(problems, err)

		if there {
			value, err := e.value(&declared.Value)
			stack.Outputs[name], problems = Output{Description: declared.Description, Value: value}, append(problems, err)
		}
	}

	return stack, errors.Join(problems...)
}

func (e *evaluation) resource(id string) (Resource, error) {
	declared := e.Resources[id]
	properties, err := e.object(&declared.Properties)

	var name string
	if namingOf(declared.Type).property != "" {
		var errName error
		name, errName = e.nameOf(id)
		err = errors.Join(err, errName)
	}

	return Resource{
		LogicalID: id, Name: name, Type: declared.Type, Properties: properties,
		DeletionPolicy: declared.DeletionPolicy, UpdateReplacePolicy: declared.UpdateReplacePolicy,
	}, err
}

// holds says whether a declaration's condition, if it has one, is true.
func (e *evaluation) holds(declared declaration) (bool, error) {
	if declared.Condition == "" {
		return true, nil
	}

	return e.condition(declared.Condition)
}

// condition decides a condition by its name, and those that it refers to.
func (e *evaluation) condition(name string) (bool, error) {
	if holds, decided := e.conditions[name]; decided {
		return holds, nil
	}

	node, declared := e.Conditions[name]
	if !declared || e.open[name] {
		return false, fmt.Errorf("the condition %s is not there, or is made of itself", name)
	}

	e.open[name] = true
	holds, err := e.verdict(&node)
	delete(e.open, name)
	e.conditions[name] = holds

	return holds, err
}

// verdict decides what a condition or an assertion says.
func (e *evaluation) verdict(node *yaml.Node) (bool, error) {
	switch node.Tag {
	case "!Equals":
		return e.equals(node)
	case "!Not":
		holds, err := e.several(node)

		return holds == 0, err
	case "!And":
		holds, err := e.several(node)

		return holds == len(node.Content), err
	case "!Or":
		holds, err := e.several(node)

		return holds > 0, err
	case "!Condition":
		return e.condition(node.Value)
	default:
		return false, fault(node, "%s is none of the functions that decide: !Equals, !Not, !And, !Or, !Condition", node.Tag)
	}
}

// several says how many of a function's operands hold.
func (e *evaluation) several(node *yaml.Node) (holds int, err error) {
	for _, operand := range node.Content {
		held, errOperand := e.verdict(operand)
		err = errors.Join(err, errOperand)

		if held {
			holds++
		}
	}

	return holds, err
}

// equals compares as CloudFormation does, to which 0 and "0" are the same.
func (e *evaluation) equals(node *yaml.Node) (bool, error) {
	if len(node.Content) != 2 {
		return false, fault(node, "!Equals takes a list of 2")
	}

	left, errLeft := e.text(node.Content[0])
	right, errRight := e.text(node.Content[1])

	return left == right, errors.Join(errLeft, errRight)
}

// checkRules reports the assertions that do not hold, as CloudFormation does before it begins.
func (e *evaluation) checkRules() error {
	var problems []error

	for _, name := range sortedKeys(e.Rules) {
		for _, assertion := range e.Rules[name].Assertions {
			holds, err := e.verdict(&assertion.Assert)
			if err == nil && !holds {
				err = fmt.Errorf("the parameters given are refused by the rule %s: %s", name, assertion.AssertDescription)
			}
			problems = append(problems, err)
		}
	}

	return errors.Join(problems...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
