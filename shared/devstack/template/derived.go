package template

import (
	"slices"
	"strconv"
	"strings"
)

// family is how AWS names resources of a type. Its patterns are completed by evaluation.fill; {qualifier} in them is the
// value of the property Qualifier.
type family struct {
	// nameProperty is the property with the resource's name.
	nameProperty string
	// ref is what Ref is; "" is the name.
	ref string
	// attributes are what Fn::GetAtt knows.
	attributes map[string]string
	// qualifier is another property that shows in an ARN, and standard its value where it is not set.
	qualifier, standard string
	// lower is set where names have no capital letters.
	lower bool
}

// familyOf knows the types that this project may use. Of another type it knows no attribute, and takes the name for Ref.
func familyOf(kind string) family {
	const here = ":{region}:{account}:"

	arn := func(pattern string) map[string]string { return map[string]string{"Arn": "arn:{partition}:" + pattern} }

	switch kind {
	case "AWS::Serverless::Function", "AWS::Lambda::Function":
		return family{nameProperty: "FunctionName", attributes: arn("lambda" + here + "function:{name}")}
	case "AWS::Serverless::StateMachine":
		return stateMachine("Name")
	case "AWS::StepFunctions::StateMachine":
		return stateMachine("StateMachineName")
	case "AWS::S3::Bucket":
		return bucket()
	case "AWS::SQS::Queue":
		return queue()
	case "AWS::SNS::Topic":
		topic := "arn:{partition}:sns" + here + "{name}"

		return family{
			nameProperty: "TopicName", ref: topic, attributes: map[string]string{"TopicArn": topic, "TopicName": "{name}"},
		}
	case "AWS::SecretsManager::Secret":
		// AWS ends a secret's ARN with six random characters.
		secret := "arn:{partition}:secretsmanager" + here + "secret:{name}-a1b2c3"

		return family{nameProperty: "Name", ref: secret, attributes: map[string]string{"Id": secret}}
	case "AWS::SSM::Parameter":
		return family{nameProperty: "Name"}
	case "AWS::KMS::Key":
		return family{
			ref:        stackUUID,
			attributes: map[string]string{"Arn": "arn:{partition}:kms" + here + "key/" + stackUUID, "KeyId": stackUUID},
		}
	case "AWS::Logs::LogGroup":
		return family{nameProperty: "LogGroupName", attributes: arn("logs" + here + "log-group:{name}:*")}
	default:
		return managementFamilyOf(kind, here, arn)
	}
}

// managementFamilyOf is familyOf for identities, schedules and alarms.
func managementFamilyOf(kind, here string, arn func(string) map[string]string) family {
	switch kind {
	case "AWS::IAM::Role":
		return family{
			nameProperty: "RoleName", attributes: arn("iam::{account}:role{qualifier}{name}"), qualifier: "Path", standard: "/",
		}
	case "AWS::IAM::ManagedPolicy":
		policy := "arn:{partition}:iam::{account}:policy{qualifier}{name}"

		return family{
			nameProperty: "ManagedPolicyName", ref: policy, attributes: map[string]string{"PolicyArn": policy},
			qualifier: "Path", standard: "/",
		}
	case "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm":
		return family{nameProperty: "AlarmName", attributes: arn("cloudwatch" + here + "alarm:{name}")}
	case "AWS::CloudWatch::Dashboard":
		return family{nameProperty: "DashboardName"}
	case "AWS::Events::Rule":
		return family{nameProperty: "Name", attributes: arn("events" + here + "rule/{name}")}
	case "AWS::Scheduler::ScheduleGroup":
		return family{nameProperty: "Name", attributes: arn("scheduler" + here + "schedule-group/{name}")}
	case "AWS::Scheduler::Schedule":
		return family{
			nameProperty: "Name", attributes: arn("scheduler" + here + "schedule/{qualifier}/{name}"),
			qualifier: "GroupName", standard: "default",
		}
	default:
		return family{nameProperty: "Name"}
	}
}

func stateMachine(nameProperty string) family {
	machine := "arn:{partition}:states:{region}:{account}:stateMachine:{name}"

	return family{
		nameProperty: nameProperty, ref: machine, attributes: map[string]string{"Arn": machine, "Name": "{name}"},
	}
}

