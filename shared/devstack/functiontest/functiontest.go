// Package functiontest is what the tests of every function share: the built binary behind a Lambda endpoint, what it is
// linked from, its events, and its rows of the README's configuration table.
package functiontest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/settings"
)

// module is the path of this module; functions lie below it.
const module = "genesys-cloud-export"

// Function is a built function behind a Lambda endpoint.
type Function struct {
	endpoint *lambdasim.Endpoint
	name     string
	logs     *bytes.Buffer
}

// Start serves the built function with these environment variables until the test ends.
func Start(t testing.TB, function string, timeout time.Duration, environment map[string]string) *Function {
	t.Helper()

	file, err := Build("functions/"+function, function+"/bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	var logs bytes.Buffer
	endpoint, err := lambdasim.New(lambdasim.Config{
		Logs:      &logs,
		Functions: []lambdasim.Function{{Name: function, Path: file, Env: environment, Timeout: timeout}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = endpoint.Close() })

	return &Function{endpoint, function, &logs}
}

// Invoke invokes the function, and returns its reply and whether that is an error.
func (f *Function) Invoke(t testing.TB, payload string) (reply []byte, failed bool) {
	t.Helper()
	answer := httptest.NewRecorder()
	f.endpoint.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost,
		"/2015-03-31/functions/"+f.name+"/invocations", strings.NewReader(payload)))

	return answer.Body.Bytes(), answer.Header().Get("X-Amz-Function-Error") != ""
}

// Logs stops the function and returns all that it printed.
func (f *Function) Logs() string {
	_ = f.endpoint.Close()

	return f.logs.String()
}

// WantModules compares the modules that a function links with a list, beside those that every function links. None is devstack's.
func WantModules(t testing.TB, function string, more ...string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc", //nolint:gosec // the go command
		"-f", "{{.ImportPath}} {{with .Module}}{{.Path}}{{end}}", module+"/functions/"+function).Output()
	if err != nil {
		t.Fatalf("list what %s links: %v", function, err)
	}
	var got []string
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		if strings.HasPrefix(fields[0], module+"/shared/devstack") {
			t.Errorf("%s, which was made for development, is linked", fields[0])
		}
		if len(fields) == 2 && fields[1] != module && !slices.Contains(got, fields[1]) {
			got = append(got, fields[1])
		}
	}
	want := append(common(), more...)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("linked modules (-want +got):\n%s", diff)
	}
}

// common is what every function links.
func common() []string {
	modules := strings.Fields(`github.com/caarlos0/env/v11 github.com/go-json-experiment/json github.com/klauspost/compress
		golang.org/x/sync golang.org/x/time github.com/aws/aws-lambda-go github.com/aws/smithy-go github.com/aws/aws-sdk-go-v2`)
	for name := range strings.FieldsSeq(`config credentials feature/ec2/imds internal/configsources internal/endpoints/v2 internal/v4a
		service/internal/accept-encoding service/internal/presigned-url service/signin service/ssm service/sso service/ssooidc service/sts`) {
		modules = append(modules, "github.com/aws/aws-sdk-go-v2/"+name)
	}

	return modules
}

// Events returns the function's example events by file name.
func Events(t testing.TB, function string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root(), "events", function+"-*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("find the events of %s: %v, %v", function, files, err)
	}
	events := make(map[string][]byte, len(files))
	for _, file := range files {
		if events[filepath.Base(file)], err = os.ReadFile(file); err != nil { //nolint:gosec // a file of this repository
			t.Fatal(err)
		}
	}

	return events
}

// row is a row of the README's configuration table: variable, functions, default, meaning.
var row = regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| ([^|]+) \\| ([^|]*) \\| [^|]+ \\|$")

// WantReadmeVariables compares the README's configuration table with the variables that a function reads, with their defaults.
// Rows are meant for the function that they name, for all, or, where the function exports, for exporters.
func WantReadmeVariables(t testing.TB, function string, read []settings.Variable) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root(), "functions", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]string)
	for _, match := range row.FindAllStringSubmatch(string(readme), -1) {
		meant := strings.TrimSpace(match[2])
		if meant == "all" || meant == function || meant == "exporters" && strings.HasPrefix(function, "export-") {
			listed[match[1]] = strings.Trim(strings.TrimSpace(match[3]), "`")
		}
	}

	want := make(map[string]string, len(read))
	for _, variable := range read {
		want[variable.Name] = variable.Default
	}

	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("the README's configuration table (-code +README):\n%s", diff)
	}
}
