package template_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

func TestGlobalsAreMergedAsSAMMergesThem(t *testing.T) {
	t.Parallel()

	stack := evaluate(t, `
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
`, template.Deployment{StackName: "s"})

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
