package stack_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/stack"
)

const templateFile = "../../../template.yaml"

// config is a stack whose functions are there and are never invoked.
func config(t *testing.T) stack.Config {
	t.Helper()
	mains, err := filepath.Glob("../../../functions/*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, main := range mains {
		name := filepath.Join(folder, filepath.Base(filepath.Dir(main)), "bootstrap")
		if err := errors.Join(os.Mkdir(filepath.Dir(name), 0o700), os.WriteFile(name, nil, 0o700)); err != nil {
			t.Fatal(err)
		}
	}

	return stack.Config{
		Template: templateFile, Binaries: folder, Data: t.TempDir(),
		Organisation: stack.Simulated{Config: genesyssim.Config{Users: 1}},
	}
}

// edited is the project's template with the first text behind an anchor replaced by another.
func edited(t *testing.T, anchor, text, other string) string {
	t.Helper()
	content, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}
	before, behind, _ := strings.Cut(string(content), anchor)
	changed := strings.Replace(behind, text, other, 1)
	if changed == behind {
		t.Fatalf("the template has no %q behind %q", text, anchor)
	}
	name := filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(name, []byte(before+anchor+changed), 0o600); err != nil {
		t.Fatal(err)
	}

	return name
}

func TestTheFunctionsAreWhatTheTemplateSays(t *testing.T) {
	t.Parallel()
	const second = time.Second

	for name, test := range map[string]struct {
		timeout           time.Duration
		parameters        map[string]string
		rotator, exporter lambdasim.Function
	}{
		"as it stands": {
			rotator:  lambdasim.Function{Timeout: 30 * second, MemoryMB: 128, ReservedConcurrency: 1},
			exporter: lambdasim.Function{Timeout: 900 * second, MemoryMB: 128},
		},
		"with other parameters": {
			parameters: map[string]string{"ExportMemoryMegabytes": "512", "ReserveRotatorConcurrency": "false", "ExportTimeoutSeconds": "20"},
			rotator:    lambdasim.Function{Timeout: 30 * second, MemoryMB: 128},
			exporter:   lambdasim.Function{Timeout: 20 * second, MemoryMB: 512},
		},
		"with a timeout that is too short for the template": {
			timeout:  2500 * time.Millisecond,
			rotator:  lambdasim.Function{Timeout: 30 * second, MemoryMB: 128, ReservedConcurrency: 1},
			exporter: lambdasim.Function{Timeout: 2500 * time.Millisecond, MemoryMB: 128},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			functions, err := stack.Functions(stack.Config{
				Template: templateFile, Binaries: "bin", Timeout: test.timeout, Parameters: test.parameters,
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range functions {
				want := test.exporter
				if got.Name == stack.Rotator {
					want = test.rotator
				}
				want.Name, want.Path = got.Name, filepath.Join("bin", got.Name, "bootstrap")
				diff := cmp.Diff(want, got, cmpopts.IgnoreFields(got, "Env"))
				if diff != "" || got.Env["TOKEN_PARAMETER_NAME"] != "/genesys-cloud-export/token" {
					t.Errorf("the environment %v, function (-want +got):\n%s", got.Env, diff)
				}
			}
		})
	}
}

func TestAStackThatCannotBeWiredSaysWhy(t *testing.T) {
	t.Parallel()
	with := func(change func(*stack.Config)) func(*testing.T, *stack.Config) {
		return func(_ *testing.T, c *stack.Config) { change(c) }
	}
	edit := func(anchor, text, other string) func(*testing.T, *stack.Config) {
		return func(t *testing.T, c *stack.Config) { t.Helper(); c.Template = edited(t, anchor, text, other) }
	}
	for says, change := range map[string]func(*testing.T, *stack.Config){
		"no organisation is given": with(func(c *stack.Config) { c.Organisation = nil }),
		"no template is given":     with(func(c *stack.Config) { c.Template = "" }),
		"read the template":        with(func(c *stack.Config) { c.Template = "none.yaml" }),
		"it sets the template's parameter ExportBucketName itself": with(func(c *stack.Config) {
			c.Parameters = map[string]string{"ExportBucketName": "mine"}
		}),
		"Colour":                     with(func(c *stack.Config) { c.Parameters = map[string]string{"Colour": "red"} }),
		"start Lambda":               func(t *testing.T, c *stack.Config) { t.Helper(); c.Binaries = t.TempDir() },
		"listen on 192.0.2.1, port ": with(func(c *stack.Config) { c.AlsoListen = "192.0.2.1" }), // reserved for documentation
		`JSON string into Go stack.number within "/Timeout"`: edit(
			"  Rotator:", "Timeout: 30", "Timeout: soon"),
		`Rotator: its role "arn:aws:iam::000000000000:role/admin" is none of the template's`: edit(
			"  Rotator:", "Role: !GetAtt RotatorRole.Arn", "Role: arn:aws:iam::000000000000:role/admin"),
		"the role ExporterRole: read the policy export: export[4]: the condition operator IpAddress is not known here": edit(
			"Sid: ListExports", "StringLike", "IpAddress"),
		"the role RotatorRole: managed policies are not known here, [arn:aws:iam::aws:policy/ReadOnlyAccess]: write the statements into the role": edit(
			"  RotatorRole:", "Description: What the rotator may do.",
			"Description: What the rotator may do.\n      ManagedPolicyArns: [arn:aws:iam::aws:policy/ReadOnlyAccess]"),
		"More: policies of the type AWS::IAM::RolePolicy are not known here": edit(
			"Resources:\n", "  Credentials:", "  More: {Type: AWS::IAM::RolePolicy, Properties: {}}\n  Credentials:"),
		"no schedule of the form rate(… minutes) for the rotator": edit("  Rotator:", "rate(1 minute)", "cron(* * * * ? *)"),
		"there is no output TokenParameterName":                   edit("Outputs:\n", "TokenParameterName:", "TokenName:"),
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			c := config(t)
			change(t, &c)

			s, err := stack.Start(t.Context(), c)
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v, want an error that says %q", err, says)
			}
		})
	}
}

