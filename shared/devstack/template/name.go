package template

import (
	"cmp"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// naming is how AWS names resources of a type. Its patterns are completed by evaluation.fill.
type naming struct {
	// property is the one with the resource's name; it is an attribute too.
	property string
	// ref is what !Ref is, "" for the name; arn is the attribute Arn.
	ref, arn string
}

const functionType = "AWS::Serverless::Function"

// namingOf knows the types that the template refers to; it is zero for others.
func namingOf(kind string) naming {
	switch kind {
	case functionType:
		return naming{property: "FunctionName", arn: "arn:aws:lambda:{region}:{account}:function:{name}"}
	case "AWS::Serverless::StateMachine":
		const machine = "arn:aws:states:{region}:{account}:stateMachine:{name}"

		return naming{property: "Name", ref: machine, arn: machine}
	case "AWS::S3::Bucket":
		return naming{property: "BucketName", arn: "arn:aws:s3:::{name}"}
	case "AWS::SQS::Queue":
		const url = "https://sqs.{region}.amazonaws.com/{account}/{name}"

		return naming{property: "QueueName", ref: url, arn: "arn:aws:sqs:{region}:{account}:{name}"}
	case "AWS::SNS::Topic":
		return naming{property: "TopicName", ref: "arn:aws:sns:{region}:{account}:{name}"}
	case "AWS::SecretsManager::Secret":
		// AWS ends a secret's ARN with six random characters.
		return naming{property: "Name", ref: "arn:aws:secretsmanager:{region}:{account}:secret:{name}-a1b2c3"}
	case "AWS::Logs::LogGroup":
		return naming{property: "LogGroupName", arn: "arn:aws:logs:{region}:{account}:log-group:{name}:*"}
	case "AWS::IAM::Role":
		return naming{property: "RoleName", arn: "arn:aws:iam::{account}:role/{name}"}
	case "AWS::IAM::ManagedPolicy":
		return naming{property: "ManagedPolicyName", ref: "arn:aws:iam::{account}:policy/{name}"}
	case "AWS::CloudWatch::Dashboard":
		return naming{property: "DashboardName"}
	default:
		return naming{}
	}
}

// fill completes a pattern for this deployment and a resource of the name.
func (e *evaluation) fill(pattern, name string) string {
	return strings.NewReplacer("{region}", e.deployment.Region, "{account}", e.deployment.Account, "{name}", name).Replace(pattern)
}

// ref is what !Ref of a name is; node is where it stands.
func (e *evaluation) ref(name string, node *yaml.Node) any {
	if value, is := e.parameters[name]; is {
		return value
	}

	switch name {
	case "AWS::NoValue":
		return absent{}
	case "AWS::StackName":
		return e.deployment.StackName
	case "AWS::Region":
		return e.deployment.Region
	case "AWS::AccountId":
		return e.deployment.Account
	case "AWS::Partition":
		return "aws"
	case "AWS::URLSuffix":
		return "amazonaws.com"
	}

	called, physical := e.find(name, node)

	return e.fill(cmp.Or(called.ref, "{name}"), physical)
}

// attribute is what !GetAtt of "LogicalId.Attribute" is; node is where it stands.
func (e *evaluation) attribute(whole string, node *yaml.Node) string {
	id, attribute, _ := strings.Cut(whole, ".")
	called, physical := e.find(id, node)

	switch {
	case called == (naming{}) || attribute == called.property:
		return physical
	case attribute == "Arn" && called.arn != "":
		return e.fill(called.arn, physical)
	default:
		e.fault(node, "the attribute %s of a resource of the type %s is not known here", attribute, e.Resources[id].Type)

		return ""
	}
}

// find is how a resource of this deployment is called; zero with a fault where it is not known.
func (e *evaluation) find(id string, node *yaml.Node) (called naming, physical string) {
	declared, is := e.Resources[id]

	switch called = namingOf(declared.Type); {
	case !is:
		e.fault(node, "%s is neither a parameter nor a resource", id)
	case !e.holds(declared):
		e.fault(node, "%s is not in this deployment: its condition %s does not hold", id, declared.Condition.Value)
	case called.property == "":
		e.fault(node, "what a resource of the type %s is called is not known here", declared.Type)
	default:
		return called, e.nameOf(id)
	}

	return naming{}, ""
}

// nameOf is a resource's name: the template's, where it gives one, else the stack's name and the logical id. AWS adds random
// characters to the last.
func (e *evaluation) nameOf(id string) string {
	declared := e.Resources[id]
	property, local := namingOf(declared.Type).property, declared.Type == functionType && e.deployment.Local

	for name, node := range pairs(&declared.Properties) {
		switch {
		case local && name == "CodeUri":
			return path.Base(e.text(node))
		case local, name != property:
			continue
		case e.open[id]:
			e.fault(node, "the name of %s is made of itself", id)

			return ""
		}

		e.open[id] = true
		given := e.text(node)
		delete(e.open, id)

		return given
	}

	if declared.Type == "AWS::S3::Bucket" {
		return strings.ToLower(e.deployment.StackName + "-" + id)
	}

	return e.deployment.StackName + "-" + id
}
