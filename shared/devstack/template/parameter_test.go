package template_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

func TestParametersAreListedAsTheyAreDeclared(t *testing.T) {
	t.Parallel()

	source := parse(t, `
Parameters:
  Z: {Type: String, Description: Last., AllowedPattern: "[a-z]*", ConstraintDescription: small, NoEcho: true, MinLength: 1, MaxLength: "3"}
  A: {Type: Number, Default: 2.50, MinValue: 0.5, MaxValue: 7, AllowedValues: [2.5, "3", 4]}
Conditions: {N: !Equals [a, a], M: !Equals [a, b]}
Resources: {R: {Type: T}}
`)

	half, seven, one, three, standard := 0.5, 7.0, 1, 3, "2.5"
	want := []template.Parameter{
		{
			Name: "Z", Type: "String", Description: "Last.", AllowedPattern: "[a-z]*", ConstraintDescription: "small",
			NoEcho: true, MinLength: &one, MaxLength: &three,
		},
		{
			Name: "A", Type: "Number", Default: &standard, MinValue: &half, MaxValue: &seven,
			AllowedValues: []string{"2.5", "3", "4"},
		},
	}

	if diff := cmp.Diff(want, source.Parameters()); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff([]string{"M", "N"}, source.ConditionNames()); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
}

func TestAValueIsHeldToItsParameter(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		declaration, given string
		want               any // the value, or the problem as an error's text
		refused            bool
	}{
		"text":                         {"Type: String", "a, b ", "a, b ", false},
		"empty text":                   {"Type: String", "", "", false},
		"a value that is allowed":      {"Type: String, AllowedValues: [on, 2]", "true", "true", false},
		"a value that is not":          {"Type: String, AllowedValues: [a, b]", "c", `"c" is none of a, b`, true},
		"a value said in words":        {"Type: String, AllowedValues: [a], ConstraintDescription: take a", "c", `"c" is none of a (take a)`, true},
		"a secret value":               {"Type: String, AllowedValues: [a], NoEcho: true", "canary", `the value (not shown) is none of a`, true},
		"the whole matches":            {"Type: String, AllowedPattern: 'a|b+'", "bb", "bb", false},
		"a part matches":               {"Type: String, AllowedPattern: 'a|b+'", "bba", `"bba" does not match a|b+`, true},
		"a line's end is a part":       {"Type: String, AllowedPattern: 'a$'", "a\n", `"a\n" does not match a$`, true},
		"a pattern of another dialect": {"Type: String, AllowedPattern: '(?=a)a'", "a", `has an AllowedPattern that cannot be checked here: (?=a)a`, true},
		"short text":                   {"Type: String, MinLength: 2, MaxLength: 3", "ä", `"ä" has 1 characters, which is out of bounds`, true},
		"long text":                    {"Type: String, MinLength: 2, MaxLength: 3", "äöüß", `"äöüß" has 4 characters, which is out of bounds`, true},
		"fitting text":                 {"Type: String, MinLength: 2, MaxLength: 3", "äöü", "äöü", false},
		"a number":                     {"Type: Number, MinValue: -1, MaxValue: 2.5", "2.50", "2.50", false},
		"a word for a number":          {"Type: Number", "two", `"two" is no number`, true},
		"no number":                    {"Type: Number", "", `"" is no number`, true},
		"a small number":               {"Type: Number, MinValue: -1", "-1.5", `"-1.5" is less than -1`, true},
		"a large number":               {"Type: Number, MaxValue: 2.5", "3", `"3" is more than 2.5`, true},
		"a list":                       {"Type: CommaDelimitedList", " a,b , c d", []any{"a", "b", "c d"}, false},
		"an empty list":                {"Type: CommaDelimitedList", "", []any{}, false},
		"a list's element":             {"Type: CommaDelimitedList, AllowedPattern: '[a-z]'", "a,1", `"1" does not match [a-z]`, true},
		"an empty list's pattern":      {"Type: CommaDelimitedList, AllowedPattern: '[a-z]'", "", `"" does not match [a-z]`, true},
		"numbers":                      {"Type: List<Number>", "1, 2", []any{"1", "2"}, false},
		"a word among numbers":         {"Type: List<Number>", "1,b", `"b" is no number`, true},
		"a subnet":                     {"Type: AWS::EC2::Subnet::Id", "subnet-1", "subnet-1", false},
		"subnets":                      {"Type: List<AWS::EC2::Subnet::Id>", "subnet-1,subnet-2", []any{"subnet-1", "subnet-2"}, false},
		"no subnets":                   {"Type: List<AWS::EC2::Subnet::Id>", "", `"" is empty, and CloudFormation looks each of type List<AWS::EC2::Subnet::Id> up`, true},
		"a type that is none":          {"Type: Text", "a", `has the type Text, which is none that is decided here`, true},
		"a list of text":               {"Type: List<String>", "a", `has the type List<String>, which is none that is decided here`, true},
		"a value from elsewhere":       {"Type: AWS::SSM::Parameter::Value<String>", "a", `has the type AWS::SSM::Parameter::Value<String>, which is none that is decided here`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			content := "Parameters: {P: {" + test.declaration + "}}\nResources: {R: {Type: T, Properties: {V: !Ref P}}}"
			given := template.Deployment{Parameters: map[string]string{"P": test.given}}

			if test.refused {
				if diff := cmp.Diff("Parameters.P: "+test.want.(string), evaluationError(t, content, given)); diff != "" {
					t.Errorf("the problem (-want +got):\n%s", diff)
				}

				return
			}

			stack := evaluate(t, content, given)
			if diff := cmp.Diff([]any{test.want, test.want}, []any{stack.Parameters["P"], stack.Resources["R"].Properties["V"]}); diff != "" {
				t.Errorf("the value (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADefaultIsHeldToItsParameterEvenWhereItIsNotUsed(t *testing.T) {
	t.Parallel()

	got := evaluationError(t, "Parameters: {P: {Type: String, Default: b, AllowedValues: [a]}}\nResources: {R: {Type: T}}",
		template.Deployment{Parameters: map[string]string{"P": "a"}})
	if want := `Parameters.P.Default: "b" is none of a`; got != want {
		t.Errorf("the problem is %q, want %q", got, want)
	}
}
