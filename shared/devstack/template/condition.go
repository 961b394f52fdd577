package template

import (
	"reflect"
	"slices"
	"strings"
)

// condition decides a condition by its name, and those that it refers to.
func (e *evaluation) condition(name string, at place) bool {
	if holds, decided := e.conditions[name]; decided {
		return holds
	}

	content, declared := e.section("Conditions")[name]

	switch {
	case !declared:
		e.found.add(at, "names the condition "+name+", which the template does not have")

		return false
	case slices.Contains(e.deciding, name):
		e.found.add(at, "goes in a circle: "+strings.Join(append(e.deciding, name), ", "))

		return false
	}

	e.deciding = append(e.deciding, name)
	holds := e.verdict(content, place{path: "Conditions", static: true}.key(name))
	e.deciding = e.deciding[:len(e.deciding)-1]
	e.conditions[name] = holds

	return holds
}

// verdict decides what a condition says. It is false where a problem was found.
func (e *evaluation) verdict(content any, at place) bool {
	function, _ := content.(map[string]any)
	if len(function) != 1 {
		e.found.add(at, "is no condition: one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition")

		return false
	}

	inRule := strings.HasPrefix(at.path, "Rules.")

	for name, argument := range function {
		switch {
		case name == "Fn::Equals":
			return e.equals(argument, at)
		case name == "Fn::And", name == "Fn::Or":
			return e.several(name, argument, at)
		case name == "Fn::Not":
			operands, ok := e.operands(name, argument, 1, 1, at)

			return ok && !e.verdict(operands[0], at)
		case name == "Condition" && !inRule:
			other, is := argument.(string)
			if !is {
				e.found.add(at, "Condition takes the name of a condition")

				return false
			}

			return e.condition(other, at)
		case name == "Fn::Contains" && inRule:
			return e.contains(argument, at)
		default:
			e.found.add(at, name+" is no function that decides here")
		}
	}

	return false
}

// several decides Fn::And and Fn::Or. Every operand is looked at, so that each problem is found.
func (e *evaluation) several(name string, argument any, at place) bool {
	operands, ok := e.operands(name, argument, 2, 10, at)
	if !ok {
		return false
	}

	count := 0

	for _, operand := range operands {
		if e.verdict(operand, at) {
			count++
		}
	}

	return count == len(operands) || name == "Fn::Or" && count > 0
}

func (e *evaluation) equals(argument any, at place) bool {
	operands, ok := e.operands("Fn::Equals", argument, 2, 2, at)
	if !ok {
		return false
	}

	left, okLeft := e.value(operands[0], at)
	right, okRight := e.value(operands[1], at)

	return okLeft && okRight && same(left, right)
}

// same compares as CloudFormation does, to which true and "true" are the same.
func same(left, right any) bool {
	leftText, leftIs := text(left)
	rightText, rightIs := text(right)

	if leftIs && rightIs {
		return leftText == rightText
	}

	return leftIs == rightIs && reflect.DeepEqual(left, right)
}

func (e *evaluation) contains(argument any, at place) bool {
	operands, ok := e.operands("Fn::Contains", argument, 2, 2, at)
	if !ok {
		return false
	}

	list, okList := e.listOf(operands[0], "Fn::Contains", at)
	item, okItem := e.value(operands[1], at)

	return okList && okItem && slices.ContainsFunc(list, func(candidate any) bool { return same(candidate, item) })
}

// checkRules reports the assertions that do not hold, as CloudFormation does before it begins.
func (e *evaluation) checkRules() {
	for name, content := range e.section("Rules") {
		rule, _ := content.(map[string]any)
		at := place{path: "Rules", static: true}.key(name)

		if when, conditional := rule["RuleCondition"]; conditional && !e.verdict(when, at.key("RuleCondition")) {
			continue
		}

		assertions, _ := rule["Assertions"].([]any)
		if len(assertions) == 0 {
			e.found.add(at, "has no list of Assertions")
		}

		for i, assertion := range assertions {
			e.checkAssertion(assertion, at.key("Assertions").index(i))
		}
	}
}

func (e *evaluation) checkAssertion(content any, at place) {
	assertion, _ := content.(map[string]any)

	before := len(e.found.found)
	if e.verdict(assertion["Assert"], at.key("Assert")) || len(e.found.found) > before {
		return
	}

	description, _ := text(assertion["AssertDescription"])
	if description == "" {
		description = "it does not hold"
	}

	e.found.add(at, "the parameters given are refused: "+description)
}
