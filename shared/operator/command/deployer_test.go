package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheDeployerIsToldTheActionsOfEveryTypeInTheTemplate(t *testing.T) {
	t.Parallel()

	var stdout strings.Builder
	if err := tellDeployer(&stdout, "../../../template.yaml", "mine"); err != nil {
		t.Fatal(err)
	}

	for _, want := range []string{"the stack mine ", "cloudformation:", "CreateChangeSet", "lambda:", "PutFunctionEventInvokeConfig", "CreateStateMachine", "iam:PassRole"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is not told:\n%s", want, stdout.String())
		}
	}
}

func TestATypeThatIsNotKnownIsNamed(t *testing.T) {
	t.Parallel()

	if _, err := deployerActions([]string{"AWS::Braket::Qubit"}); err == nil || !strings.Contains(err.Error(), "AWS::Braket::Qubit") {
		t.Errorf("got %v", err)
	}
}

func TestActionsAreToldOnceAndByService(t *testing.T) {
	t.Parallel()

	got, err := deployerActions([]string{"AWS::Scheduler::Schedule", "AWS::Scheduler::Schedule", "AWS::IAM::Role"})
	if err != nil {
		t.Fatal(err)
	}

	want := []string{"CreateSchedule", "DeleteSchedule", "GetSchedule", "UpdateSchedule"}
	if diff := cmp.Diff(want, got["scheduler"]); diff != "" {
		t.Errorf("the scheduler's actions (-want +got):\n%s", diff)
	}
}
