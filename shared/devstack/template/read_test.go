package template_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

func TestYAMLAndJSONSayTheSame(t *testing.T) {
	t.Parallel()

	yaml := evaluate(t, `
AWSTemplateFormatVersion: 2010-09-09
Description: Text.
Parameters:
  P: {Type: String, Default: 5}
Conditions:
  C: !And [!Not [!Equals [!Ref P, 6]], !Condition D]
  D: !Equals [!Ref P, "5"]
Resources:
  R:
    Type: T
    Properties:
      Text: "😀 a/b"
      Numbers: [1, -2, 2.5, 1000.0]
      Sub: !Sub "${P}"
      Att: !GetAtt F.Arn
      If: !If [C, on, false]
  F: {Type: AWS::Lambda::Function}
`, template.Deployment{})

	tabbed := "\n\t" + strings.ReplaceAll(`{"AWSTemplateFormatVersion": "2010-09-09", "Description": "Text.",
 "Parameters": {"P": {"Type": "String", "Default": 5}},
 "Conditions": {"C": {"Fn::And": [{"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, 6]}]}, {"Condition": "D"}]},
   "D": {"Fn::Equals": [{"Ref": "P"}, "5"]}},
 "Resources": {
   "R": {"Type": "T", "Properties": {"Text": "\ud83d\ude00 a\/b", "Numbers": [1, -2, 2.5, 1e3], "Sub": {"Fn::Sub": "${P}"},
      "Att": {"Fn::GetAtt": ["F", "Arn"]}, "If": {"Fn::If": ["C", true, false]}}},
   "F": {"Type": "AWS::Lambda::Function"}}}`, "\n", "\n\t")

	if diff := cmp.Diff(yaml, evaluate(t, tabbed, template.Deployment{})); diff != "" {
		t.Errorf("the stack (-of YAML +of JSON):\n%s", diff)
	}

	want := map[string]any{
		"Text": "😀 a/b", "Numbers": []any{1, -2, 2.5, 1000.0}, "Sub": "5", "If": true,
		"Att": "arn:aws:lambda:eu-central-1:000000000000:function:genesys-cloud-export-F",
	}
	if diff := cmp.Diff(want, yaml.Resources["R"].Properties); diff != "" {
		t.Errorf("the properties (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoTemplateIsRefusedWithEveryReason(t *testing.T) {
	t.Parallel()

	const fine = "Resources: {A: {Type: T}}\n"

	for name, test := range map[string]struct{ content, want string }{
		"nothing":             {"", "it is empty"},
		"a comment":           {"# hello", "it is empty"},
		"two documents":       {fine + "---\n" + fine, "it has more than one document"},
		"no YAML":             {"Resources: [", "yaml: line 1: did not find expected node content"},
		"text":                {"hello", "Resources: is missing or empty: a template has at least one resource\nthe template: is no map of sections"},
		"no resources":        {"Resources: {}", "Resources: is missing or empty: a template has at least one resource"},
		"another version":     {fine + "AWSTemplateFormatVersion: 2020", "AWSTemplateFormatVersion: is not 2010-09-09, the only version that there is"},
		"an unknown section":  {fine + "Resource: {}", "Resource: is no section of a template"},
		"a section of a list": {fine + "Outputs: []", "Outputs: is no map"},
		"a long description":  {fine + "Description: {}", "Description: is no text"},
		"a null":              {"Resources: {A: {Type: T, Properties: {B: [1, null]}}}", "Resources.A.Properties.B[1]: is null, which CloudFormation does not take"},
		"a key twice":         {"Resources: {A: {Type: T, Properties: {B: 1, B: 2}}}", "Resources.A.Properties.B: is there twice"},
		"a key twice in JSON": {`{"Resources": {"A": {"Type": "T", "Properties": {"B": 1, "B": 2}}}}`, "Resources.A.Properties.B: is there twice"},
		"an alias":            {"Resources: {A: &a {Type: T}, B: *a}", "Resources.A: is an anchor or an alias, which CloudFormation does not take\nResources.B: is an anchor or an alias, which CloudFormation does not take"},
		"a merge key":         {"Resources: {A: {Type: T, Properties: {<<: {B: 1}}}}", "Resources.A.Properties.<<: is a merge key, which CloudFormation does not take"},
		"a key that is a map": {"Resources: {A: {Type: T, Properties: {{B: 1}: 1}}}", "Resources.A.Properties: has a key in line 1 that is no plain text"},
		"a foreign tag":       {"Resources: {A: {Type: T, Properties: {B: !my/tag 1}}}", "Resources.A.Properties.B: has the tag !my/tag, which CloudFormation does not know"},
		"an endless number":   {"Resources: {A: {Type: T, Properties: {B: .inf}}}", "Resources.A.Properties.B: is no number that CloudFormation knows"},
		"a resource of text":  {"Resources: {A: b}", "Resources.A: has no Type\nResources.A: is no map"},
		"a resource's name":   {"Resources: {A-b: {Type: T}}", "Resources.A-b: has a name with other characters than letters and digits"},
		"a resource's extras": {"Resources: {A: {Type: [T], Colour: red, Properties: b}}", "Resources.A.Colour: is none of Condition, Connectors, CreationPolicy, DeletionPolicy, DependsOn, Metadata, Properties, Type, UpdatePolicy, UpdateReplacePolicy\nResources.A.Properties: is no map\nResources.A.Type: is no text"},
		"an output's extras":  {fine + "Outputs: {O: {Value: 1, Colour: red, Export: name}}", "Outputs.O.Colour: is none of Condition, Description, Export, Value\nOutputs.O.Export: is no map"},
		"a name given twice":  {fine + "Parameters: {A: {Type: String}}", "Resources.A: has the name of a parameter"},
		"a parameter's form":  {fine + "Parameters: {P: {Colour: red, Default: [], MinLength: 0.5, MinValue: x, NoEcho: maybe, AllowedValues: a}}", "Parameters.P.AllowedValues: is not known to parameters, or of the wrong type\nParameters.P.Colour: is not known to parameters, or of the wrong type\nParameters.P.Default: is not known to parameters, or of the wrong type\nParameters.P.MinLength: is not known to parameters, or of the wrong type\nParameters.P.MinValue: is not known to parameters, or of the wrong type\nParameters.P.NoEcho: is not known to parameters, or of the wrong type\nParameters.P: has no Type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := template.Parse("t.yaml", []byte(test.content))
			if err == nil {
				t.Fatal("it was taken")
			}

			if diff := cmp.Diff("read the template t.yaml: "+test.want, err.Error()); diff != "" {
				t.Errorf("the error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFileIsReadByItsName(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	if _, err := template.Read(filepath.Join(folder, "none.yaml")); err == nil || !strings.Contains(err.Error(), "read the template: ") {
		t.Errorf("a file that is not there: %v", err)
	}

	large := filepath.Join(folder, "large.yaml")
	if err := os.WriteFile(large, []byte("Resources: {A: {Type: T}}\n#"+strings.Repeat("x", 1<<20)), 0o600); err != nil {
		t.Fatal(err)
	}

	if _, err := template.Read(large); err == nil || !strings.Contains(err.Error(), "read the template large.yaml: it has 1048603 bytes") {
		t.Errorf("a file over the limit: %v", err)
	}
}

// FuzzRead holds that any text is refused or taken, and that what is taken can be decided, or is refused then: it never
// panics, and a settled template is a template again.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		world, "{", `{"Resources": {"A": {"Type": "T"}}}`, "Resources: {A: &a {Type: T, Properties: *a}}", "a: !Sub\n- b\n- !!binary x",
		"Conditions: {A: !Or [!Condition B, !Not [!Equals [1, 2]]], B: !Condition A}\nResources: {A: {Type: T, Condition: A, DependsOn: [A, 1]}}",
		"Globals: {Function: {Layers: [!If [A, 1, 2]]}}\nResources: {A: {Type: AWS::Serverless::Function, Properties: {Layers: !Ref A}}}",
		"Parameters: {A: {Type: List<Number>, Default: '1,x', MinValue: 2, AllowedPattern: '('}}\nRules: {R: {Assertions: [{Assert: !Contains [[a], !Ref A]}]}}\nResources: {B: {Type: T}}",
		"Resources: {A: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt A.TopicName}}, B: {Type: T, Properties: {A: !Ref A}}}",
		"Metadata: {AWS::CloudFormation::Interface: {ParameterGroups: [{Parameters: [A, 1]}, 2], ParameterLabels: {A: 1}}}\nResources: {B: {Type: T}}",
		"Transform: AWS::LanguageExtensions\nResources: {A: {Type: T, Properties: {A: !Select [-1, !Split [a, b]], B: !Length 1, C: !ToJsonString 0xFFFFFFFFFFFFFFFF}}}",
	} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, content string) {
		source, err := template.Parse("t.yaml", []byte(content))
		if err != nil {
			return
		}

		if stack, err := source.Evaluate(template.Deployment{}); err == nil {
			if _, err := stack.JSON(); err != nil {
				t.Errorf("the stack of\n%s\ncannot be printed: %v", content, err)
			}
		}

		settled, err := source.Settle(template.Deployment{})
		if err != nil || string(settled) == "{}\n" || !strings.Contains(string(settled), "\"Resources\"") {
			return
		}

		if _, err := template.Parse("settled.json", settled); err != nil {
			t.Errorf("settled, it is no template any more: %v\n%s\nfrom\n%s", err, settled, content)
		}
	})
}
