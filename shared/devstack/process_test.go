package main_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/functiontest"
)

// patience is how long anything in these tests may take at most.
const patience = time.Minute

// printed is a file with what a process has printed, which can be read while it runs.
type printed struct{ *os.File }

func (p printed) String() string {
	text, err := os.ReadFile(p.Name())
	if err != nil {
		return err.Error()
	}

	return string(text)
}

// process is a running devstack.
type process struct {
	*exec.Cmd

	stdout, stderr printed
}

// start runs devstack in a folder with an environment; at the end of the test it gets SIGTERM.
func start(t *testing.T, folder string, environment []string, arguments ...string) *process {
	t.Helper()
	// The end of a test must not stop what its cleanup stops: the second signal would find nobody who catches it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)

	output := t.TempDir()
	stdout, errStdout := os.Create(filepath.Join(output, "stdout"))
	stderr, errStderr := os.Create(filepath.Join(output, "stderr"))

	p := &process{exec.CommandContext(ctx, filepath.Join(functiontest.Build(t, "build-devstack"), "devstack"), arguments...), printed{stdout}, printed{stderr}}
	p.Stdout, p.Stderr, p.Dir, p.Env = stdout, stderr, folder, environment
	p.Cancel = func() error { return p.Process.Signal(syscall.SIGTERM) }

	if err := errors.Join(errStdout, errStderr, p.Start()); err != nil {
		t.Fatal(err)
	}

	return p
}

// ended waits for the process and returns its exit code and all that it printed.
func (p *process) ended(t *testing.T) (code int, stdout, stderr string) {
	t.Helper()
	err := p.Wait()
	if failed, exited := errors.AsType[*exec.ExitError](err); err != nil && (!exited || !failed.Exited()) {
		t.Fatalf("devstack ended with %v", err)
	}

	return p.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()
}

// await waits until the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// write writes a file that its owner alone can read, in a folder of its own, and returns its name.
func write(t *testing.T, name, content string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}

	return name
}

func TestACommandLineThatMakesNoSenseIsRefusedByName(t *testing.T) {
	t.Parallel()
	folder, template := t.TempDir(), filepath.Join("..", "..", "template.yaml")

	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"no command":                      {nil, "devstack has the commands run, live, stack"},
		"an unknown command":              {[]string{"walk"}, `"walk" is none of run, live, stack, sim, drive`},
		"what is no option":               {[]string{"sim", "fast"}, `"fast" is no option`},
		"an unknown option":               {[]string{"run", "-listen", "127.0.0.1"}, "-listen"},
		"no such script":                  {[]string{"stack", "-faults", filepath.Join(folder, "none")}, "open the fault script"},
		"a bad script":                    {[]string{"sim", "-faults", write(t, "faults", "{}")}, "line 1 of the fault script"},
		"a bad organisation":              {[]string{"sim", "-out", folder, "-users", "-1"}, "field Users is negative"},
		"users that are no number":        {[]string{"run", "-users", "abc"}, "devstack: invalid value \"abc\" for flag -users: parse error (devstack run -h lists the options)\n"},
		"no users":                        {[]string{"stack", "-users", ""}, "devstack: invalid value \"\" for flag -users"},
		"no users on a page":              {[]string{"run", "-page-size", "0"}, "for flag -page-size: give a whole number from 1 to 500"},
		"too many users on a live page":   {[]string{"live", "-page-size", "501"}, "for flag -page-size: give a whole number from 1 to 500"},
		"users on a page in words":        {[]string{"run", "-page-size", "5x"}, "for flag -page-size: give a whole number from 1 to 500"},
		"a folder without a name":         {[]string{"run", "-out", ""}, "devstack: -out is empty: give it a value, or leave it out (make: OUT=)\n"},
		"a bad address":                   {[]string{"sim", "-out", folder, "-listen", "8080"}, "-listen host:port"},
		"no folder for the test CA":       {[]string{"sim", "-out", folder, "-tls", filepath.Join(folder, "none", "ca")}, "make a test CA: open "},
		"no credentials there":            {[]string{"sim", "-credentials", filepath.Join(folder, "none")}, "read the client credentials"},
		"no template":                     {[]string{"evaluate"}, "say which template: devstack evaluate FILE [Parameter=Value …]"},
		"no such template":                {[]string{"evaluate", "none.yaml"}, "read the template: "},
		"no such option of a template":    {[]string{"evaluate", "-colour", template}, "-colour"},
		"what is no parameter":            {[]string{"evaluate", template, "Name"}, `"Name" is no Parameter=Value`},
		"a parameter that has no default": {[]string{"evaluate", template}, "needs a value: it has no default"},
		"credentials of another kind": {
			[]string{"sim", "-credentials", write(t, "credentials", `{"client_id":"x","secret":"canary"}`)}, "has no client_secret",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := start(t, "", nil, test.arguments...).ended(t)
			if code != 1 || !strings.Contains(stderr, test.want) {
				t.Errorf("ended with %d and said %q, want status 1 and %q", code, stderr, test.want)
			}

			if stdout != "" || strings.Contains(stderr, "canary") || strings.Count(stderr, "\n") > 1 {
				t.Errorf("said too much: %q %q", stdout, stderr)
			}
		})
	}
}
