package functiontest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"genesys-cloud-export/shared/devstack/functiontest"
)

// It is run by other processes too.
func TestABinaryIsWhereMakeBuildsIt(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(bootstrap(t)); err != nil {
		t.Error(err)
	}
}

func bootstrap(t *testing.T) string {
	t.Helper()

	return filepath.Join(functiontest.Build(t, "build-function-rotator"), "rotator", "bootstrap")
}

func TestProcessesThatBuildAtOnceShareOneFile(t *testing.T) {
	t.Parallel()
	before, err := os.ReadFile(bootstrap(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		t.Run("at once", func(t *testing.T) {
			t.Parallel()
			printed, err := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestABinaryIsWhereMakeBuildsIt$").CombinedOutput()
			after, errRead := os.ReadFile(bootstrap(t))
			if err != nil || errRead != nil || string(after) != string(before) {
				t.Errorf("got %v, %s; want the file as it was (%v)", err, printed, errRead)
			}
		})
	}
}
