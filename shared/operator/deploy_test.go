package operator_test

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"genesys-cloud-export/shared/operator"
)

const templateFile = "../../template.yaml"

func TestAStackIsRefusedOrItsAccountRegionAndNameArePrintedBeforeAnythingIsBuilt(t *testing.T) {
	t.Parallel()

	file := func(content string) string {
		name := filepath.Join(t.TempDir(), "production.yaml")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}

		return "file://" + name
	}

	for name, test := range map[string]struct {
		stack      string // "" is exports
		parameters []string
		unreserved int
		want       string // of the error; "" where it is ready
	}{
		"nothing given":                    {},
		"a name that is too long":          {stack: strings.Repeat("x", 48), want: "has 48 characters: give STACK= a name of at most 47"},
		"the longest name":                 {stack: strings.Repeat("x", 47)},
		"a name that begins with SSM":      {stack: "SSM-exports", want: "begins with aws or ssm"},
		"a small quota":                    {unreserved: 100, want: "give PARAMETERS ReserveRotatorConcurrency=false, or raise the quota"},
		"a small quota, nothing reserved":  {unreserved: 100, parameters: []string{"AlarmEmail=a@example.com", "ReserveRotatorConcurrency=false"}},
		"a small quota, by a file":         {unreserved: 100, parameters: []string{file("AlarmEmail: a@example.com\nReserveRotatorConcurrency: \"false\"\n")}},
		"a rotator that has its own share": {stack: "reserved", unreserved: 100},

		"names as they should be": {parameters: []string{
			"ExportScheduleExpression=cron(0 2 * * ? *)", `ExportScheduleOptions={"state":"any"}`, "ExportRetentionDays=90", file("GenesysEnvironment: mypurecloud.de\n"),
		}},
		"a file that is not there":  {parameters: []string{"file://nowhere"}, want: "read the parameters in nowhere: give a file"},
		"a word that is none":       {parameters: []string{"GenesysEnvironment"}, want: `"GenesysEnvironment" is no parameter: give PARAMETERS as Name=value`},
		"a parameter of other days": {parameters: []string{"WorkflowMaxPasses=3"}, want: "the template has no parameter WorkflowMaxPasses"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(t)
			if test.unreserved > 0 {
				w.functions.unreserved = test.unreserved
			}

			target := w.target()
			target.Stack = cmp.Or(test.stack, stackName)

			err := operator.Ready(t.Context(), operator.Deployment{Target: target, Template: templateFile, Parameters: test.parameters})
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if said, want := w.said(err), "account 000000000000, region eu-central-1, stack "+target.Stack+"\n"; err == nil && said != want {
				t.Errorf("said %q, want %q", said, want)
			}
		})
	}
}

func TestWhatWasBuiltIsReadFromTheBinaries(t *testing.T) {
	t.Parallel()

	test, err := os.ReadFile(os.Args[0]) // a Go binary for this machine
	if err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		binaries   []string
		want, says string // what it begins with
	}{
		"two of one build": {[]string{string(test), string(test)}, "Architecture=", ""},
		"no Go binary":     {[]string{"#!/bin/sh\n"}, "", "is no Go binary: make sam-build"},
		"nothing":          {nil, "", "no built function"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			folder := t.TempDir()

			for i, content := range test.binaries {
				place := filepath.Join(folder, string(rune('a'+i)))
				if err := os.Mkdir(place, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(place, "bootstrap"), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}

			got, err := operator.Built(folder)
			if !strings.HasPrefix(got, test.want) || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q, %v; want %q, %q", got, err, test.want, test.says)
			}

			if test.want != "" && !regexp.MustCompile(`^Architecture=(arm64|x86_64) Version=[!-~]+$`).MatchString(got) {
				t.Errorf("%q is not what the SAM CLI takes", got)
			}
		})
	}
}
