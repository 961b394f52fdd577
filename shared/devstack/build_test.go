package main_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestEverythingIsBuiltWithTheSameFlagsSoThatEachPackageIsCompiledOnce(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}

	// The tests build by the Makefile's own line.
	if n := strings.Count(string(text), "$(GO) build"); n != 1 {
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
