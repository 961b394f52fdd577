package template_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

// parse reads a template that is well formed.
func parse(t *testing.T, content string) *template.Template {
	t.Helper()

	source, err := template.Parse("t.yaml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}

	return source
}

// evaluate decides a template in which nothing is wrong.
func evaluate(t *testing.T, content string, d template.Deployment) *template.Stack {
	t.Helper()

	stack, err := parse(t, content).Evaluate(d)
	if err != nil {
		t.Fatal(err)
	}

	return stack
}

// evaluationError is what a template's evaluation fails with, without what every such error begins with.
func evaluationError(t *testing.T, content string, d template.Deployment) string {
	t.Helper()

	stack, err := parse(t, content).Evaluate(d)
	if err == nil {
		t.Fatalf("nothing is wrong with\n%s\nand it is %v", content, stack)
	}

	text, ours := strings.CutPrefix(err.Error(), "evaluate t.yaml for the stack genesys-cloud-export: ")
	if !ours {
		t.Errorf("the error does not say what was done: %v", err)
	}

	return text
}

func TestAStackHasWhatTheTemplateSaysForItsDeployment(t *testing.T) {
	t.Parallel()

	const content = `
Parameters:
  Keep: {Type: String, Default: "no", AllowedValues: ["yes", "no"]}
  Zones: {Type: List<Number>, Default: "1,2"}
Conditions:
  Kept: !Equals [!Ref Keep, "yes"]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    UpdateReplacePolicy: Snapshot
    DependsOn: [Topic, Bucket]
    Metadata: {By: !Ref AWS::StackName}
    Properties: {Tags: [{Key: keep, Value: !If [Kept, "1", !Ref AWS::NoValue]}]}
  Bucket: {Type: AWS::S3::Bucket, Condition: Kept}
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  Bucket: {Condition: Kept, Value: !Ref Bucket}
  Topic: {Description: The topic., Value: !Ref Topic, Export: {Name: !Sub "${AWS::StackName}-topic"}}
`

	topic := template.Output{
		Description: "The topic.", Value: "arn:aws:sns:eu-central-1:000000000000:genesys-cloud-export-Topic",
		ExportName: "genesys-cloud-export-topic",
	}
	queue := template.Resource{
		LogicalID: "Queue", Type: "AWS::SQS::Queue", DeletionPolicy: "Retain", UpdateReplacePolicy: "Snapshot",
		DependsOn: []string{"Topic"}, Metadata: map[string]any{"By": "genesys-cloud-export"},
		Properties: map[string]any{"Tags": []any{map[string]any{"Key": "keep"}}},
	}
	want := &template.Stack{
		Name: "genesys-cloud-export", Parameters: map[string]any{"Keep": "no", "Zones": []any{"1", "2"}},
		Conditions: map[string]bool{"Kept": false},
		Resources: map[string]template.Resource{
			"Queue": queue,
			"Topic": {LogicalID: "Topic", Type: "AWS::SNS::Topic", Properties: map[string]any{}, Metadata: map[string]any{}},
		},
		Outputs: map[string]template.Output{"Topic": topic},
	}

	got := evaluate(t, content, template.Deployment{})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("without the bucket (-want +got):\n%s", diff)
	}

	queue.DependsOn = []string{"Bucket", "Topic"}
	queue.Properties = map[string]any{"Tags": []any{map[string]any{"Key": "keep", "Value": "1"}}}
	want.Resources["Queue"] = queue
	want.Resources["Bucket"] = template.Resource{
		LogicalID: "Bucket", Type: "AWS::S3::Bucket", Properties: map[string]any{}, Metadata: map[string]any{},
	}
	want.Conditions["Kept"] = true
	want.Parameters = map[string]any{"Keep": "yes", "Zones": []any{"3"}}
	want.Outputs["Bucket"] = template.Output{Value: "genesys-cloud-export-bucket"}

	got = evaluate(t, content, template.Deployment{Parameters: map[string]string{"Keep": "yes", "Zones": " 3 "}})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with the bucket (-want +got):\n%s", diff)
	}
}

func TestEveryProblemIsReportedAtOnceAndOnce(t *testing.T) {
	t.Parallel()

	got := evaluationError(t, `
Parameters:
  Needed: {Type: String}
  Odd: {Type: Number, Default: many}
Conditions:
  A: !Condition B
  B: !Not [!Condition A]
Resources:
  One:
    Type: AWS::SQS::Queue
    DependsOn: Three
    DeletionPolicy: Sometimes
    Properties: {A: !Ref Nothing, B: [!Cidr x, !Sub "${Nothing} ${Nothing}"], C: !Ref Needed}
  Two: {Type: AWS::SQS::Queue, Condition: C, Properties: {A: !Ref Gone}, DependsOn: {}}
Outputs:
  Out: {Value: [a]}
`, template.Deployment{Parameters: map[string]string{"Other": "1"}})

	want := `Conditions.B: goes in a circle: A, B, A
Outputs.Out.Value: is neither text, nor a number, nor true or false
Parameters.Needed: needs a value: it has no default
Parameters.Odd.Default: "many" is no number
Parameters.Other: is given a value, and the template has no such parameter
Resources.One.DeletionPolicy: is none of Delete, Retain, RetainExceptOnCreate, Snapshot
Resources.One.DependsOn: it names Three, which the template does not have
Resources.One.Properties.A: Ref names Nothing, which the template does not have
Resources.One.Properties.B[0]: Fn::Cidr is no function that is evaluated here
Resources.One.Properties.B[1]: Fn::Sub names Nothing, which the template does not have
Resources.Two.Condition: names the condition C, which the template does not have
Resources.Two.DependsOn: is neither a logical id nor a list of them
Resources.Two.Properties.A: Ref names Gone, which the template does not have`

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the problems (-want +got):\n%s", diff)
	}
}

