package template_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

const unsettled = `
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Metadata:
  Note: kept
  AWS::CloudFormation::Interface:
    ParameterGroups:
      - {Label: {default: Both}, Parameters: [Own, Name]}
      - {Label: {default: One}, Parameters: [Own]}
    ParameterLabels: {Own: {default: o}, Name: {default: n}}
Parameters:
  Own: {Type: String, Default: "true"}
  Name: {Type: String, Default: n}
  Unused: {Type: String, Default: u}
  Given: {Type: String, Default: g}
Conditions:
  IsOwn: !Equals [!Ref Own, "true"]
Globals:
  Function: {KmsKeyArn: !If [IsOwn, !GetAtt Key.Arn, !Ref AWS::NoValue]}
Resources:
  Key: {Type: AWS::KMS::Key, Condition: IsOwn}
  Queue:
    Type: AWS::SQS::Queue
    DependsOn: Key
    DeletionPolicy: Retain
    UpdatePolicy: {A: !If [IsOwn, 1, 2]}
    Metadata: {M: !If [IsOwn, a, b]}
    Properties:
      QueueName: !Sub ["${Name}-${X}", {X: !If [IsOwn, own, !Ref Given]}]
      List: [!If [IsOwn, !Ref Key, !Ref AWS::NoValue], !Join [",", [!If [IsOwn, a, b], !Ref AWS::Region]]]
Outputs:
  Key: {Condition: IsOwn, Value: !Ref Key}
`

// settle settles a template in which nothing is wrong.
func settle(t *testing.T, content string, parameters map[string]string) map[string]any {
	t.Helper()

	printed, err := parse(t, content).Settle(template.Deployment{Parameters: parameters})
	if err != nil {
		t.Fatal(err)
	}

	var settled map[string]any
	if err := json.Unmarshal(printed, &settled); err != nil {
		t.Fatal(err)
	}

	return settled
}

// object is short for a map in JSON.
type object = map[string]any

func parameterDeclaration(standard string) object {
	return object{"Type": "String", "Default": standard}
}

func TestATemplateIsSettledWhereItsConditionHolds(t *testing.T) {
	t.Parallel()

	want := object{
		"AWSTemplateFormatVersion": "2010-09-09", "Transform": "AWS::Serverless-2016-10-31",
		"Metadata": object{"Note": "kept", "AWS::CloudFormation::Interface": object{
			"ParameterGroups": []any{object{"Label": object{"default": "Both"}, "Parameters": []any{"Name"}}},
			"ParameterLabels": object{"Name": object{"default": "n"}},
		}},
		"Parameters": object{"Name": parameterDeclaration("n"), "Unused": parameterDeclaration("u")},
		"Globals":    object{"Function": object{"KmsKeyArn": object{"Fn::GetAtt": []any{"Key", "Arn"}}}},
		"Resources": object{
			"Key": object{"Type": "AWS::KMS::Key"},
			"Queue": object{
				"Type": "AWS::SQS::Queue", "DependsOn": []any{"Key"}, "DeletionPolicy": "Retain",
				"Metadata": object{"M": "a"}, "UpdatePolicy": object{"A": 1.0},
				"Properties": object{
					"QueueName": object{"Fn::Sub": []any{"${Name}-${X}", object{"X": "own"}}},
					"List": []any{
						object{"Ref": "Key"}, object{"Fn::Join": []any{",", []any{"a", object{"Ref": "AWS::Region"}}}},
					},
				},
			},
		},
		"Outputs": object{"Key": object{"Value": object{"Ref": "Key"}}},
	}

	if diff := cmp.Diff(want, settle(t, unsettled, nil)); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
}

func TestATemplateIsSettledWhereItsConditionDoesNotHold(t *testing.T) {
	t.Parallel()

	want := object{
		"AWSTemplateFormatVersion": "2010-09-09", "Transform": "AWS::Serverless-2016-10-31",
		"Metadata": object{"Note": "kept", "AWS::CloudFormation::Interface": object{
			"ParameterGroups": []any{object{"Label": object{"default": "Both"}, "Parameters": []any{"Name"}}},
			"ParameterLabels": object{"Name": object{"default": "n"}},
		}},
		"Parameters": object{
			"Name": parameterDeclaration("n"), "Unused": parameterDeclaration("u"), "Given": parameterDeclaration("g"),
		},
		"Globals": object{"Function": object{}},
		"Resources": object{
			"Queue": object{
				"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain",
				"Metadata": object{"M": "b"}, "UpdatePolicy": object{"A": 2.0},
				"Properties": object{
					"QueueName": object{"Fn::Sub": []any{"${Name}-${X}", object{"X": object{"Ref": "Given"}}}},
					"List":      []any{object{"Fn::Join": []any{",", []any{"b", object{"Ref": "AWS::Region"}}}}},
				},
			},
		},
	}

	if diff := cmp.Diff(want, settle(t, unsettled, map[string]string{"Own": "false"})); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
}

func TestASettledTemplateHasTheGivenValuesAsDefaults(t *testing.T) {
	t.Parallel()

	settled := settle(t, `
Parameters:
  Needed: {Type: String}
  Other: {Type: Number, Default: 1}
  Left: {Type: Number, Default: 1}
  Secret: {Type: String, NoEcho: true, Default: s}
Resources: {R: {Type: T, Properties: {P: [!Ref Needed, !Ref Other, !Ref Left, !Ref Secret]}}}
`, map[string]string{"Needed": "n", "Other": "2", "Secret": "canary"})

	want := object{
		"Needed": parameterDeclaration("n"),
		"Other":  object{"Type": "Number", "Default": "2"},
		"Left":   object{"Type": "Number", "Default": 1.0},
		"Secret": object{"Type": "String", "NoEcho": true, "Default": "s"},
	}
	if diff := cmp.Diff(want, settled["Parameters"]); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestWhatIsSettledMayNotNameWhatIsGone(t *testing.T) {
	t.Parallel()

	_, err := parse(t, `
Conditions: {Never: !Equals [a, b]}
Resources:
  Gone: {Type: T, Condition: Never}
  R:
    Type: T
    DependsOn: Gone
    Properties: {A: !Ref Gone, B: !GetAtt Gone.X, C: !Sub "${Gone.X}", D: !If [Never, !Ref Gone, 1], E: !GetAtt R.Unknown, F: !Cidr [a]}
`).Settle(template.Deployment{})

	want := `settle t.yaml for the stack genesys-cloud-export: ` +
		`Resources.R.Properties.A: Ref names Gone, whose condition does not hold in this deployment
Resources.R.Properties.B: Fn::GetAtt names Gone, whose condition does not hold in this deployment
Resources.R.Properties.C: Fn::Sub names Gone, whose condition does not hold in this deployment`

	if err == nil {
		t.Fatal("it was settled")
	}

	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("the problems (-want +got):\n%s", diff)
	}
}
