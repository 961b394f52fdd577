package deployment_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// groups are the parameters as the console groups them.
func groups(t *testing.T) []string {
	t.Helper()

	content, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	var read struct {
		Metadata struct {
			Interface struct {
				ParameterGroups []struct {
					Label      map[string]string `yaml:"Label"`
					Parameters []string          `yaml:"Parameters"`
				} `yaml:"ParameterGroups"`
			} `yaml:"AWS::CloudFormation::Interface"`
		} `yaml:"Metadata"`
	}
	if err := yaml.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}

	var all []string

	for _, group := range read.Metadata.Interface.ParameterGroups {
		if group.Label["default"] == "" {
			t.Errorf("the group of %v has no label", group.Parameters)
		}

		all = append(all, group.Parameters...)
	}

	return all
}

func TestEveryParameterIsExplainedAndInOneGroup(t *testing.T) {
	t.Parallel()

	var want []string

	for _, parameter := range source(t).Parameters() {
		want = append(want, parameter.Name)

		if parameter.Description == "" {
			t.Errorf("%s has no description", parameter.Name)
		}

		if parameter.AllowedPattern != "" {
			if _, err := regexp.Compile(parameter.AllowedPattern); err != nil {
				t.Errorf("%s: %v", parameter.Name, err)
			}
		}
	}

	got := groups(t)

	slices.Sort(want)
	slices.Sort(got)

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parameters in groups (-declared +grouped):\n%s", diff)
	}
}
