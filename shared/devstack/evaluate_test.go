package main_test

import (
	"strings"
	"testing"
)

func TestATemplateIsEvaluatedOnTheCommandLine(t *testing.T) {
	t.Parallel()

	file := write(t, "t.yaml", `
Parameters:
  Name: {Type: String}
Conditions:
  Named: !Not [!Equals [!Ref Name, ""]]
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !If [Named, !Sub "${AWS::StackName}-${Name}", !Ref AWS::NoValue]}}
`)

	const evaluated = `{"Conditions":{"Named":true},"Resources":{"Topic":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":"dev-a=<b>"}}},"Outputs":{}}`

	for name, test := range map[string]struct {
		arguments       []string
		printed, refuse string
	}{
		"the whole":           {[]string{"-stack", "dev", file, "Name=a=<b>"}, evaluated, ""},
		"no file":             {nil, "", "say which template: devstack evaluate FILE [Parameter=Value …]"},
		"no such file":        {[]string{file + ".none"}, "", "read the template: "},
		"no such option":      {[]string{"-colour", file}, "", "-colour"},
		"a required one":      {[]string{file}, "", "the parameter Name needs a value: it has no default"},
		"an unknown one":      {[]string{file, "Name=a", "Colour=red"}, "", "the parameter Colour is given a value"},
		"what is no value":    {[]string{file, "Name"}, "", `"Name" is no Parameter=Value`},
		"a value given twice": {[]string{file, "Name=a", "Name=b"}, "", "the parameter Name is given twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			code, stdout, stderr := start(t, "", nil, append([]string{"evaluate"}, test.arguments...)...).ended(t)
			printed := strings.NewReplacer("\n", "", "  ", "", `": `, `":`).Replace(stdout)

			if (code == 0) != (test.refuse == "") || !strings.Contains(stderr, test.refuse) || printed != test.printed {
				t.Errorf("ended with %d, printed %q and said %q, want %q and %q", code, printed, stderr, test.printed, test.refuse)
			}
		})
	}
}
