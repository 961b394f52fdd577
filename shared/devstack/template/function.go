package template

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// absent is what Ref of AWS::NoValue is: the property or the element of a list is not there.
type absent struct{}

// intrinsic takes a function apart: a map of one entry, Ref or Fn::Something.
func intrinsic(content map[string]any) (name string, argument any, is bool) {
	if len(content) != 1 {
		return "", nil, false
	}

	for name, argument = range content {
		is = name == "Ref" || strings.HasPrefix(name, "Fn::")
	}

	return name, argument, is
}

// value evaluates anything. Where it is not ok, the problem has been reported.
func (e *evaluation) value(content any, at place) (result any, ok bool) {
	switch content := content.(type) {
	case nil:
		e.found.add(at, "is missing")

		return nil, false
	case map[string]any:
		if name, argument, is := intrinsic(content); is {
			return e.call(name, argument, at)
		}

		result = e.object(content, at)
	case []any:
		result = e.list(content, at)
	default:
		result = content
	}

	return result, result != nil
}

// object evaluates a map that is no function. It is nil where something in it failed.
func (e *evaluation) object(content map[string]any, at place) any {
	result := make(map[string]any, len(content))
	failed := false

	for key, inner := range content {
		if strings.HasPrefix(key, "Fn::") {
			e.found.add(at, key+" stands beside something else")

			failed = true

			continue
		}

		evaluated, ok := e.value(inner, at.key(key))
		failed = failed || !ok

		if evaluated != (absent{}) {
			result[key] = evaluated
		}
	}

	if failed {
		return nil
	}

	return result
}

// list evaluates a list. It is nil where something in it failed.
func (e *evaluation) list(content []any, at place) any {
	result := make([]any, 0, len(content))
	failed := false

	for i, inner := range content {
		evaluated, ok := e.value(inner, at.index(i))
		failed = failed || !ok

		if evaluated != (absent{}) {
			result = append(result, evaluated)
		}
	}

	if failed {
		return nil
	}

	return result
}

// call evaluates a function.
func (e *evaluation) call(name string, argument any, at place) (any, bool) {
	if at.static && slices.Contains([]string{"Fn::If", "Fn::GetAtt", "Fn::Base64"}, name) {
		e.found.add(at, name+" may not be used in conditions and rules")

		return nil, false
	}

	switch name {
	case "Ref":
		return e.ref(argument, at)
	case "Fn::GetAtt":
		return e.getAtt(argument, at)
	case "Fn::Sub":
		return e.sub(argument, at)
	case "Fn::If":
		return e.choose(argument, at)
	case "Fn::Join":
		return e.join(argument, at)
	case "Fn::Select":
		return e.pick(argument, at)
	case "Fn::Split":
		return e.split(argument, at)
	case "Fn::FindInMap":
		return e.findInMap(argument, at)
	case "Fn::Base64":
		plain, ok := e.text(argument, name, at)

		return base64.StdEncoding.EncodeToString([]byte(plain)), ok
	case "Fn::Length", "Fn::ToJsonString":
		return e.extension(name, argument, at)
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::Contains":
		e.found.add(at, name+" may be used in conditions and rules alone")
	default:
		e.found.add(at, name+" is no function that is evaluated here")
	}

	return nil, false
}

// text evaluates what has to be text; what says whose it is.
func (e *evaluation) text(content any, what string, at place) (string, bool) {
	result, ok := e.value(content, at)
	if !ok {
		return "", false
	}

	plain, is := text(result)
	if !is {
		e.found.add(at, what+" takes text here, and this is none")
	}

	return plain, is
}

// listOf evaluates what has to be a list.
func (e *evaluation) listOf(content any, what string, at place) ([]any, bool) {
	result, ok := e.value(content, at)
	if !ok {
		return nil, false
	}

	list, is := result.([]any)
	if !is {
		e.found.add(at, what+" takes a list here, and this is none")
	}

	return list, is
}

// operands are a function's arguments, not yet evaluated, as many as it takes.
func (e *evaluation) operands(name string, argument any, least, most int, at place) ([]any, bool) {
	list, is := argument.([]any)
	if is && len(list) >= least && len(list) <= most {
		return list, true
	}

	count := strconv.Itoa(least)
	if most > least {
		count = fmt.Sprintf("%d to %d", least, most)
	}

	e.found.add(at, name+" takes a list of "+count)

	return nil, false
}

func (e *evaluation) choose(argument any, at place) (any, bool) {
	operands, ok := e.operands("Fn::If", argument, 3, 3, at)
	if !ok {
		return nil, false
	}

	name, is := operands[0].(string)
	if !is {
		e.found.add(at, "Fn::If takes the name of a condition first")

		return nil, false
	}

	holds, declared := e.conditions[name]

	switch {
	case !declared: // reported by checkNames
		return nil, false
	case holds:
		return e.value(operands[1], at)
	default:
		return e.value(operands[2], at)
	}
}
