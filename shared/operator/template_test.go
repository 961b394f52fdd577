package operator_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"genesys-cloud-export/shared/operator"
)

// template is what the tests read of template.yaml; what CloudFormation's short forms stand for is of no interest.
type template struct {
	Parameters map[string]any `yaml:"Parameters"`
	Outputs    map[string]any `yaml:"Outputs"`
	Resources  map[string]struct {
		Type           string `yaml:"Type"`
		DeletionPolicy string `yaml:"DeletionPolicy"`
		Properties     struct {
			AlarmName string `yaml:"AlarmName"`
		} `yaml:"Properties"`
	} `yaml:"Resources"`
}

func readTemplate(t *testing.T) template {
	t.Helper()

	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}

	var read template
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}

	return read
}

func TestWhatIsReadOfAStackStandsInTheTemplate(t *testing.T) {
	t.Parallel()

	known := readTemplate(t)

	for _, name := range operator.Outputs() {
		if _, ok := known.Outputs[name]; !ok {
			t.Errorf("the template has no output %s", name)
		}
	}
	for _, name := range operator.Parameters() {
		if _, ok := known.Parameters[name]; !ok {
			t.Errorf("the template has no parameter %s", name)
		}
	}
}

func TestTheDoctorKnowsEveryAlarmOfTheTemplate(t *testing.T) {
	t.Parallel()

	var named []string
	for _, resource := range readTemplate(t).Resources {
		if resource.Type == "AWS::CloudWatch::Alarm" {
			named = append(named, regexp.MustCompile(`^\$\{AWS::StackName}-`).ReplaceAllString(resource.Properties.AlarmName, ""))
		}
	}

	slices.Sort(named)
	if diff := cmp.Diff(named, slices.Sorted(slices.Values(operator.AlarmNames()))); diff != "" {
		t.Errorf("alarms (-template +doctor):\n%s", diff)
	}
}

func TestWhateverTheTemplateRetainsIsNamedBeforeTheStackIsDeleted(t *testing.T) {
	t.Parallel()

	var retained []string
	for name, resource := range readTemplate(t).Resources {
		if resource.DeletionPolicy != "" && resource.DeletionPolicy != "Delete" {
			retained = append(retained, name)
		}
	}

	slices.Sort(retained)
	// The policy stays with the bucket, and goes with it.
	if diff := cmp.Diff([]string{"Credentials", "Exports", "ExportsPolicy"}, retained); diff != "" {
		t.Errorf("retained: what is named, and what the template says (-want +got):\n%s", diff)
	}
}

func TestFollowingKnowsTheStateMachinesStates(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../workflow/export.asl.json")
	if err != nil {
		t.Fatal(err)
	}

	var machine struct {
		States map[string]any `json:"States"`
	}
	if err := json.Unmarshal(text, &machine); err != nil {
		t.Fatal(err)
	}

	for _, name := range operator.States() {
		if _, ok := machine.States[name]; !ok {
			t.Errorf("there is no state %q among %q", name, slices.Sorted(maps.Keys(machine.States)))
		}
	}
}
