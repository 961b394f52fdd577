package template

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Deployment says which stack a template is evaluated for.
type Deployment struct {
	StackName, Region, Account string            // where empty "genesys-cloud-export", "eu-central-1", "000000000000"
	Parameters                 map[string]string // by name; those left out have their defaults
	Local                      bool              // functions are called as the local world does: by the folders of their code
}

// evaluation is one template being decided for one deployment.
type evaluation struct {
	*sections

	deployment Deployment
	parameters map[string]string
	conditions map[string]bool
	deciding   map[string]bool // conditions that are decided, or about to be
}

// undecided ends an evaluation: a panic from where it stands to [Template.Evaluate].
type undecided struct{ error }

// fail ends the evaluation with the line where the problem is.
func fail(node *yaml.Node, format string, arguments ...any) {
	panic(undecided{fmt.Errorf("line %d: "+format, append([]any{node.Line}, arguments...)...)})
}

// Evaluate decides everything. Its error lists the problems of the parameters; or it is the first other problem, with its line.
func (t *Template) Evaluate(d Deployment) (stack *Stack, err error) {
	d.StackName = cmp.Or(d.StackName, "genesys-cloud-export")
	d.Region, d.Account = cmp.Or(d.Region, "eu-central-1"), cmp.Or(d.Account, "000000000000")
	e := &evaluation{sections: &t.sections, deployment: d, conditions: map[string]bool{}, deciding: map[string]bool{}}
	defer func() {
		switch ended := recover().(type) {
		case nil:
		case undecided:
			err = ended.error
		default:
			panic(ended)
		}
		if err != nil {
			stack, err = nil, fmt.Errorf("evaluate %s for the stack %s: %w", t.file, d.StackName, err)
		}
	}()
	if e.parameters, err = t.values(d.Parameters); err != nil {
		return nil, err
	}
	e.checkRules()

	return e.stack(), nil
}

// checkRules reports the first assertion that is false. Those of a rule whose condition is false are not looked at.
func (e *evaluation) checkRules() {
	for _, name := range sortedKeys(e.Rules) {
		rule := e.Rules[name]
		if !rule.RuleCondition.IsZero() && !e.verdict(&rule.RuleCondition) {
			continue
		}
		for _, assertion := range rule.Assertions {
			if !e.verdict(&assertion.Assert) {
				fail(&assertion.Assert, "the parameters given are refused by the rule %s: %s", name, assertion.AssertDescription)
			}
		}
	}
}

func (e *evaluation) stack() *Stack {
	stack := &Stack{Parameters: e.parameters, Conditions: e.conditions, Resources: map[string]Resource{}, Outputs: map[string]Output{}}
	for _, name := range sortedKeys(e.Conditions) {
		e.condition(name, new(e.Conditions[name]))
	}
	for _, id := range sortedKeys(e.Resources) {
		if declared := e.Resources[id]; e.included(declared) {
			resource := Resource{LogicalID: id, Type: declared.Type, Properties: e.object(&declared.Properties)}
			if namingOf(declared.Type).property != "" {
				resource.Name = e.nameOf(id)
			}
			stack.Resources[id] = resource
		}
	}
	for _, name := range sortedKeys(e.Outputs) {
		if declared := e.Outputs[name]; e.included(declared) {
			stack.Outputs[name] = Output{Description: declared.Description, Value: e.value(&declared.Value)}
		}
	}

	return stack
}

// included says whether a declaration's condition, if it has one, is true.
func (e *evaluation) included(declared declaration) bool {
	return declared.Condition.Value == "" || e.condition(declared.Condition.Value, &declared.Condition)
}

// condition decides a condition by its name, and those that it refers to. node is where it is asked for.
func (e *evaluation) condition(name string, node *yaml.Node) bool {
	if decided, known := e.conditions[name]; known {
		return decided
	}
	declared, there := e.Conditions[name]
	if !there || e.deciding[name] {
		fail(node, "the condition %s is not there, or is made of itself", name)
	}
	e.deciding[name] = true
	e.conditions[name] = e.verdict(&declared)

	return e.conditions[name]
}

// verdict decides what a condition or an assertion says.
func (e *evaluation) verdict(node *yaml.Node) bool {
	switch node.Tag {
	case "!Equals":
		// As CloudFormation compares, to which 0 and "0" are the same.
		of := operands(node, 2)

		return e.text(of[0]) == e.text(of[1])
	case "!Not":
		return e.several(node) == 0
	case "!And":
		return e.several(node) == len(node.Content)
	case "!Or":
		return e.several(node) > 0
	case "!Condition":
		return e.condition(node.Value, node)
	default:
		fail(node, "%s is none of the functions that decide: !Equals, !Not, !And, !Or, !Condition", node.Tag)

		return false
	}
}

// several says how many of a function's operands are true.
func (e *evaluation) several(node *yaml.Node) (count int) {
	for _, operand := range node.Content {
		if e.verdict(operand) {
			count++
		}
	}

	return count
}

// operands are those of a function that has so many.
func operands(node *yaml.Node, count int) []*yaml.Node {
	if len(node.Content) != count {
		fail(node, "%s takes a list of %d", node.Tag, count)
	}

	return node.Content
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
