package functiontest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/functiontest"
)

// It is run by other processes too.
func TestABinaryIsWhereMakeBuildsIt(t *testing.T) {
	t.Parallel()
	if file := functiontest.Command(t, "functions/rotator", "rotator/bootstrap"); !strings.HasSuffix(file, "/.build/rotator/bootstrap") {
		t.Errorf("the binary is %s, want the Makefile's", file)
	}
}

func TestProcessesThatBuildAtOnceShareOneFile(t *testing.T) {
	t.Parallel()
	file := functiontest.Command(t, "functions/rotator", "rotator/bootstrap")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		t.Run("at once", func(t *testing.T) {
			t.Parallel()
			printed, err := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestABinaryIsWhereMakeBuildsIt$").CombinedOutput()
			after, errRead := os.ReadFile(file)
			if err != nil || errRead != nil || string(after) != string(before) {
				t.Errorf("got %v, %s; want %s as it was (%v)", err, printed, file, errRead)
			}
		})
	}
}

func TestWhatDoesNotCompileIsNamedWithTheCompilersWords(t *testing.T) {
	t.Parallel()
	_, err := functiontest.Build("functions/none", "none/bootstrap")
	if err == nil || !strings.Contains(err.Error(), "build functions/none: ") || !strings.Contains(err.Error(), "not found") {
		t.Errorf("got %v, want what the compiler said", err)
	}
}
