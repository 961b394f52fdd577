package template_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

func TestGlobalsAreMergedAsSAMMergesThem(t *testing.T) {
	t.Parallel()

	stack, err := read(t, `
Parameters: {Size: {Type: Number, Default: 128}}
Globals:
  Function:
    MemorySize: !Ref Size
    Timeout: 3
    Tags: {A: shared, B: shared}
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
      Tags: {B: own, C: own}
      Layers: [own]
      Architectures: [own]
      Environment: {Variables: {Y: own, Z: !Ref Size}}
      VpcConfig: !Ref AWS::NoValue
  Machine: {Type: AWS::Serverless::StateMachine, Properties: {Tracing: {Enabled: false}, Name: m}}
  Other: {Type: AWS::Lambda::Function, Properties: {Timeout: 1}}
`).Evaluate(template.Deployment{StackName: "s"})
	if err != nil {
		t.Fatal(err)
	}

	want := map[string]map[string]any{
		"Bare": {
			"MemorySize": "128", "Timeout": 3, "Tags": map[string]any{"A": "shared", "B": "shared"}, "Layers": []any{"shared"},
			"Architectures": []any{"a", "b"}, "Environment": map[string]any{"Variables": map[string]any{"X": "s", "Y": "shared"}},
			"VpcConfig": map[string]any{"SubnetIds": []any{"a"}},
		},
		"Full": {
			"MemorySize": "128", "Timeout": "128", "Tags": map[string]any{"A": "shared", "B": "own", "C": "own"},
			"Layers": []any{"shared", "own"}, "Architectures": []any{"own"},
			"Environment": map[string]any{"Variables": map[string]any{"X": "s", "Y": "own", "Z": "128"}},
		},
		"Machine": {"Tracing": map[string]any{"Enabled": false}, "Name": "m"},
		"Other":   {"Timeout": 1},
	}

	got := map[string]map[string]any{}
	for id, resource := range stack.Resources {
		got[id] = resource.Properties
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

func TestResourcesAreCalledAsInAWS(t *testing.T) {
	t.Parallel()

	const here = ":us-east-1:111111111111:"

	for kind, want := range map[string]struct{ ref, attribute, is string }{
		"AWS::Serverless::Function":     {"s-R", "Arn", "arn:aws:lambda" + here + "function:s-R"},
		"AWS::Serverless::StateMachine": {"arn:aws:states" + here + "stateMachine:s-R", "Name", "s-R"},
		"AWS::S3::Bucket":               {"s-r", "Arn", "arn:aws:s3:::s-r"},
		"AWS::SQS::Queue":               {"https://sqs.us-east-1.amazonaws.com/111111111111/s-R", "Arn", "arn:aws:sqs" + here + "s-R"},
		"AWS::SNS::Topic":               {"arn:aws:sns" + here + "s-R", "TopicName", "s-R"},
		"AWS::SecretsManager::Secret":   {"arn:aws:secretsmanager" + here + "secret:s-R-a1b2c3", "Name", "s-R"},
		"AWS::Logs::LogGroup":           {"s-R", "Arn", "arn:aws:logs" + here + "log-group:s-R:*"},
		"AWS::IAM::Role":                {"s-R", "Arn", "arn:aws:iam::111111111111:role/s-R"},
		"AWS::IAM::ManagedPolicy":       {"arn:aws:iam::111111111111:policy/s-R", "ManagedPolicyName", "s-R"},
		"AWS::CloudWatch::Dashboard":    {"s-R", "DashboardName", "s-R"},
	} {
		stack, err := read(t, "Resources: {R: {Type: "+kind+"}}\nOutputs: {A: {Value: !Ref R}, B: {Value: !GetAtt R."+want.attribute+"}}").
			Evaluate(template.Deployment{StackName: "s", Region: "us-east-1", Account: "111111111111"})
		if err != nil {
			t.Fatal(err)
		}

		if got := []any{stack.Outputs["A"].Value, stack.Outputs["B"].Value}; got[0] != want.ref || got[1] != want.is {
			t.Errorf("%s: Ref and %s are %v, want %s and %s", kind, want.attribute, got, want.ref, want.is)
		}
	}
}

func TestTheLocalWorldCallsAFunctionAsItsFolder(t *testing.T) {
	t.Parallel()

	source := read(t, `
Resources: {F: {Type: AWS::Serverless::Function, Properties: {FunctionName: named, CodeUri: functions/f/}}}
Outputs: {Arn: {Value: !GetAtt F.Arn}, Name: {Value: !Ref F}}
`)

	for local, name := range map[bool]string{false: "named", true: "f"} {
		stack, err := source.Evaluate(template.Deployment{Local: local})
		if err != nil {
			t.Fatal(err)
		}

		arn, _ := stack.Outputs["Arn"].Value.(string)
		if stack.Resources["F"].Name != name || stack.Outputs["Name"].Value != name || !strings.HasSuffix(arn, ":function:"+name) {
			t.Errorf("local %t: the function is called %s, %s", local, stack.Resources["F"].Name, arn)
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
		"Parameters: {P: {MinValue: x}}":   "read the template t.yaml: the parameter P: ",
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
