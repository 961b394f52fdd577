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

	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/operator"
)

// deployed is the template as a stack has it that has all it can have of its own.
func deployed(t *testing.T) *template.Stack {
	t.Helper()

	read, err := template.Read(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	stack, err := read.Evaluate(template.Deployment{StackName: stackName, Parameters: map[string]string{
		"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook",
		"AlarmEmail": "operators@example.com", "ExportScheduleExpression": "rate(1 day)",
	}})
	if err != nil {
		t.Fatal(err)
	}

	return stack
}

func templateText(t *testing.T) []byte {
	t.Helper()

	text, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	return text
}

func TestWhatIsReadOfAStackStandsInTheTemplate(t *testing.T) {
	t.Parallel()

	source, err := os.ReadFile("stack.go")
	if err != nil {
		t.Fatal(err)
	}

	declared := make(map[string]bool)
	for name := range deployed(t).Outputs {
		declared["output "+name] = true
	}
	read, err := template.Read(templateFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, parameter := range read.Parameters() {
		declared["parameter "+parameter.Name] = true
	}

	names := regexp.MustCompile(`\t(output|parameter)\w+ += "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	for _, name := range names {
		if !declared[name[1]+" "+name[2]] {
			t.Errorf("the template has no %s %s", name[1], name[2])
		}
	}
	if len(names) < 12 {
		t.Errorf("%d outputs and parameters are read: %q", len(names), names)
	}
}

func TestJustWhatIsNamedBeforeTheStackIsDeletedIsRetained(t *testing.T) {
	t.Parallel()

	var read struct {
		Resources map[string]struct {
			DeletionPolicy      string `yaml:"DeletionPolicy"`
			UpdateReplacePolicy string `yaml:"UpdateReplacePolicy"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(templateText(t), &read); err != nil {
		t.Fatal(err)
	}

	retained := make(map[string][2]string)
	for name, resource := range read.Resources {
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

	for _, kind := range regexp.MustCompile(`\bType: (AWS::\w+::\w+)`).FindAllSubmatch(templateText(t), -1) {
		action, known := creates[string(kind[1])]
		if !known || !listed[action] {
			t.Errorf("put into deployer.json what deploying a resource of type %s takes, and an action of it here", kind[1])
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
