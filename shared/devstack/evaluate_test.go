package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestATemplateIsEvaluatedOnTheCommandLine(t *testing.T) {
	t.Parallel()

	file := filepath.Join(t.TempDir(), "t.yaml")
	content := `
Parameters:
  Name: {Type: String}
Conditions:
  Named: !Not [!Equals [!Ref Name, ""]]
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !If [Named, !Sub "${AWS::StackName}-${Name}", !Ref AWS::NoValue]}}
`
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}

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
			if (code == 0) != (test.refuse == "") || !strings.Contains(stderr, test.refuse) {
				t.Errorf("ended with %d and said %q, want %q", code, stderr, test.refuse)
			}

			printed := strings.NewReplacer("\n", "", "  ", "", `": `, `":`).Replace(stdout)
			if diff := cmp.Diff(test.printed, printed); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
		})
	}
}
