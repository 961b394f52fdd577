package template

import (
	"strings"
)

// stackUUID is the part of a stack's id that no two stacks share; here there is one stack.
const stackUUID = "00000000-0000-0000-0000-000000000000"

// urlSuffix is the domain of a partition's endpoints.
func urlSuffix(partition string) string {
	if partition == "aws-cn" {
		return "amazonaws.com.cn"
	}

	return "amazonaws.com"
}

// pseudo is a parameter that every stack has.
func (e *evaluation) pseudo(name string) (any, bool) {
	d := e.deployment

	switch name {
	case "AWS::Region":
		return d.Region, true
	case "AWS::AccountId":
		return d.Account, true
	case "AWS::Partition":
		return d.Partition, true
	case "AWS::StackName":
		return d.StackName, true
	case "AWS::StackId":
		return e.fill("arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/"+stackUUID, ""), true
	case "AWS::URLSuffix":
		return urlSuffix(d.Partition), true
	case "AWS::NotificationARNs":
		return []any{}, true
	case "AWS::NoValue":
		return absent{}, true
	default:
		return nil, false
	}
}

// fill completes a pattern, such as an ARN's, for this deployment and a resource of the name.
func (e *evaluation) fill(pattern, name string) string {
	d := e.deployment

	return strings.NewReplacer(
		"{partition}", d.Partition, "{region}", d.Region, "{account}", d.Account, "{stack}", d.StackName,
		"{suffix}", urlSuffix(d.Partition), "{name}", name,
	).Replace(pattern)
}

func (e *evaluation) ref(argument any, at place) (any, bool) {
	name, is := argument.(string)
	if !is {
		e.found.add(at, "Ref takes a name")

		return nil, false
	}

	return e.refName(name, "Ref", at)
}

// refName is what Ref of a name is; how is the function that asks for it.
func (e *evaluation) refName(name, how string, at place) (any, bool) {
	if content, is := e.pseudo(name); is {
		return content, true
	}

	if e.isParameter(name) {
		content, given := e.arguments[name]

		return content, given // reported where it is not
	}

	if !e.declared(name, how, at) {
		return nil, false
	}

	if given, is := e.deployment.References[name]; is {
		return given, true
	}

	return e.derivedRef(name, at)
}

func (e *evaluation) getAtt(argument any, at place) (any, bool) {
	list, _ := argument.([]any)
	if len(list) != 2 {
		e.found.add(at, "Fn::GetAtt takes a logical id and an attribute")

		return nil, false
	}

	id, is := list[0].(string)
	if !is {
		e.found.add(at, "Fn::GetAtt takes a logical id first")

		return nil, false
	}

	attribute, ok := e.text(list[1], "Fn::GetAtt", at)
	if !ok {
		return nil, false
	}

	return e.attributeOf(id, attribute, "Fn::GetAtt", at)
}

// attributeOf is what Fn::GetAtt is; how is the function that asks for it.
func (e *evaluation) attributeOf(id, attribute, how string, at place) (any, bool) {
	if !e.declared(id, how, at) {
		return nil, false
	}

	if given, is := e.deployment.Attributes[id+"."+attribute]; is {
		return given, true
	}

	return e.derivedAttribute(id, attribute, at)
}

// declared reports a resource that this deployment does not have.
func (e *evaluation) declared(id, how string, at place) bool {
	switch {
	case at.static:
		e.found.add(at, how+" names "+id+", which is no parameter; conditions and rules know nothing else")
	case !e.isKnown(id):
		e.found.add(at, unknownName(how, id))
	case !e.isThere(id):
		e.found.add(at, how+" names "+id+", whose condition does not hold in this deployment")
	default:
		return true
	}

	return false
}

// isThere tells whether a known resource's condition holds, or, of a role that SAM adds, its owner's.
func (e *evaluation) isThere(id string) bool {
	declaration, declared := e.resources[id]
	if owner, generated := e.generatedRole(id); generated && !declared {
		declaration = e.resources[owner]
	}

	return e.holds(declaration)
}

// generatedRole tells whether SAM's transform adds a role of this logical id, and the resource that it is for.
func (e *evaluation) generatedRole(id string) (owner string, is bool) {
	owner, named := strings.CutSuffix(id, "Role")
	if !named {
		return "", false
	}

	kind := e.resources[owner]["Type"]
	if kind != "AWS::Serverless::Function" && kind != "AWS::Serverless::StateMachine" {
		return "", false
	}

	properties, _ := e.resources[owner]["Properties"].(map[string]any)
	_, own := properties["Role"]

	return owner, !own
}