func bucket() family {
	return family{
		nameProperty: "BucketName", lower: true,
		attributes: map[string]string{
			"Arn":                "arn:{partition}:s3:::{name}",
			"DomainName":         "{name}.s3.{suffix}",
			"RegionalDomainName": "{name}.s3.{region}.{suffix}",
		},
	}
}

func queue() family {
	url := "https://sqs.{region}.{suffix}/{account}/{name}"

	return family{
		nameProperty: "QueueName", ref: url,
		attributes: map[string]string{
			"Arn": "arn:{partition}:sqs:{region}:{account}:{name}", "QueueName": "{name}", "QueueUrl": url,
		},
	}
}

// kindOf is a resource's type.
func (e *evaluation) kindOf(id string) string {
	kind, declared := e.resources[id]["Type"].(string)
	if _, generated := e.generatedRole(id); !declared && generated {
		return "AWS::IAM::Role"
	}

	return kind
}

func (e *evaluation) derivedRef(id string, at place) (any, bool) {
	name, ok := e.nameOf(id, at)
	if !ok {
		return nil, false
	}

	pattern := familyOf(e.kindOf(id)).ref
	if pattern == "" {
		return name, true
	}

	return e.complete(pattern, id, name, at)
}

func (e *evaluation) derivedAttribute(id, attribute string, at place) (any, bool) {
	kind := e.kindOf(id)

	pattern, known := familyOf(kind).attributes[attribute]
	if !known {
		e.found.add(at, "asks for "+id+"."+attribute+", and this attribute is not known of the type "+strconv.Quote(kind))

		return nil, false
	}

	name, ok := e.nameOf(id, at)
	if !ok {
		return nil, false
	}

	return e.complete(pattern, id, name, at)
}

func (e *evaluation) complete(pattern, id, name string, at place) (any, bool) {
	shape := familyOf(e.kindOf(id))
	qualifier := shape.standard

	if given, ok := e.property(id, shape.qualifier, at); !ok {
		return nil, false
	} else if given != "" {
		qualifier = given
	}

	return e.fill(strings.ReplaceAll(pattern, "{qualifier}", qualifier), name), true
}

// nameOf is a resource's name: the deployment's, where Ref is the name; the template's, where it gives one; else the
// stack's name and the logical id. AWS adds random characters to the last.
func (e *evaluation) nameOf(id string, at place) (string, bool) {
	shape := familyOf(e.kindOf(id))

	if given, is := e.deployment.References[id]; is && shape.ref == "" {
		return given, true
	}

	name, ok := e.property(id, shape.nameProperty, at)
	if name != "" || !ok {
		return name, ok
	}

	name = e.deployment.StackName + "-" + id
	if shape.lower {
		name = strings.ToLower(name)
	}

	return name, true
}

// property is a resource's property that is text, or "" where it is not there. Each is evaluated once: names that are made
// of names of names would otherwise take for ever.
func (e *evaluation) property(id, property string, at place) (string, bool) {
	properties, _ := e.resources[id]["Properties"].(map[string]any)

	raw, there := properties[property]
	if !there {
		return "", true
	}

	key := place{path: "Resources"}.key(id).key("Properties").key(property)
	if done, is := e.named[key.path]; is {
		return done.text, done.ok
	}

	if slices.Contains(e.naming, id) {
		e.found.add(at, "needs the name of "+id+", which depends on itself")

		return "", false
	}

	e.naming = append(e.naming, id)
	name, ok := e.propertyText(raw, key)
	e.naming = e.naming[:len(e.naming)-1]
	e.named[key.path] = naming{text: name, ok: ok}

	return name, ok
}

// naming is a property that was evaluated for a name, and whether it could be.
type naming struct {
	text string
	ok   bool
}

func (e *evaluation) propertyText(raw any, at place) (string, bool) {
	content, ok := e.value(raw, at)
	if !ok || content == (absent{}) {
		return "", ok
	}

	name, is := text(content)
	if !is {
		e.found.add(at, "is no text, and the resource's name is made of it")
	}

	return name, is
}
