package functiontest

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/settings"
)

// WantTemplateVariables compares the function's environment in template.yaml with the variables that the function reads: each is
// set, from a parameter or a resource, and no other, but for those that others read. A parameter whose variable has a default
// has the same one, so that an operator who leaves it out gets what the README says.
func WantTemplateVariables(t testing.TB, function string, read []settings.Variable) {
	t.Helper()

	source, err := template.Read(filepath.Join(root(), "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	evaluated, err := source.Evaluate(template.Deployment{Parameters: map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"}})
	if err != nil {
		t.Fatal(err)
	}

	set := variablesOf(t, evaluated, function)

	// What AWS's SDK and Go's HTTP client read by themselves.
	want := []string{"AWS_ENDPOINT_URL", "HTTPS_PROXY", "NO_PROXY"}
	for _, variable := range read {
		want = append(want, variable.Name)

		if value := set[variable.Name]; variable.Default != "" && variable.Name != "STACK_NAME" && value != variable.Default {
			t.Errorf("%s is %q by the template's defaults, and %q by the function's", variable.Name, value, variable.Default)
		}
	}

	slices.Sort(want)

	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(set))); diff != "" {
		t.Errorf("the environment in template.yaml (-read by the function +set):\n%s", diff)
	}
}

// variablesOf is the environment of the function whose code lies in that folder.
func variablesOf(t testing.TB, evaluated *template.Stack, function string) map[string]string {
	t.Helper()

	set := make(map[string]string)

	for _, resource := range evaluated.OfType("AWS::Serverless::Function") {
		if code, _ := resource.Properties["CodeUri"].(string); strings.Trim(code, "/") != "functions/"+function {
			continue
		}

		environment, _ := resource.Properties["Environment"].(map[string]any)
		variables, _ := environment["Variables"].(map[string]any)

		for name, value := range variables {
			var is bool
			if set[name], is = value.(string); !is {
				t.Errorf("%s is no text but %v", name, value)
			}
		}
	}

	return set
}
