package stack_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
)

const templateFile = "../../../template.yaml"

// config is a stack whose functions are there and are never invoked.
func config(t *testing.T) stack.Config {
	t.Helper()

	folder := t.TempDir()
	for _, function := range []string{stack.Rotator, stack.ExportUsers} {
		if err := os.Mkdir(filepath.Join(folder, function), 0o700); err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(filepath.Join(folder, function, "bootstrap"), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}

	return stack.Config{
		Template: templateFile, Binaries: folder, Data: t.TempDir(),
		Organisation: stack.Simulated{Config: genesyssim.Config{Users: 1}},
	}
}

// edited is the project's template with the last text in place of the one before it, which is looked for behind the others,
// one behind the other.
func edited(t *testing.T, texts ...string) string {
	t.Helper()

	content, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	before, behind := "", string(content)

	for _, text := range texts[:len(texts)-1] {
		head, tail, found := strings.Cut(behind, text)
		if !found {
			t.Fatalf("the template has no %q", text)
		}

		before, behind = before+head+text, tail
	}

	before = strings.TrimSuffix(before, texts[len(texts)-2]) + texts[len(texts)-1]
	name := filepath.Join(t.TempDir(), "template.yaml")

	if err := os.WriteFile(name, []byte(before+behind), 0o600); err != nil {
		t.Fatal(err)
	}

	return name
}

// settings are what Lambda has of a function in the template.
type settings struct {
	timeout               time.Duration
	memoryMB, concurrency int
}

func settingsOf(t *testing.T, s *stack.Stack, function string) settings {
	t.Helper()

	for _, f := range s.Lambda.Functions() {
		if f.Name == function {
			return settings{f.Timeout, f.MemoryMB, f.ReservedConcurrency}
		}
	}

	t.Fatalf("there is no function %s", function)

	return settings{}
}

func TestTheFunctionsAreWhatTheTemplateSays(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		change            func(*stack.Config)
		rotator, exporter settings
	}{
		"as it stands": {func(*stack.Config) {}, settings{30 * time.Second, 128, 1}, settings{900 * time.Second, 256, 0}},
		"with other parameters": {
			func(c *stack.Config) {
				c.Parameters = map[string]string{"ExportMemoryMegabytes": "512", "ReserveRotatorConcurrency": "false"}
			},
			settings{30 * time.Second, 128, 0},
			settings{900 * time.Second, 512, 0},
		},
		"with a timeout that it takes":      {func(c *stack.Config) { c.Timeout = 20 * time.Second }, settings{30 * time.Second, 128, 1}, settings{20 * time.Second, 256, 0}},
		"with one that is too short for it": {func(c *stack.Config) { c.Timeout = 2500 * time.Millisecond }, settings{30 * time.Second, 128, 1}, settings{2500 * time.Millisecond, 256, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := config(t)
			test.change(&c)

			s, err := stack.Start(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()

			got := []settings{settingsOf(t, s, stack.Rotator), settingsOf(t, s, stack.ExportUsers)}
			if diff := cmp.Diff([]settings{test.rotator, test.exporter}, got, cmp.AllowUnexported(settings{})); diff != "" {
				t.Errorf("timeout, memory and concurrency (-want +got):\n%s", diff)
			}

			if s.TokenParameter != "/genesys-cloud-export/token" || s.RotationEvery != time.Minute {
				t.Errorf("the token lies in %s and is looked after every %s", s.TokenParameter, s.RotationEvery)
			}
		})
	}
}

func TestAStackThatCannotBeWiredSaysWhy(t *testing.T) {
	t.Parallel()

	const managed = "Description: What the rotator may do.\n      ManagedPolicyArns: "

	for name, test := range map[string]struct {
		change func(*testing.T, *stack.Config)
		says   string
	}{
		"no organisation": {func(_ *testing.T, c *stack.Config) { c.Organisation = nil }, "no organisation is given"},
		"no template":     {func(_ *testing.T, c *stack.Config) { c.Template = "" }, "no template is given"},
		"no such file":    {func(_ *testing.T, c *stack.Config) { c.Template = "none.yaml" }, "read the template"},
		"a parameter that the stack sets": {
			func(_ *testing.T, c *stack.Config) { c.Parameters = map[string]string{"ExportBucketName": "mine"} },
			"it sets the template's parameter ExportBucketName itself",
		},
		"a parameter that there is not": {
			func(_ *testing.T, c *stack.Config) { c.Parameters = map[string]string{"Colour": "red"} }, "Colour",
		},
		"a timeout that is no number": {
			func(t *testing.T, c *stack.Config) {
				t.Helper()
				c.Template = edited(t, "  Rotator:", "Timeout: 30", "Timeout: soon")
			},
			"Rotator: Timeout is no whole number",
		},
		"another's role": {
			func(t *testing.T, c *stack.Config) {
				t.Helper()
				c.Template = edited(t, "  Rotator:", "Role: !GetAtt RotatorRole.Arn", "Role: arn:aws:iam::000000000000:role/admin")
			},
			`Rotator: its role "arn:aws:iam::000000000000:role/admin" is none of the template's`,
		},
		"a condition that is not known": {
			func(t *testing.T, c *stack.Config) {
				t.Helper()
				c.Template = edited(t, "Sid: ListExports", "StringLike", "IpAddress")
			},
			"ExportUsersRole: read the policy export-users: export-users[4]: the condition operator IpAddress is not known here",
		},
		"a managed policy of AWS": {
			func(t *testing.T, c *stack.Config) {
				t.Helper()
				c.Template = edited(t, "  RotatorRole:", "Description: What the rotator may do.", managed+"[arn:aws:iam::aws:policy/ReadOnlyAccess]")
			},
			"RotatorRole: managed policies are not known here, [arn:aws:iam::aws:policy/ReadOnlyAccess]: write the statements into the role",
		},
		"a policy that is attached": {
			func(t *testing.T, c *stack.Config) {
				t.Helper()
				c.Template = edited(t, "Resources:\n", "  Credentials:", "  More: {Type: AWS::IAM::RolePolicy, Properties: {}}\n  Credentials:")
			},
			"More: policies of the type AWS::IAM::RolePolicy are not known here",
		},
		"no rate": {
			func(t *testing.T, c *stack.Config) {
				t.Helper()
				c.Template = edited(t, "  Rotator:", "rate(1 minute)", "cron(* * * * ? *)")
			},
			"no schedule of the form rate(…) for the rotator",
		},
		"no output of the token's name": {
			func(t *testing.T, c *stack.Config) {
				t.Helper()
				c.Template = edited(t, "Outputs:\n", "TokenParameterName:", "TokenName:")
			},
			"template.yaml has no output TokenParameterName",
		},
		"no binaries": {func(t *testing.T, c *stack.Config) { t.Helper(); c.Binaries = t.TempDir() }, "start Lambda"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := config(t)
			test.change(t, &c)

			s, err := stack.Start(t.Context(), c)
			if err == nil {
				_ = s.Close()
			}

			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}

// roles are a template's, by their names.
func roles(t *testing.T, file string, parameters map[string]string) map[string]iamsim.Role {
	t.Helper()

	source, err := template.Read(file)
	if err != nil {
		t.Fatal(err)
	}

	given := map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"}
	maps.Copy(given, parameters)

	deployed, err := source.Evaluate(template.Deployment{Parameters: given})
	if err != nil {
		t.Fatal(err)
	}

	all, err := stack.Roles(deployed)
	if err != nil {
		t.Fatal(err)
	}

	byName := make(map[string]iamsim.Role)
	for _, role := range all {
		byName[role.Name] = role
	}

	return byName
}
