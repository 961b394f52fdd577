package functiontest

import (
	"path/filepath"
	"slices"
	"testing"

	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/settings"
)

// WantTemplateVariables compares the function's environment in template.yaml with the variables that it reads: each is set, or has a
// default. A parameter has the same default as its variable, but for those named otherwise.
func WantTemplateVariables(t testing.TB, function string, read []settings.Variable, otherwise ...string) {
	t.Helper()
	source, err := template.Read(filepath.Join(root(), "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	evaluated, err := source.Evaluate(template.Deployment{
		Local: true, Parameters: map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"},
	})
	if err != nil {
		t.Fatal(err)
	}
	set := make(map[string]any)
	for _, resource := range evaluated.OfType("AWS::Serverless::Function") {
		if resource.Name == function {
			environment, _ := resource.Properties["Environment"].(map[string]any)
			set, _ = environment["Variables"].(map[string]any)
		}
	}
	for _, variable := range read {
		value, given := set[variable.Name]
		switch _, text := value.(string); {
		case !given && variable.Default == "":
			t.Errorf("template.yaml does not set %s", variable.Name)
		case given && !text:
			t.Errorf("%s is no text but %v", variable.Name, value)
		case given && variable.Default != "" && value != variable.Default && !slices.Contains(append(otherwise, "STACK_NAME"), variable.Name):
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
