package template_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

// conditional is a template whose condition Tried is to be filled in.
func conditional(condition string) string {
	return `
Parameters:
  Word: {Type: String, Default: hello}
  Count: {Type: Number, Default: 3}
  Many: {Type: CommaDelimitedList, Default: "a,b"}
Mappings: {Sizes: {hello: {large: true}}}
Resources: {R: {Type: AWS::SQS::Queue}}
Conditions:
  True: !Equals [a, a]
  False: !Equals [a, b]
  Tried: ` + condition
}

func TestAConditionIsDecidedAsCloudFormationDecidesIt(t *testing.T) {
	t.Parallel()

	for condition, want := range map[string]bool{
		`!Equals [!Ref Word, hello]`:                                             true,
		`!Equals [!Ref Word, Hello]`:                                             false,
		`!Equals [!Ref Count, 3]`:                                                true,
		`!Equals [!Ref Count, "3.0"]`:                                            false,
		`!Equals ["true", true]`:                                                 true,
		`!Equals [!Ref Many, [a, b]]`:                                            true,
		`!Equals [!Ref Many, [b, a]]`:                                            false,
		`!Equals [!Ref Many, "a,b"]`:                                             false,
		`!Equals [!Join [",", !Ref Many], "a,b"]`:                                true,
		`!Equals [!Select [1, !Split [l, !Ref Word]], ""]`:                       true,
		`!Equals [!Sub "${Word}-${AWS::Region}", hello-eu-central-1]`:            true,
		`!Equals [!FindInMap [Sizes, !Ref Word, large], "true"]`:                 true,
		`!Equals [!Ref AWS::Partition, aws]`:                                     true,
		`!Condition "True"`:                                                      true,
		`{Condition: "False"}`:                                                   false,
		`!Not [!Condition "True"]`:                                               false,
		`!Not [{Condition: "False"}]`:                                            true,
		`!And [!Condition "True", !Condition "True", !Not [!Condition "False"]]`: true,
		`!And [!Condition "True", !Condition "False"]`:                           false,
		`!Or [!Condition "False", !Condition "True"]`:                            true,
		`!Or [!Condition "False", !Equals [x, y]]`:                               false,
	} {
		t.Run(condition, func(t *testing.T) {
			t.Parallel()

			stack := evaluate(t, conditional(condition), template.Deployment{})
			if diff := cmp.Diff(map[string]bool{"True": true, "False": false, "Tried": want}, stack.Conditions); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAConditionThatIsWrongIsAProblem(t *testing.T) {
	t.Parallel()

	const only = "; conditions and rules know nothing else"

	for condition, want := range map[string]string{
		`!Equals [a]`:                          "Fn::Equals takes a list of 2",
		`!Equals [!Ref R, a]`:                  "Ref names R, which is no parameter" + only,
		`!Equals [!Ref Nothing, a]`:            "Ref names Nothing, which is no parameter" + only,
		`!Equals [!Sub "${R}", a]`:             "Fn::Sub names R, which is no parameter" + only,
		`!Equals [!Sub "${R.Arn}", a]`:         "Fn::Sub names R, which is no parameter" + only,
		`!Equals [!GetAtt R.Arn, a]`:           "Fn::GetAtt may not be used in conditions and rules",
		`!Equals [!If ["True", a, b], a]`:      "Fn::If may not be used in conditions and rules",
		`!If ["True", a, b]`:                   "Fn::If is no function that decides here",
		`!Not [!Condition "True", a]`:          "Fn::Not takes a list of 1",
		`!Not [a]`:                             "is no condition: one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition",
		`!And [!Condition "True"]`:             "Fn::And takes a list of 2 to 10",
		`!Condition Nothing`:                   "names the condition Nothing, which the template does not have",
		`!Condition [a]`:                       "Condition takes the name of a condition",
		`!Condition Tried`:                     "goes in a circle: Tried, Tried",
		`!Contains [[a], a]`:                   "Fn::Contains is no function that decides here",
		`!Or [!Condition "True", !Equals [1]]`: "Fn::Equals takes a list of 2",
	} {
		t.Run(condition, func(t *testing.T) {
			t.Parallel()

			got := evaluationError(t, conditional(condition), template.Deployment{})
			if got != "Conditions.Tried: "+want {
				t.Errorf("the problem is\n%s, want\nConditions.Tried: %s", got, want)
			}
		})
	}
}

func TestARuleThatIsBrokenIsReportedInItsOwnWords(t *testing.T) {
	t.Parallel()

	const content = `
Parameters:
  Kind: {Type: String, Default: own}
  Key: {Type: String, Default: ""}
Rules:
  KeyForOthers:
    RuleCondition: !Not [!Equals [!Ref Kind, own]]
    Assertions:
      - Assert: !Not [!Equals [!Ref Key, ""]]
        AssertDescription: Give a Key with every Kind but own.
      - Assert: !Contains [[a, b, ""], !Ref Key]
  Never:
    RuleCondition: !And [!Equals [a, a], !Or [!Equals [a, b], !Equals [!Ref Kind, odd]]]
    Assertions: [{Assert: !Equals [a, b]}]
Resources: {R: {Type: T}}
`

	for name, test := range map[string]struct {
		parameters map[string]string
		want       string
	}{
		"where the rule does not apply": {nil, ""},
		"where it is kept":              {map[string]string{"Kind": "other", "Key": "b"}, ""},
		"where one assertion is broken": {
			map[string]string{"Kind": "other"},
			"Rules.KeyForOthers.Assertions[0]: the parameters given are refused: Give a Key with every Kind but own.",
		},
		"where it is said in no words": {
			map[string]string{"Kind": "other", "Key": "c"},
			"Rules.KeyForOthers.Assertions[1]: the parameters given are refused: it does not hold",
		},
		"where two are": {
			map[string]string{"Kind": "odd", "Key": "c"},
			"Rules.KeyForOthers.Assertions[1]: the parameters given are refused: it does not hold\n" +
				"Rules.Never.Assertions[0]: the parameters given are refused: it does not hold",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			deployment := template.Deployment{Parameters: test.parameters}
			if test.want == "" {
				evaluate(t, content, deployment)

				return
			}

			if got := evaluationError(t, content, deployment); got != test.want {
				t.Errorf("the problem is\n%s, want\n%s", got, test.want)
			}
		})
	}
}

func TestARuleThatCannotBeDecidedIsAProblem(t *testing.T) {
	t.Parallel()

	for rule, want := range map[string]string{
		`{}`: "Rules.Tried: has no list of Assertions",
		`{Assertions: [{Assert: !EachMemberIn [[a], [a]]}]}`:             "Rules.Tried.Assertions[0].Assert: Fn::EachMemberIn is no function that decides here",
		`{Assertions: [{Assert: {Condition: A}}]}`:                       "Rules.Tried.Assertions[0].Assert: Condition is no function that decides here",
		`{Assertions: [{AssertDescription: a}]}`:                         "Rules.Tried.Assertions[0].Assert: is no condition: one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition",
		`{Assertions: [{Assert: !Equals [!Ref R, a]}]}`:                  "Rules.Tried.Assertions[0].Assert: Ref names R, which is no parameter; conditions and rules know nothing else",
		`{Assertions: [{Assert: !Contains [a, a]}]}`:                     "Rules.Tried.Assertions[0].Assert: Fn::Contains takes a list here, and this is none",
		`{Assertions: [{Assert: !Equals [a, a]}], RuleCondition: !If a}`: "Rules.Tried.RuleCondition: Fn::If is no function that decides here",
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()

			content := "Conditions: {A: !Equals [a, a]}\nResources: {R: {Type: T}}\nRules:\n  Tried: " + rule
			if got := evaluationError(t, content, template.Deployment{}); got != want {
				t.Errorf("the problem is\n%s, want\n%s", got, want)
			}
		})
	}
}
