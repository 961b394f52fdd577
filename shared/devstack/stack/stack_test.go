package stack_test

import (
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
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

func TestTheFunctionsAreWhatTheTemplateSays(t *testing.T) {
	t.Parallel()

	type settings struct {
		timeout               time.Duration
		memoryMB, concurrency int
	}

	for name, test := range map[string]struct {
		change            func(*stack.Config)
		rotator, exporter settings
	}{
		"as it stands": {func(*stack.Config) {}, settings{30 * time.Second, 128, 1}, settings{900 * time.Second, 256, 0}},
		"with other parameters": {
			func(c *stack.Config) {
				c.Parameters = map[string]string{"ExportMemoryMegabytes": "512", "ReserveRotatorConcurrency": "false", "ExportTimeoutSeconds": "20"}
			},
			settings{30 * time.Second, 128, 0},
			settings{20 * time.Second, 512, 0},
		},
		"with a timeout that is too short for the template": {
			func(c *stack.Config) { c.Timeout = 2500 * time.Millisecond }, settings{30 * time.Second, 128, 1}, settings{2500 * time.Millisecond, 256, 0},
		},
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

			got := make(map[string]settings)
			for _, f := range s.Lambda.Functions() {
				got[f.Name] = settings{f.Timeout, f.MemoryMB, f.ReservedConcurrency}
			}

			want := map[string]settings{stack.Rotator: test.rotator, stack.ExportUsers: test.exporter}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{})); diff != "" {
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

	with := func(change func(*stack.Config)) func(*testing.T, *stack.Config) {
		return func(_ *testing.T, c *stack.Config) { change(c) }
	}
	edit := func(texts ...string) func(*testing.T, *stack.Config) {
		return func(t *testing.T, c *stack.Config) { t.Helper(); c.Template = edited(t, texts...) }
	}

	for says, change := range map[string]func(*testing.T, *stack.Config){
		"no organisation is given": with(func(c *stack.Config) { c.Organisation = nil }),
		"no template is given":     with(func(c *stack.Config) { c.Template = "" }),
		"read the template":        with(func(c *stack.Config) { c.Template = "none.yaml" }),
		"it sets the template's parameter ExportBucketName itself": with(func(c *stack.Config) {
			c.Parameters = map[string]string{"ExportBucketName": "mine"}
		}),
		"Colour":                              with(func(c *stack.Config) { c.Parameters = map[string]string{"Colour": "red"} }),
		"start Lambda":                        func(t *testing.T, c *stack.Config) { t.Helper(); c.Binaries = t.TempDir() },
		"listen on 192.0.2.1, port ":          with(func(c *stack.Config) { c.AlsoListen = "192.0.2.1" }), // reserved for documentation
		"Rotator: Timeout is no whole number": edit("  Rotator:", "Timeout: 30", "Timeout: soon"),
		`Rotator: its role "arn:aws:iam::000000000000:role/admin" is none of the template's`: edit(
			"  Rotator:", "Role: !GetAtt RotatorRole.Arn", "Role: arn:aws:iam::000000000000:role/admin"),
		"ExporterRole: read the policy export: export[4]: the condition operator IpAddress is not known here": edit(
			"Sid: ListExports", "StringLike", "IpAddress"),
		"RotatorRole: managed policies are not known here, [arn:aws:iam::aws:policy/ReadOnlyAccess]: write the statements into the role": edit(
			"  RotatorRole:", "Description: What the rotator may do.",
			"Description: What the rotator may do.\n      ManagedPolicyArns: [arn:aws:iam::aws:policy/ReadOnlyAccess]"),
		"More: policies of the type AWS::IAM::RolePolicy are not known here": edit(
			"Resources:\n", "  Credentials:", "  More: {Type: AWS::IAM::RolePolicy, Properties: {}}\n  Credentials:"),
		"no schedule of the form rate(…) for the rotator": edit("  Rotator:", "rate(1 minute)", "cron(* * * * ? *)"),
		"template.yaml has no output TokenParameterName":  edit("Outputs:\n", "TokenParameterName:", "TokenName:"),
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()

			c := config(t)
			change(t, &c)

			wantRefused(t, c, says)
		})
	}
}

// wantRefused wants a stack not to start, with an error that says all of this.
func wantRefused(t *testing.T, c stack.Config, says ...string) {
	t.Helper()

	s, err := stack.Start(t.Context(), c)
	if err == nil {
		_ = s.Close()
	}

	for _, text := range says {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want an error that says %q", err, text)
		}
	}
}

// 127.0.0.2 is on Linux's loopback, as the address of Docker's bridge would be.
func TestTheStackIsReachedAtAFurtherAddressOnTheSamePort(t *testing.T) {
	t.Parallel()

	c := config(t)
	c.AlsoListen = "127.0.0.2"

	local, err := stack.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()

	for url, want := range map[string]int{
		local.GenesysURL + "/_sim/stats":                                 http.StatusOK,
		local.AWSURL + "/2015-03-31/functions/rotator/no-such-operation": http.StatusNotFound,
	} {
		for _, at := range []string{url, strings.Replace(url, "127.0.0.1", "127.0.0.2", 1)} {
			if reply := send(t, http.MethodGet, at, nil); reply.StatusCode != want {
				t.Errorf("%s: status %d, want %d", at, reply.StatusCode, want)
			}
		}
	}
}

func TestAServiceThatTheStackHasNotIsRefusedAndMotoIsNamed(t *testing.T) {
	t.Parallel()

	local, err := stack.Start(t.Context(), config(t))
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()

	for _, header := range []http.Header{
		{"X-Amz-Target": {"DynamoDB_20120810.GetItem"}}, {"Content-Type": {"application/x-www-form-urlencoded"}}, // the query protocol
	} {
		reply := send(t, http.MethodPost, local.AWSURL, header)

		text, err := io.ReadAll(reply.Body)
		if err != nil || reply.StatusCode != http.StatusNotImplemented || !strings.Contains(string(text), "moto") {
			t.Errorf("%v: status %d, %s (%v)", header, reply.StatusCode, text, err)
		}
	}
}

func send(t *testing.T, method, url string, header http.Header) *http.Response {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}

	maps.Copy(request.Header, header)

	reply, err := http.DefaultClient.Do(request) //nolint:forbidigo // a test's call to its own server
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = reply.Body.Close() })

	return reply
}
