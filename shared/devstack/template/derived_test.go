package template_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

// resourceOf is a template with one resource of a type, and outputs of its Ref and attributes.
func resourceOf(kind, properties string, attributes ...string) string {
	var content strings.Builder

	content.WriteString("Resources:\n  Tried: {Type: " + kind + ", Properties: {" + properties + "}}\nOutputs:\n  Ref: {Value: !Ref Tried}\n")

	for _, attribute := range attributes {
		content.WriteString("  " + attribute + ": {Value: !GetAtt Tried." + attribute + "}\n")
	}

	return content.String()
}

func outputsOf(stack *template.Stack) map[string]any {
	values := map[string]any{}
	for name, output := range stack.Outputs {
		values[name] = output.Value
	}

	return values
}

func TestRefAndAttributesAreWhatAWSCallsTheResource(t *testing.T) {
	t.Parallel()

	const account = "eu-west-1:123456789012:"

	for _, test := range []struct {
		kind, properties string
		want             map[string]any
	}{
		{"AWS::Serverless::Function", "", map[string]any{"Ref": "dev-Tried", "Arn": "arn:aws-x:lambda:" + account + "function:dev-Tried"}},
		{"AWS::Lambda::Function", "FunctionName: f", map[string]any{"Ref": "f", "Arn": "arn:aws-x:lambda:" + account + "function:f"}},
		{"AWS::S3::Bucket", "", map[string]any{"Ref": "dev-tried", "Arn": "arn:aws-x:s3:::dev-tried", "DomainName": "dev-tried.s3.amazonaws.com", "RegionalDomainName": "dev-tried.s3.eu-west-1.amazonaws.com"}},
		{"AWS::S3::Bucket", "BucketName: b", map[string]any{"Ref": "b", "Arn": "arn:aws-x:s3:::b"}},
		{"AWS::SQS::Queue", "", map[string]any{"Ref": "https://sqs.eu-west-1.amazonaws.com/123456789012/dev-Tried", "Arn": "arn:aws-x:sqs:" + account + "dev-Tried", "QueueName": "dev-Tried", "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/dev-Tried"}},
		{"AWS::SQS::Queue", "QueueName: q", map[string]any{"Ref": "https://sqs.eu-west-1.amazonaws.com/123456789012/q", "QueueName": "q"}},
		{"AWS::SNS::Topic", "TopicName: t", map[string]any{"Ref": "arn:aws-x:sns:" + account + "t", "TopicArn": "arn:aws-x:sns:" + account + "t", "TopicName": "t"}},
		{"AWS::SecretsManager::Secret", "Name: s", map[string]any{"Ref": "arn:aws-x:secretsmanager:" + account + "secret:s-a1b2c3", "Id": "arn:aws-x:secretsmanager:" + account + "secret:s-a1b2c3"}},
		{"AWS::SSM::Parameter", "Name: /a/b", map[string]any{"Ref": "/a/b"}},
		{"AWS::KMS::Key", "", map[string]any{"Ref": "00000000-0000-0000-0000-000000000000", "Arn": "arn:aws-x:kms:" + account + "key/00000000-0000-0000-0000-000000000000"}},
		{"AWS::Logs::LogGroup", "LogGroupName: !Sub '/l/${AWS::StackName}'", map[string]any{"Ref": "/l/dev", "Arn": "arn:aws-x:logs:" + account + "log-group:/l/dev:*"}},
		{"AWS::IAM::Role", "", map[string]any{"Ref": "dev-Tried", "Arn": "arn:aws-x:iam::123456789012:role/dev-Tried"}},
		{"AWS::IAM::Role", "RoleName: r, Path: /p/q/", map[string]any{"Ref": "r", "Arn": "arn:aws-x:iam::123456789012:role/p/q/r"}},
		{"AWS::IAM::ManagedPolicy", "ManagedPolicyName: m", map[string]any{"Ref": "arn:aws-x:iam::123456789012:policy/m", "PolicyArn": "arn:aws-x:iam::123456789012:policy/m"}},
		{"AWS::CloudWatch::Alarm", "AlarmName: a", map[string]any{"Ref": "a", "Arn": "arn:aws-x:cloudwatch:" + account + "alarm:a"}},
		{"AWS::CloudWatch::Dashboard", "DashboardName: d", map[string]any{"Ref": "d"}},
		{"AWS::Serverless::StateMachine", "Name: m", map[string]any{"Ref": "arn:aws-x:states:" + account + "stateMachine:m", "Arn": "arn:aws-x:states:" + account + "stateMachine:m", "Name": "m"}},
		{"AWS::StepFunctions::StateMachine", "StateMachineName: m", map[string]any{"Ref": "arn:aws-x:states:" + account + "stateMachine:m", "Name": "m"}},
		{"AWS::Scheduler::Schedule", "Name: s", map[string]any{"Ref": "s", "Arn": "arn:aws-x:scheduler:" + account + "schedule/default/s"}},
		{"AWS::Scheduler::Schedule", "Name: s, GroupName: g", map[string]any{"Ref": "s", "Arn": "arn:aws-x:scheduler:" + account + "schedule/g/s"}},
		{"AWS::Scheduler::ScheduleGroup", "Name: g", map[string]any{"Ref": "g", "Arn": "arn:aws-x:scheduler:" + account + "schedule-group/g"}},
		{"AWS::Events::Rule", "Name: !Ref AWS::NoValue", map[string]any{"Ref": "dev-Tried", "Arn": "arn:aws-x:events:" + account + "rule/dev-Tried"}},
		{"AWS::Unknown::Type", "", map[string]any{"Ref": "dev-Tried"}},
	} {
		t.Run(strings.Trim(test.kind+" "+test.properties, " "), func(t *testing.T) {
			t.Parallel()

			var attributes []string
			for name := range test.want {
				if name != "Ref" {
					attributes = append(attributes, name)
				}
			}

			stack := evaluate(t, resourceOf(test.kind, test.properties, attributes...), template.Deployment{
				StackName: "dev", Region: "eu-west-1", Account: "123456789012", Partition: "aws-x",
			})
			if diff := cmp.Diff(test.want, outputsOf(stack)); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEndpointsInChinaHaveTheirOwnDomain(t *testing.T) {
	t.Parallel()

	stack := evaluate(t, resourceOf("AWS::SQS::Queue", ""), template.Deployment{StackName: "s", Region: "cn-north-1", Partition: "aws-cn"})
	if got, want := stack.Outputs["Ref"].Value, "https://sqs.cn-north-1.amazonaws.com.cn/000000000000/s-Tried"; got != want {
		t.Errorf("the queue is %v, want %v", got, want)
	}
}

func TestADeploymentSaysWhatItsResourcesAreCalled(t *testing.T) {
	t.Parallel()

	stack := evaluate(t, `
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: other}}
  Queue: {Type: AWS::SQS::Queue}
  Function: {Type: AWS::Serverless::Function}
Outputs:
  Bucket: {Value: !Ref Bucket}
  BucketArn: {Value: !Sub "${Bucket.Arn}/*"}
  Queue: {Value: !Ref Queue}
  QueueName: {Value: !GetAtt Queue.QueueName}
  Function: {Value: !Ref Function}
  FunctionArn: {Value: !GetAtt Function.Arn}
  Odd: {Value: !GetAtt Function.Colour}
  Alias: {Value: !Ref FunctionAliaslive}
  Schedule: {Value: !GetAtt FunctionSchedule.Arn}
`, template.Deployment{
		References: map[string]string{"Bucket": "exports-local", "Queue": "http://127.0.0.1/queue", "FunctionAliaslive": "live"},
		Attributes: map[string]string{"Function.Arn": "arn", "Function.Colour": "red", "FunctionSchedule.Arn": "schedule"},
	})

	want := map[string]any{
		"Bucket": "exports-local", "BucketArn": "arn:aws:s3:::exports-local/*", "Queue": "http://127.0.0.1/queue",
		"QueueName": "genesys-cloud-export-Queue", "Function": "genesys-cloud-export-Function", "FunctionArn": "arn",
		"Odd": "red", "Alias": "live", "Schedule": "schedule",
	}
	if diff := cmp.Diff(want, outputsOf(stack)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestANameThatCannotBeDerivedIsAProblem(t *testing.T) {
	t.Parallel()

	for content, want := range map[string]string{
		resourceOf("AWS::SNS::Topic", "TopicName: !GetAtt Tried.TopicName"): "Resources.Tried.Properties.TopicName: needs the name of Tried, which depends on itself",
		resourceOf("AWS::SNS::Topic", "TopicName: [a]"):                     "Resources.Tried.Properties.TopicName: is no text, and the resource's name is made of it",
		`
Conditions: {Never: !Equals [a, b]}
Resources: {F: {Type: AWS::Serverless::Function, Condition: Never}}
Outputs: {Role: {Value: !GetAtt FRole.Arn}}`: "Outputs.Role.Value: Fn::GetAtt names FRole, whose condition does not hold in this deployment",
		`
Resources: {F: {Type: AWS::Serverless::Function, Properties: {Role: "arn:aws:iam::1:role/r"}}}
Outputs: {Role: {Value: !GetAtt FRole.Arn}}`: "Outputs.Role.Value: Fn::GetAtt names FRole, which the template does not have",
	} {
		got := evaluationError(t, content, template.Deployment{})
		if got != want {
			t.Errorf("%s\nthe problem is\n%s, want\n%s", content, got, want)
		}
	}
}

func TestNamesThatAreMadeOfNamesAreDerivedInTime(t *testing.T) {
	t.Parallel()

	var content strings.Builder

	content.WriteString("Resources:\n  T0: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}\n")

	for i := 1; i < 40; i++ {
		_, _ = fmt.Fprintf(&content, "  T%d: {Type: AWS::SSM::Parameter, Properties: {Name: !Select [0, [!Ref T%d, !Ref T%d, !Ref T%d]]}}\n", i, i-1, i-1, i-1)
	}

	stack := evaluate(t, content.String()+"Outputs: {Last: {Value: !Ref T39}}", template.Deployment{})
	if got := stack.Outputs["Last"].Value; got != "b" {
		t.Errorf("the last name is %v, want the first", got)
	}
}