// 127.0.0.2 is on Linux's loopback, as the address of Docker's bridge would be.
func TestTheStackIsReachedAtAFurtherAddressOnTheSamePortAndNamesMotoForServicesThatItHasNot(t *testing.T) {
	t.Parallel()
	c := config(t)
	c.AlsoListen = "127.0.0.2"

	local, err := stack.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	if local.TokenParameter != "/genesys-cloud-export/token" || local.RotationEvery != time.Minute {
		t.Errorf("the token lies in %s and is looked after every %s", local.TokenParameter, local.RotationEvery)
	}
	for _, test := range []struct {
		method, url string
		header      http.Header
		status      int
		says        string
	}{
		{http.MethodGet, local.GenesysURL + "/_sim/stats", nil, http.StatusOK, "{"},
		{http.MethodGet, local.AWSURL + "/2015-03-31/functions/rotator/no-such-operation", nil, http.StatusNotFound, ""},
		{http.MethodPost, local.AWSURL, http.Header{"X-Amz-Target": {"DynamoDB_20120810.GetItem"}}, http.StatusNotImplemented, "moto"},
		// The query protocol.
		{http.MethodPost, local.AWSURL, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, http.StatusNotImplemented, "moto"},
	} {
		for _, at := range []string{test.url, strings.Replace(test.url, "127.0.0.1", "127.0.0.2", 1)} {
			status, text := send(t, test.method, at, test.header)
			if status != test.status || !strings.Contains(text, test.says) {
				t.Errorf("%s %v: status %d, %s, want %d", at, test.header, status, text, test.status)
			}
		}
	}
}

func send(t *testing.T, method, url string, header http.Header) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, header)

	reply, err := new(http.Client).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()

	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}

	return reply.StatusCode, string(body)
}
