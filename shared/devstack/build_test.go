package main_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/functiontest"
)

func TestEverythingIsBuiltWithTheSameFlagsSoThatEachPackageIsCompiledOnce(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}

	makefile := string(text)
	if want := "\nBUILD := CGO_ENABLED=0 $(GO) build " + strings.Join(functiontest.Flags(), " ") + " "; !strings.Contains(makefile, want) {
		t.Errorf("the Makefile does not have %q, with which the tests build", want)
	}

	if n := strings.Count(makefile, "$(GO) build"); n != 1 {
		t.Errorf("the Makefile builds in %d ways, want one", n)
	}
}

func TestTheLocalWorldLinksNoClientThatItDoesNotUse(t *testing.T) {
	t.Parallel()

	list, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}

	linked := strings.Fields(string(list))
	for _, service := range []string{"cloudformation", "cloudwatch", "cloudwatchlogs", "sfn", "sns"} {
		if slices.Contains(linked, "github.com/aws/aws-sdk-go-v2/service/"+service) {
			t.Errorf("the client of %s is linked: what speaks to a deployed stack belongs to shared/operator", service)
		}
	}
}
