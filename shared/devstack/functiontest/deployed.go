package functiontest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/settings"
)

// WantTemplateVariables compares the function's environment in template.yaml with the variables that the function reads: each is
// set, from a parameter or a resource, or has a default. A parameter whose variable has a default has the same one, so that an
// operator who leaves it out gets what the README says; otherwise names those for which the template chooses another. What the
// template sets beside them is for other functions.
func WantTemplateVariables(t testing.TB, function string, read []settings.Variable, otherwise ...string) {
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
	otherwise = append(otherwise, "STACK_NAME")

	for _, variable := range read {
		value, given := set[variable.Name]

		if !given && variable.Default == "" {
			t.Errorf("template.yaml does not set %s", variable.Name)
		}

		if given && variable.Default != "" && value != variable.Default && !slices.Contains(otherwise, variable.Name) {
			t.Errorf("%s is %q by the template's defaults, and %q by the function's", variable.Name, value, variable.Default)
		}
	}

	// What AWS's SDK and Go's HTTP client read by themselves.
	for _, name := range []string{"AWS_ENDPOINT_URL", "HTTPS_PROXY", "NO_PROXY"} {
		if _, given := set[name]; !given {
			t.Errorf("template.yaml does not set %s", name)
		}
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
