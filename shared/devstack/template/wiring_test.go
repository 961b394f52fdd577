package template_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/template"
)

func TestGlobalsAreMergedAsSAMMergesThem(t *testing.T) {
	t.Parallel()
	stack := evaluated(t, `
Parameters: {Size: {Type: Number, Default: 128}}
Globals:
  Function:
    MemorySize: !Ref Size
    Timeout: 3
    Layers: [shared]
    Architectures: !Split [",", "a,b"]
    Environment: {Variables: {X: !Ref AWS::StackName, Y: shared}}
    VpcConfig: {SubnetIds: [a]}
  StateMachine: {Tracing: {Enabled: true}}
Resources:
  Bare: {Type: AWS::Serverless::Function}
  Full:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: !Ref Size
      Layers: [own]
      Architectures: [own]
      Environment: {Variables: {Y: own, Z: !Ref Size}}
      VpcConfig: !Ref AWS::NoValue
  Machine: {Type: AWS::Serverless::StateMachine, Properties: {Tracing: {Enabled: false}, Name: m}}
  Other: {Type: AWS::Lambda::Function, Properties: {Timeout: 1}}
`, template.Deployment{StackName: "s"})
	for id, want := range map[string]string{
		"Bare":    "map[Architectures:[a b] Environment:map[Variables:map[X:s Y:shared]] Layers:[shared] MemorySize:128 Timeout:3 VpcConfig:map[SubnetIds:[a]]]",
		"Full":    "map[Architectures:[own] Environment:map[Variables:map[X:s Y:own Z:128]] Layers:[shared own] MemorySize:128 Timeout:128]",
		"Machine": "map[Name:m Tracing:map[Enabled:false]]",
		"Other":   "map[Timeout:1]",
	} {
		if got := fmt.Sprint(stack.Resources[id].Properties); got != want {
			t.Errorf("the properties of %s are %s, want %s", id, got, want)
		}
	}
}

func TestResourcesAreCalledAsInAWS(t *testing.T) {
	t.Parallel()
	const here = ":us-east-1:111111111111:"
	for kind, want := range map[string]string{
		"AWS::Serverless::Function Arn":             "s-R arn:aws:lambda" + here + "function:s-R",
		"AWS::Serverless::StateMachine Name":        "arn:aws:states" + here + "stateMachine:s-R s-R",
		"AWS::S3::Bucket Arn":                       "s-r arn:aws:s3:::s-r",
		"AWS::SQS::Queue Arn":                       "https://sqs.us-east-1.amazonaws.com/111111111111/s-R arn:aws:sqs" + here + "s-R",
		"AWS::SNS::Topic TopicName":                 "arn:aws:sns" + here + "s-R s-R",
		"AWS::SecretsManager::Secret Name":          "arn:aws:secretsmanager" + here + "secret:s-R-a1b2c3 s-R",
		"AWS::Logs::LogGroup Arn":                   "s-R arn:aws:logs" + here + "log-group:s-R:*",
		"AWS::IAM::Role Arn":                        "s-R arn:aws:iam::111111111111:role/s-R",
		"AWS::IAM::ManagedPolicy ManagedPolicyName": "arn:aws:iam::111111111111:policy/s-R s-R",
		"AWS::CloudWatch::Dashboard DashboardName":  "s-R s-R",
	} {
		kind, attribute, _ := strings.Cut(kind, " ")
		outputs := evaluated(t, "Resources: {R: {Type: "+kind+"}}\nOutputs: {A: {Value: !Ref R}, B: {Value: !GetAtt R."+attribute+"}}",
			template.Deployment{StackName: "s", Region: "us-east-1", Account: "111111111111"}).Outputs
		if got := fmt.Sprint(outputs["A"].Value, " ", outputs["B"].Value); got != want {
			t.Errorf("%s: Ref and %s are %s, want %s", kind, attribute, got, want)
		}
	}
}

func TestTheLocalWorldCallsAFunctionAsItsFolder(t *testing.T) {
	t.Parallel()
	for local, name := range map[bool]string{false: "named", true: "f"} {
		stack := evaluated(t, `
Resources: {F: {Type: AWS::Serverless::Function, Properties: {FunctionName: named, CodeUri: functions/f/}}}
Outputs: {Arn: {Value: !GetAtt F.Arn}, Name: {Value: !Ref F}}
`, template.Deployment{Local: local})
		got := fmt.Sprint(stack.Resources["F"].Name, " ", stack.Outputs["Name"].Value, " ", stack.Outputs["Arn"].Value)
		if want := name + " " + name + " arn:aws:lambda:eu-central-1:000000000000:function:" + name; got != want {
			t.Errorf("local %t: the function is called %s, want %s", local, got, want)
		}
	}
}

func TestAFileThatIsNoTemplateIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "t.yaml")
	if _, err := template.Read(file); err == nil || !strings.Contains(err.Error(), "read the template: open ") {
		t.Errorf("no file: got %v", err)
	}
	for content, says := range map[string]string{
		"Resources: [a]":                   "read the template t.yaml: yaml: unmarshal errors:\n  line 1: ",
		"Parameters: {P: {MinValue: x}}":   "line 1: cannot unmarshal !!str `x` into float64",
		"Resources: {A: {Type: T}, A: {}}": `"A" already defined`,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := template.Read(file); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want an error that says %q", content, err, says)
		}
	}
}
