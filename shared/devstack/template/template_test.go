package template_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

// read reads a template's text.
func read(t *testing.T, content string) *template.Template {
	t.Helper()
	file := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := template.Read(file)
	if err != nil {
		t.Fatal(err)
	}

	return source
}

// evaluated is a template's text for a deployment.
func evaluated(t *testing.T, content string, d template.Deployment) *template.Stack {
	t.Helper()
	stack, err := read(t, content).Evaluate(d)
	if err != nil {
		t.Fatal(err)
	}

	return stack
}

// world is a template around one value that is tried.
const world = `
Parameters:
  Word: {Type: String, Default: hello}
  Count: {Type: Number, Default: 3}
Conditions:
  No: !Not [!Condition Yes]
  Yes: !Equals [!Ref Count, 3]
Resources:
  Subject: {Type: T, Properties: {Tried: TRIED}}
  Bucket: {Type: AWS::S3::Bucket}
  Gone: {Type: AWS::S3::Bucket, Condition: No}
  Named: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${AWS::StackName}-${Word}"}}
`

// refused is what a value comes to that is no value: an error that says so, with its line.
type refused string

func TestAValueIsWhatCloudFormationMakesOfItAndWhatIsNotKnownIsAnErrorWithItsLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value string
		want  any
	}{
		"a whole number":                 {`5`, 5},
		"a number in quotes":             {`"5"`, "5"},
		"YAML 1.1's word for false":      {`off`, false},
		"that word in quotes":            {`"OFF"`, "OFF"},
		"a number's Ref is text":         {`!Ref Count`, "3"},
		"a date":                         {`2012-10-17`, "2012-10-17"},
		"no value":                       {`!Ref AWS::NoValue`, nil},
		"no value in a list":             {`[a, !Ref AWS::NoValue, b]`, []any{"a", "b"}},
		"a condition of a policy":        {`{Condition: {Bool: {a: !Ref Word}}}`, map[string]any{"Condition": map[string]any{"Bool": map[string]any{"a": "hello"}}}},
		"GetAtt":                         {`!GetAtt Bucket.Arn`, "arn:aws:s3:::stack-bucket"},
		"Sub":                            {`!Sub "${Word} ${Count} ${AWS::Partition} ${Bucket.Arn} $ {}"`, "hello 3 aws arn:aws:s3:::stack-bucket $ {}"},
		"Sub with names of its own":      {`!Sub ["${Word}-${Own}-${AWS::URLSuffix}", {Own: !Ref Count, Word: true}]`, "true-3-amazonaws.com"},
		"If that is true":                {`!If [Yes, 1, !Ref Gone]`, 1},
		"If that is false":               {`!If [No, !GetAtt Gone.Arn, [2]]`, []any{2}},
		"Split":                          {`!Split ["l", !Ref Word]`, []any{"he", "", "o"}},
		"Join":                           {`!Join ["', '", !Split ["l", !Ref Word]]`, "he', '', 'o"},
		"a name that is made of another": {`!Ref Named`, "https://sqs.eu-central-1.amazonaws.com/000000000000/Stack-hello"},

		"a function":                  {`!Cidr [a, b]`, refused("!Cidr is no function that is evaluated here")},
		"a long form":                 {`{"Fn::Sub": a}`, refused("Fn::Sub is not evaluated here: write its short form")},
		"an alias":                    {`[&a 1, *a]`, refused("neither a value nor an alias")},
		"Sub of a literal":            {`!Sub "${!Kept}"`, refused("!Kept is neither a parameter nor a resource")},
		"a name":                      {`!Ref Nothing`, refused("Nothing is neither a parameter nor a resource")},
		"a resource's name":           {`!Ref Subject`, refused("what a resource of the type T is called is not known here")},
		"an attribute":                {`!GetAtt Bucket.Colour`, refused("the attribute Colour of a resource of the type AWS::S3::Bucket is not known here")},
		"what the deployment has not": {`!Sub "${Gone.Arn}"`, refused("Gone is not in this deployment: its condition No is false")},
		"no value in a text":          {`!Sub "${AWS::NoValue}"`, refused("${AWS::NoValue} is no text")},
		"a list in a text":            {`!Sub ["${A}", {A: []}]`, refused("this is to be text")},
		"Sub of three":                {`!Sub [a, {}, b]`, refused("!Sub takes a list of 2")},
		"If of two":                   {`!If [Yes, 1]`, refused("!If takes a list of 3")},
		"If of nothing":               {`!If [Maybe, 1, 2]`, refused("the condition Maybe is not there")},
		"Split of one":                {`!Split [","]`, refused("!Split takes a list of 2")},
		"Equals out of its place":     {`!Equals [1, 1]`, refused("!Equals is no function that is evaluated here")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stack, err := read(t, strings.Replace(world, "TRIED", test.value, 1)).Evaluate(template.Deployment{StackName: "Stack"})
			if says, is := test.want.(refused); is {
				if err == nil || !strings.Contains(err.Error(), "evaluate t.yaml for the stack Stack: line 9: "+string(says)) {
					t.Errorf("%s: got %v, want an error at line 9 that says %q", test.value, err, says)
				}

				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, stack.Resources["Subject"].Properties["Tried"]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.value, diff)
			}
		})
	}
}

