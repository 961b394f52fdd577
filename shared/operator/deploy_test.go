package operator_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genesys-cloud-export/shared/operator"
)

func TestReadyNamesAccountRegionAndStackBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	if err := operator.Ready(t.Context(), w.target(), ""); err != nil {
		t.Fatal(err)
	}

	if got, want := w.said(t), "account 000000000000, region eu-central-1, stack exports\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

func TestAStackThatCannotBeDeployedIsRefusedBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()

	switched := filepath.Join(t.TempDir(), "production.yaml")
	if err := os.WriteFile(switched, []byte("AlarmEmail: a@example.com\nReserveRotatorConcurrency: \"false\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		stack, parameters string
		unreserved        int
		want              string // of the error; "" where it is ready
	}{
		"a name that is too long":          {stack: strings.Repeat("x", 48), want: "has 48 characters: give STACK= a name of at most 47"},
		"the longest name":                 {stack: strings.Repeat("x", 47)},
		"a name that begins with SSM":      {stack: "SSM-exports", want: "begins with aws or ssm"},
		"a small quota":                    {stack: stackName, unreserved: 100, want: "give PARAMETERS ReserveRotatorConcurrency=false, or raise the quota"},
		"a small quota, nothing reserved":  {stack: stackName, unreserved: 100, parameters: "AlarmEmail=a@example.com ReserveRotatorConcurrency=false"},
		"a small quota, by a file":         {stack: stackName, unreserved: 100, parameters: "file://" + switched},
		"a file that is not there":         {stack: stackName, parameters: "file://" + switched + "x", want: "there is no such file"},
		"a rotator that has its own share": {stack: "reserved", unreserved: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			if test.unreserved > 0 {
				w.functions.unreserved = test.unreserved
			}

			target := w.target()
			target.Stack = test.stack

			err := operator.Ready(t.Context(), target, test.parameters)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestTheArchitectureIsThatOfTheBinaries(t *testing.T) {
	t.Parallel()

	const arm, intel = "\xb7\x00", "\x3e\x00"

	for name, test := range map[string]struct {
		machines   []string
		want, says string
	}{
		"arm64":     {[]string{arm, arm}, "arm64", ""},
		"x86_64":    {[]string{intel}, "x86_64", ""},
		"both":      {[]string{arm, intel}, "", "for different processors"},
		"neither":   {[]string{"\x08\x00"}, "", "for another processor"},
		"no binary": {[]string{""}, "", "is no binary"},
		"nothing":   {nil, "", "no built function"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			folder := t.TempDir()

			for i, machine := range test.machines {
				place := filepath.Join(folder, string(rune('a'+i)))
				if err := os.Mkdir(place, 0o700); err != nil {
					t.Fatal(err)
				}
				// The head of an ELF file of 64 bits, as far as it is read.
				head := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00" + machine + "\x01\x00\x00\x00" + strings.Repeat("\x00", 40)
				if machine == "" {
					head = "#!/bin/sh\n"
				}
				if err := os.WriteFile(filepath.Join(place, "bootstrap"), []byte(head), 0o600); err != nil {
					t.Fatal(err)
				}
			}

			got, err := operator.Architecture(folder)
			if got != test.want || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q, %v; want %q, %q", got, err, test.want, test.says)
			}
		})
	}
}

func TestAStackWhosePolicyAConsumerHasIsNotDeleted(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.queried.readers = []string{"crm-sync", "wallboard"}

	err := operator.AfterDeletion(t.Context(), w.target())
	if err == nil || !strings.Contains(err.Error(), "detach it from role crm-sync, role wallboard, then delete the stack") {
		t.Errorf("%v", err)
	}

	if said := w.said(t, err); said != "" {
		t.Errorf("it said %q", said)
	}
}
