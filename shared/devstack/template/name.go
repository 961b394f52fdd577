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
	const (
		here    = ":{region}:{account}:"
		machine = "arn:aws:states" + here + "stateMachine:{name}"
		url     = "https://sqs.{region}.amazonaws.com/{account}/{name}"
	)

	return map[string]naming{
		functionType:                    {property: "FunctionName", arn: "arn:aws:lambda" + here + "function:{name}"},
		"AWS::Serverless::StateMachine": {property: "Name", ref: machine, arn: machine},
		"AWS::S3::Bucket":               {property: "BucketName", arn: "arn:aws:s3:::{name}"},
		"AWS::SQS::Queue":               {property: "QueueName", ref: url, arn: "arn:aws:sqs" + here + "{name}"},
		"AWS::SNS::Topic":               {property: "TopicName", ref: "arn:aws:sns" + here + "{name}"},
		// AWS ends a secret's ARN with six random characters.
		"AWS::SecretsManager::Secret": {property: "Name", ref: "arn:aws:secretsmanager" + here + "secret:{name}-a1b2c3"},
		"AWS::Logs::LogGroup":         {property: "LogGroupName", arn: "arn:aws:logs" + here + "log-group:{name}:*"},
		"AWS::IAM::Role":              {property: "RoleName", arn: "arn:aws:iam::{account}:role/{name}"},
		"AWS::IAM::ManagedPolicy":     {property: "ManagedPolicyName", ref: "arn:aws:iam::{account}:policy/{name}"},
		"AWS::CloudWatch::Dashboard":  {property: "DashboardName"},
	}[kind]
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
	if value, is := map[string]any{
		"AWS::NoValue": absent{}, "AWS::StackName": e.deployment.StackName, "AWS::Region": e.deployment.Region,
		"AWS::AccountId": e.deployment.Account, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
	}[name]; is {
		return value
	}
	called, physical := e.find(name, node)

	return e.fill(cmp.Or(called.ref, "{name}"), physical)
}

// attribute is what !GetAtt of "LogicalId.Attribute" is; node is where it stands.
func (e *evaluation) attribute(whole string, node *yaml.Node) string {
	id, attribute, _ := strings.Cut(whole, ".")
	called, physical := e.find(id, node)
	switch {
	case attribute == called.property:
		return physical
	case attribute != "Arn" || called.arn == "":
		fail(node, "the attribute %s of a resource of the type %s is not known here", attribute, e.Resources[id].Type)
	}

	return e.fill(called.arn, physical)
}

// find is how a resource of this deployment is called.
func (e *evaluation) find(id string, node *yaml.Node) (called naming, physical string) {
	declared, is := e.Resources[id]
	switch called = namingOf(declared.Type); {
	case !is:
		fail(node, "%s is neither a parameter nor a resource", id)
	case !e.included(declared):
		fail(node, "%s is not in this deployment: its condition %s is false", id, declared.Condition.Value)
	case called.property == "":
		fail(node, "what a resource of the type %s is called is not known here", declared.Type)
	}

	return called, e.nameOf(id)
}

// nameOf is a resource's name: the template's, or made of the stack's name and the logical id, to which AWS adds random characters.
func (e *evaluation) nameOf(id string) string {
	declared := e.Resources[id]
	property, local := namingOf(declared.Type).property, declared.Type == functionType && e.deployment.Local
	for name, node := range pairs(&declared.Properties) {
		switch {
		case local && name == "CodeUri":
			return path.Base(e.text(node))
		case !local && name == property:
			return e.text(node)
		}
	}
	if declared.Type == "AWS::S3::Bucket" {
		return strings.ToLower(e.deployment.StackName + "-" + id)
	}

	return e.deployment.StackName + "-" + id
}
