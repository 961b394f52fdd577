package operator_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
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

func TestFollowingKnowsTheStateMachinesStatesAndWhatTheyPassOn(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../workflow/export.asl.json")
	if err != nil {
		t.Fatal(err)
	}

	var machine struct {
		States map[string]struct {
			Parameters map[string]any `json:"Parameters"`
		} `json:"States"`
	}
	if err := json.Unmarshal(text, &machine); err != nil {
		t.Fatal(err)
	}

	for _, name := range operator.States() {
		if _, ok := machine.States[name]; !ok {
			t.Errorf("there is no state %q among %q", name, slices.Sorted(maps.Keys(machine.States)))
		}
	}

	for _, name := range []string{"listing.$", "export_id.$", "passes.$", "result.$", "successor"} {
		if _, ok := machine.States["Complete"].Parameters[name]; !ok {
			t.Errorf("the output of a complete export has no %s", name)
		}
	}
}

// An action of each type shows that deployer.txt has the type's; the others stand in the type's published schema.
func TestTheDeployersListHasTheActionsOfEveryTypeInTheTemplate(t *testing.T) {
	t.Parallel()

	creates := map[string]string{
		"AWS::Serverless::Function":     "lambda: CreateFunction",
		"AWS::Serverless::StateMachine": "states: CreateStateMachine",
		"AWS::Scheduler::Schedule":      "scheduler: CreateSchedule",
		"AWS::IAM::Role":                "iam: CreateRole",
		"AWS::IAM::ManagedPolicy":       "iam: CreatePolicy",
		"AWS::Logs::LogGroup":           "logs: CreateLogGroup",
		"AWS::SecretsManager::Secret":   "secretsmanager: CreateSecret",
		"AWS::S3::Bucket":               "s3: CreateBucket",
		"AWS::S3::BucketPolicy":         "s3: PutBucketPolicy",
		"AWS::SQS::Queue":               "sqs: CreateQueue",
		"AWS::SNS::Topic":               "sns: CreateTopic",
		"AWS::SNS::Subscription":        "sns: Subscribe",
		"AWS::CloudWatch::Alarm":        "cloudwatch: PutMetricAlarm",
		"AWS::CloudWatch::Dashboard":    "cloudwatch: PutDashboard",
	}

	var out strings.Builder
	operator.Deployer(operator.Target{Stack: "mine", Out: &out})

	listed := make(map[string]bool)
	service := ""
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "  ") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			if strings.HasSuffix(word, ":") {
				service = word
			}
			listed[service+" "+word] = true
		}
	}

	for name, resource := range readTemplate(t).Resources {
		action, known := creates[resource.Type]
		if !known || !listed[action] {
			t.Errorf("%s: put into deployer.txt what deploying a resource of type %s takes, and an action of it here", name, resource.Type)
		}
	}

	if !strings.Contains(out.String(), "the stack mine ") || !listed["cloudformation: CreateChangeSet"] || !listed["iam: PassRole"] {
		t.Errorf("printed\n%s", &out)
	}
}