func TestWhatCannotBeDecidedIsAnErrorWithItsLine(t *testing.T) {
	t.Parallel()
	for content, says := range map[string]string{
		"Conditions:\n  A: !Not [!Equals [1]]":                            "line 2: !Equals takes a list of 2",
		"Conditions:\n  A: !Ref AWS::Region":                              "line 2: !Ref is none of the functions that decide",
		"Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]": "line 3: the condition A is not there, or is made of itself",
		"Resources:\n  Q: {Type: T, Properties: {Colour: !Ref Red}}":      "line 2: Red is neither",
		"Outputs:\n  O: {Value: !Ref Green}":                              "line 2: Green is neither",
		"Outputs:\n  O: {Value: 2, Condition: Maybe}":                     "line 2: the condition Maybe is not there",
	} {
		stack, err := read(t, content).Evaluate(template.Deployment{})
		if stack != nil || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want no stack, and an error that says %q", content, err, says)
		}
	}
}

func TestConditionsDecideWhatIsThere(t *testing.T) {
	t.Parallel()
	source := read(t, `
Parameters: {A: {Type: String, Default: ""}, B: {Type: Number, Default: 0}}
Conditions:
  HasA: !Not [!Equals [!Ref A, ""]]
  HasB: !Not [!Equals [!Ref B, 0]]
  Both: !And [!Condition HasA, !Condition HasB]
  Either: !Or [!Condition HasA, !Condition HasB]
Resources:
  Always: {Type: T}
  A: {Type: T, Condition: HasA}
  Both: {Type: T, Condition: Both}
  Either: {Type: U, Condition: Either}
Outputs:
  B: {Value: !Ref B, Condition: HasB, Description: what B is}
`)
	for given, want := range map[[2]string]string{
		{"", "0"}:  "resources [Always], of T [Always], outputs map[], conditions map[Both:false Either:false HasA:false HasB:false]",
		{"a", "0"}: "resources [A Always Either], of T [A Always], outputs map[], conditions map[Both:false Either:true HasA:true HasB:false]",
		{"2", "2"}: "resources [A Always Both Either], of T [A Always Both], outputs map[B:{what B is 2}], conditions map[Both:true Either:true HasA:true HasB:true]",
	} {
		values := map[string]string{"A": given[0], "B": given[1]}
		parameters := maps.Clone(values)
		maps.DeleteFunc(parameters, func(_, value string) bool { return value == "" || value == "0" }) // which are defaults

		stack, err := source.Evaluate(template.Deployment{Parameters: parameters})
		if err != nil {
			t.Fatal(err)
		}
		var ofT []string
		for _, resource := range stack.OfType("T") {
			ofT = append(ofT, resource.LogicalID)
		}
		got := fmt.Sprintf("resources %v, of T %v, outputs %v, conditions %v",
			slices.Sorted(maps.Keys(stack.Resources)), ofT, stack.Outputs, stack.Conditions)
		always := template.Resource{LogicalID: "Always", Type: "T", Properties: map[string]any{}}
		if diff := cmp.Diff(want, got) + cmp.Diff(values, stack.Parameters) + cmp.Diff(always, stack.Resources["Always"]); diff != "" {
			t.Errorf("%v (-want +got):\n%s", given, diff)
		}
	}
}

