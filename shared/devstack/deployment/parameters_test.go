package deployment_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// sections is the template's text by section.
func sections(t *testing.T) map[string]yaml.Node {
	t.Helper()

	content, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	var read map[string]yaml.Node
	if err := yaml.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}

	return read
}

// groups are the parameters as the console groups them.
func groups(t *testing.T) []string {
	t.Helper()

	metadata := sections(t)["Metadata"]

	var read struct {
		Interface struct {
			ParameterGroups []struct {
				Label      map[string]string `yaml:"Label"`
				Parameters []string          `yaml:"Parameters"`
			} `yaml:"ParameterGroups"`
		} `yaml:"AWS::CloudFormation::Interface"`
	}
	if err := metadata.Decode(&read); err != nil {
		t.Fatal(err)
	}

	var all []string

	for _, group := range read.Interface.ParameterGroups {
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

// references are the names that a part of the template speaks of, by Ref, Condition, Fn::Sub and the first of Fn::If.
func references(node *yaml.Node) []string {
	var found []string

	switch {
	case node.Tag == "!Ref" || node.Tag == "!Condition":
		found = append(found, node.Value)
	case node.Tag == "!If" && len(node.Content) > 0:
		found = append(found, node.Content[0].Value)
	case node.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if key := node.Content[i].Value; key == "Condition" || key == "Ref" {
				found = append(found, node.Content[i+1].Value)
			}
		}
	}

	for _, match := range regexp.MustCompile(`\$\{([A-Za-z0-9]+)\}`).FindAllStringSubmatch(node.Value, -1) {
		found = append(found, match[1])
	}

	for _, inner := range node.Content {
		found = append(found, references(inner)...)
	}

	return found
}

// A rule that looks at a parameter makes no use of it.
func TestEveryParameterAndEveryConditionIsUsed(t *testing.T) {
	t.Parallel()

	read := sections(t)

	var used []string

	for _, section := range []string{"Conditions", "Globals", "Resources", "Outputs"} {
		part := read[section]
		used = append(used, references(&part)...)
	}

	for _, parameter := range source(t).Parameters() {
		if !slices.Contains(used, parameter.Name) {
			t.Errorf("the parameter %s is used by nothing", parameter.Name)
		}
	}

	for _, condition := range source(t).ConditionNames() {
		if !slices.Contains(used, condition) {
			t.Errorf("the condition %s is used by nothing", condition)
		}
	}
}
