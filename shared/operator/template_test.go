package operator_test

import (
	stdcmp "cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
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
		Type                string `yaml:"Type"`
		DeletionPolicy      string `yaml:"DeletionPolicy"`
		UpdateReplacePolicy string `yaml:"UpdateReplacePolicy"`
	} `yaml:"Resources"`
}

func readTemplate(t *testing.T) (read template) {
	t.Helper()

	text, err := os.ReadFile(templateFile)
	if err == nil {
		err = yaml.Unmarshal(text, &read)
	}

	if err != nil {
		t.Fatal(err)
	}

	return read
}

func TestWhatIsReadOfAStackStandsInTheTemplate(t *testing.T) {
	t.Parallel()

	source, err := os.ReadFile("stack.go")
	if err != nil {
		t.Fatal(err)
	}

	known := readTemplate(t)
	names := regexp.MustCompile(`\t(output|parameter)\w+ += "(\w+)"`).FindAllStringSubmatch(string(source), -1)

	for _, name := range names {
		declared := map[string]map[string]any{"output": known.Outputs, "parameter": known.Parameters}[name[1]]
		if _, ok := declared[name[2]]; !ok {
			t.Errorf("the template has no %s %s", name[1], name[2])
		}
	}
	if len(names) < 12 {
		t.Errorf("%d outputs and parameters are read: %q", len(names), names)
	}
}

func TestJustWhatIsNamedBeforeTheStackIsDeletedIsRetained(t *testing.T) {
	t.Parallel()

	retained := make(map[string][2]string)
	for name, resource := range readTemplate(t).Resources {
		if policies := [2]string{resource.DeletionPolicy, resource.UpdateReplacePolicy}; policies != [2]string{} {
			retained[name] = policies
		}
	}

	// A bucket that stayed without its policy would be open to plain HTTP. Where its creation fails a resource goes.
	stays := [2]string{"RetainExceptOnCreate", "Retain"}
	if diff := cmp.Diff(map[string][2]string{"Credentials": stays, "Exports": stays, "ExportsPolicy": stays}, retained); diff != "" {
		t.Errorf("policies of deletion and replacement (-want +template):\n%s", diff)
	}
}

func TestFollowingReadsWhatTheStateMachinesStatesPassOn(t *testing.T) {
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

	for state, passes := range map[string][]string{
		operator.StateCounted: {"listing.$", "export_id.$", "options.$", "invocations.$", "result.$"},
		"Done":                {"listing.$", "export_id.$", "invocations.$", "result.$", "successor.$"},
	} {
		for _, name := range passes {
			if _, ok := machine.States[state].Parameters[name]; !ok {
				t.Errorf("the state %q passes on no %s", state, name)
			}
		}
	}
}

// An action of each type shows that deployer.json has the type's; the others stand in the type's published schema.
func TestTheDeployersListHasTheActionsOfEveryTypeInTheTemplate(t *testing.T) {
	t.Parallel()

	creates := map[string]string{
		"AWS::Serverless::Function":     "lambda:CreateFunction",
		"AWS::Serverless::StateMachine": "states:CreateStateMachine",
		"AWS::Scheduler::Schedule":      "scheduler:CreateSchedule",
		"AWS::IAM::Role":                "iam:CreateRole",
		"AWS::IAM::ManagedPolicy":       "iam:CreatePolicy",
		"AWS::Logs::LogGroup":           "logs:CreateLogGroup",
		"AWS::SecretsManager::Secret":   "secretsmanager:CreateSecret",
		"AWS::S3::Bucket":               "s3:CreateBucket",
		"AWS::S3::BucketPolicy":         "s3:PutBucketPolicy",
		"AWS::SQS::Queue":               "sqs:CreateQueue",
		"AWS::SNS::Topic":               "sns:CreateTopic",
		"AWS::SNS::Subscription":        "sns:Subscribe",
		"AWS::CloudWatch::Alarm":        "cloudwatch:PutMetricAlarm",
		"AWS::CloudWatch::Dashboard":    "cloudwatch:PutDashboard",
	}

	listed := allowed(t, "deployer")

	for name, resource := range readTemplate(t).Resources {
		action, known := creates[resource.Type]
		if !known || !listed[action] {
			t.Errorf("%s: put into deployer.json what deploying a resource of type %s takes, and an action of it here", name, resource.Type)
		}
	}

	if !listed["cloudformation:CreateChangeSet"] || !listed["iam:PassRole"] {
		t.Errorf("the deployer may not change the stack: %v", listed)
	}
}

// allowed are the actions of a policy.
func allowed(t *testing.T, who string) map[string]bool {
	t.Helper()

	text, err := operator.Policy(who)
	if err != nil {
		t.Fatal(err)
	}

	var policy struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		t.Fatal(err)
	}

	listed := make(map[string]bool)
	for _, statement := range policy.Statement {
		for _, action := range statement.Action {
			listed[action] = true
		}
	}

	return listed
}

// The names of the SDK's calls are those of the actions, but for one.
func TestAnOperatorsPolicyHasTheActionOfEveryCall(t *testing.T) {
	t.Parallel()

	services := map[string]string{"sfn": "states", "s3": "s3", "lambda": "lambda"}
	renamed := map[string]string{"lambda:Invoke": "lambda:InvokeFunction"}
	call := regexp.MustCompile(`&(\w+)\.(\w+)Input\{`)
	deployers := map[string]bool{"lambda:GetAccountSettings": true, "lambda:GetFunctionConcurrency": true} // of operator ready
	listed := allowed(t, "operator")

	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}

	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}

		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}

		for _, found := range call.FindAllStringSubmatch(string(text), -1) {
			action := stdcmp.Or(services[found[1]], found[1]) + ":" + found[2]
			action = stdcmp.Or(renamed[action], action)

			if !listed[action] && !deployers[action] {
				t.Errorf("%s calls for %s, which operator.json does not allow", file, action)
			}
		}
	}
}