func TestARuleThatIsBrokenIsReportedInItsOwnWords(t *testing.T) {
	t.Parallel()
	source := read(t, `
Parameters: {A: {Type: String, Default: ""}, B: {Type: String, Default: "on"}}
Rules:
  Given:
    RuleCondition: !Equals [!Ref B, "on"]
    Assertions: [{Assert: !Not [!Equals [!Ref A, ""]], AssertDescription: Give A.}]
  Sane: {Assertions: [{Assert: !Not [!Equals [!Ref A, mad]], AssertDescription: Be sane.}]}
Resources: {R: {Type: T}}
`)

	for what, test := range map[string]struct{ a, b, says string }{
		"kept":                               {"a", "on", ""},
		"broken":                             {"", "on", "the parameters given are refused by the rule Given: Give A."},
		"broken, while its condition is not": {"", "off", ""},
		"broken, without a condition":        {"mad", "off", "the parameters given are refused by the rule Sane: Be sane."},
	} {
		_, err := source.Evaluate(template.Deployment{Parameters: map[string]string{"A": test.a, "B": test.b}})
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", what, err, test.says)
		}
	}
}

func TestAValueIsCheckedByItsParameter(t *testing.T) {
	t.Parallel()
	for declared, given := range map[string]struct{ allowed, refused []string }{
		"Type: String":                              {[]string{"", "a\nb"}, nil},
		"Type: String, AllowedValues: [a, true]":    {[]string{"true"}, []string{"c", ""}},
		"Type: String, AllowedPattern: 'a|b+'":      {[]string{"a", "bb"}, []string{"bba", ""}},
		"Type: String, AllowedPattern: 'a$'":        {[]string{"a"}, []string{"a\n"}},
		"Type: String, MaxLength: 3":                {[]string{"äöü"}, []string{"äöüß"}},
		"Type: Number, MinValue: -1, MaxValue: 2.5": {[]string{"2.50", "-1"}, []string{"-1.5", "3", "two"}},
		"Type: Number, AllowedValues: [1, 7]":       {[]string{"7"}, []string{"2"}},
		"Type: CommaDelimitedList":                  {nil, []string{"a"}},
	} {
		for _, value := range slices.Concat(given.allowed, given.refused) {
			stack, err := read(t, "Parameters: {P: {"+declared+"}}\nResources: {R: {Type: T, Properties: {P: !Ref P}}}").
				Evaluate(template.Deployment{Parameters: map[string]string{"P": value}})
			if slices.Contains(given.refused, value) {
				if says := fmt.Sprintf("does not allow %q", value); err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("%s: got %v, want an error that says %q", declared, err, says)
				}
			} else if err != nil || stack.Parameters["P"] != value || stack.Resources["R"].Properties["P"] != value {
				t.Errorf("%s: got %v, %v, want %q as it is given", declared, stack, err, value)
			}
		}
	}
}

func TestAParameterThatHasNoValueOrIsNotThereIsNamed(t *testing.T) {
	t.Parallel()
	_, err := read(t, "Parameters: {P: {Type: String}}\nResources: {R: {Type: T}}").
		Evaluate(template.Deployment{Parameters: map[string]string{"Q": ""}})
	for _, says := range []string{"the parameter P needs a value", "the parameter Q is given a value, and the template has no such"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want an error that says %q", err, says)
		}
	}
}
