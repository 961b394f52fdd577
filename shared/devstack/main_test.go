package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/functiontest"
)

// binary is the command, built once for all tests.
var binary string //nolint:gochecknoglobals // set by TestMain alone

func TestMain(m *testing.M) {
	os.Exit(functiontest.Command(m, &binary, "shared/devstack"))
}

func TestACommandLineThatMakesNoSenseIsRefusedByName(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	write := func(name, content string) string {
		t.Helper()

		name = filepath.Join(folder, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}

		return name
	}

	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"no command":               {nil, "devstack has the commands run, live, stack"},
		"an unknown command":       {[]string{"walk"}, `"walk" is none of run, live, stack, sim, drive`},
		"what is no option":        {[]string{"sim", "fast"}, `"fast" is no option`},
		"an unknown option":        {[]string{"run", "-listen", "127.0.0.1"}, "-listen"},
		"no such script":           {[]string{"stack", "-faults", filepath.Join(folder, "none")}, "open the fault script"},
		"a bad script":             {[]string{"sim", "-faults", write("faults", "{}")}, "line 1 of the fault script"},
		"a bad organisation":       {[]string{"sim", "-out", folder, "-users", "-1"}, "field Users is negative"},
		"users that are no number": {[]string{"run", "-users", "abc"}, "devstack: invalid value \"abc\" for flag -users: parse error (devstack run -h lists the options)\n"},
		"no users":                 {[]string{"stack", "-users", ""}, "devstack: invalid value \"\" for flag -users"},
		"no users on a page":       {[]string{"run", "-page-size", "0"}, "for flag -page-size: give a whole number from 1 to 500"},
		"no users on a live page":  {[]string{"live", "-page-size", "0"}, "for flag -page-size: give a whole number from 1 to 500"},
		"a folder without a name":  {[]string{"run", "-out", ""}, "devstack: -out is empty: give it a value, or leave it out (make: OUT=)\n"},
		"a bad address":            {[]string{"sim", "-out", folder, "-listen", "8080"}, "-listen host:port"},
		"no credentials there":     {[]string{"sim", "-credentials", filepath.Join(folder, "none")}, "read the client credentials"},
		"credentials of another kind": {
			[]string{"sim", "-credentials", write("credentials", `{"client_id":"x","secret":"canary"}`)}, "has no client_secret",
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
