package main_test

import (
	"os"
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
