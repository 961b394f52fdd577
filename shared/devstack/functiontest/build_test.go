package functiontest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/functiontest"
)

// building is the variable by which this test's own processes know that they are to build and to print the file's path.
const building = "FUNCTIONTEST_BUILDS"

func TestMain(m *testing.M) {
	if os.Getenv(building) == "" {
		os.Exit(m.Run())
	}
	file, err := functiontest.Build("functions/rotator", "rotator/bootstrap")
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(file)
}

func TestProcessesThatBuildAtOnceShareOneFile(t *testing.T) {
	t.Parallel()
	file, err := functiontest.Build("functions/rotator", "rotator/bootstrap")
	before, errRead := os.ReadFile(file)
	if err != nil || errRead != nil || !strings.HasSuffix(file, "/.build/rotator/bootstrap") {
		t.Fatalf("the binary is %s, want the Makefile's (%v, %v)", file, err, errRead)
	}
	for range 3 {
		t.Run("at once", func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0])
			command.Env = append(command.Environ(), building+"=1")
			printed, err := command.Output()
			after, errRead := os.ReadFile(file)
			if err != nil || errRead != nil || string(printed) != file || string(after) != string(before) {
				t.Errorf("got %q, %v; want %s as it was (%v)", printed, err, file, errRead)
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