func TestAStackIsPrintedAsATemplateHasIt(t *testing.T) {
	t.Parallel()

	stack := evaluate(t, `
Conditions: {Always: !Equals [a, a]}
Resources:
  Topic: {Type: AWS::SNS::Topic, DependsOn: Queue, DeletionPolicy: Retain, Properties: {A: "<1>"}, Metadata: {B: 2}}
  Queue: {Type: AWS::SQS::Queue}
Outputs:
  Topic: {Value: 1, Description: d, Export: {Name: e}}
  Queue: {Value: true}
`, template.Deployment{})

	printed, err := stack.JSON()
	if err != nil {
		t.Fatal(err)
	}

	if !strings.Contains(string(printed), `"<1>"`) || !strings.HasSuffix(string(printed), "\n}\n") {
		t.Errorf("printed as\n%s", printed)
	}

	var got any
	if err := json.Unmarshal(printed, &got); err != nil {
		t.Fatal(err)
	}

	want := map[string]any{
		"Conditions": map[string]any{"Always": true},
		"Resources": map[string]any{
			"Topic": map[string]any{
				"Type": "AWS::SNS::Topic", "DependsOn": []any{"Queue"}, "DeletionPolicy": "Retain",
				"Properties": map[string]any{"A": "<1>"}, "Metadata": map[string]any{"B": 2.0},
			},
			"Queue": map[string]any{"Type": "AWS::SQS::Queue"},
		},
		"Outputs": map[string]any{
			"Topic": map[string]any{"Value": 1.0, "Description": "d", "Export": map[string]any{"Name": "e"}},
			"Queue": map[string]any{"Value": true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the stack (-want +got):\n%s", diff)
	}
}

func TestResourcesOfATypeComeInOrder(t *testing.T) {
	t.Parallel()

	stack := evaluate(t, `
Resources: {C: {Type: X}, A: {Type: X}, D: {Type: Y}, B: {Type: X}}
`, template.Deployment{})

	var got []string
	for _, resource := range stack.OfType("X") {
		got = append(got, resource.LogicalID)
	}

	if diff := cmp.Diff([]string{"A", "B", "C"}, got); diff != "" {
		t.Errorf("resources of the type X (-want +got):\n%s", diff)
	}

	if got := stack.OfType("Z"); len(got) != 0 {
		t.Errorf("resources of a type that is not there: %v", got)
	}
}

func TestTheProjectsTemplateEvaluatesWithItsDefaults(t *testing.T) {
	t.Parallel()

	source, err := template.Read(filepath.Join("..", "..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	deployment := template.Deployment{Parameters: map[string]string{"GenesysEnvironment": "mypurecloud.de"}}

	stack, err := source.Evaluate(deployment)
	if err != nil {
		t.Fatal(err)
	}

	functions := stack.OfType("AWS::Serverless::Function")
	if len(functions) < 2 {
		t.Errorf("there are %d functions, want the rotator and an export at least", len(functions))
	}

	for _, function := range functions {
		environment, _ := function.Properties["Environment"].(map[string]any)
		variables, _ := environment["Variables"].(map[string]any)

		if got := variables["GENESYS_ENVIRONMENT"]; got != "mypurecloud.de" {
			t.Errorf("%s has GENESYS_ENVIRONMENT %v, want what the deployment gives, through Globals", function.LogicalID, got)
		}
	}

	settled, err := source.Settle(deployment)
	if err != nil {
		t.Fatal(err)
	}

	again, err := template.Parse("settled.json", settled)
	if err != nil {
		t.Fatal(err)
	}

	for name := range deployment.Parameters {
		if !strings.Contains(string(settled), `"Ref": "`+name+`"`) {
			t.Errorf("the settled template has no Ref to %s left", name)
		}
	}

	same, err := again.Evaluate(deployment)
	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(stack.Resources, same.Resources); diff != "" {
		t.Errorf("settled first, the resources differ (-at once +settled):\n%s", diff)
	}
}

func TestATemplateIsEvaluatedAnyNumberOfTimesAndStaysAsItIs(t *testing.T) {
	t.Parallel()

	source := parse(t, strings.Replace(world, "TRIED", "[!FindInMap [Sizes, arm64, names], !Ref Many]", 1))

	first, err := source.Evaluate(template.Deployment{})
	if err != nil {
		t.Fatal(err)
	}

	for _, list := range first.Resources["Subject"].Properties["Tried"].([]any) {
		list.([]any)[0] = "changed"
	}

	second, err := source.Evaluate(template.Deployment{})
	if err != nil {
		t.Fatal(err)
	}

	want := []any{[]any{"x", "y"}, []any{"a", "b", "c"}}
	if diff := cmp.Diff(want, second.Resources["Subject"].Properties["Tried"]); diff != "" {
		t.Errorf("evaluated again (-want +got):\n%s", diff)
	}
}
