package functions_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/template"

	"github.com/google/go-cmp/cmp"
)

var (
	// tag is how a field of a settings struct names its variable and the default.
	tag = regexp.MustCompile("`env:\"([A-Z_]+)(?:,required)?\"(?: envDefault:\"([^\"]*)\")?`")
	// row is a row of the README's configuration table: variable, functions, default, meaning.
	row = regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| ([^|]+) \\| `?([^|`]*)`? \\| [^|]+ \\|$")
)

// variables are those that a function reads, with their defaults.
func variables(t *testing.T, name string) map[string]string {
	t.Helper()

	files, err := filepath.Glob(name + "/*.go")
	if err != nil {
		t.Fatal(err)
	}

	files = append(files, "../shared/settings/settings.go")
	if name != "rotator" {
		files = append(files, "../shared/exporter/settings.go")
	}

	read := make(map[string]string)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}

		for _, found := range tag.FindAllStringSubmatch(string(source), -1) {
			read[found[1]] = found[2]
		}
	}

	return read
}

func TestNoVariableIsNamedLikeASecret(t *testing.T) {
	t.Parallel()

	secretive := regexp.MustCompile(`PASSWORD|SECRET$|CLIENT_SECRET|ACCESS_TOKEN|_KEY$`)

	each(t, func(t *testing.T, name string, _ function) {
		for variable := range variables(t, name) {
			if secretive.MatchString(variable) {
				t.Errorf("%s looks like a secret in the environment", variable)
			}
		}
	})
}

func TestTheReadmeListsAFunctionsVariablesAndTheirDefaults(t *testing.T) {
	t.Parallel()

	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}

	each(t, func(t *testing.T, name string, _ function) {
		listed := make(map[string]string)
		for _, found := range row.FindAllStringSubmatch(string(readme), -1) {
			if meant := strings.TrimSpace(found[2]); meant == "all" || meant == name || meant == "exporters" && name != "rotator" {
				listed[found[1]] = strings.TrimSpace(found[3])
			}
		}

		if diff := cmp.Diff(variables(t, name), listed); diff != "" {
			t.Errorf("the configuration table (-code +README):\n%s", diff)
		}
	})
}

func TestTheTemplateSetsWhatAFunctionReadsOrLeavesItsDefault(t *testing.T) {
	t.Parallel()

	source, err := template.Read("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}

	evaluated, err := source.Evaluate(template.Deployment{
		Local: true, Parameters: map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"},
	})
	if err != nil {
		t.Fatal(err)
	}

	set := make(map[string]map[string]any) // by function
	for _, resource := range evaluated.OfType("AWS::Serverless::Function") {
		environment, _ := resource.Properties["Environment"].(map[string]any)
		set[resource.Name], _ = environment["Variables"].(map[string]any)
	}

	each(t, func(t *testing.T, name string, f function) {
		for variable, byDefault := range variables(t, name) {
			value, given := set[name][variable]
			_, text := value.(string)
			differs := variable == f.differs || variable == "STACK_NAME"

			if !given && byDefault == "" || given && !text || given && byDefault != "" && value != byDefault && !differs {
				t.Errorf("%s is %v by the template, and %q by the function's default", variable, value, byDefault)
			}
		}

		// What AWS's SDK and Go's HTTP client read by themselves.
		for _, variable := range []string{"AWS_ENDPOINT_URL", "HTTPS_PROXY", "NO_PROXY"} {
			if _, given := set[name][variable]; !given {
				t.Errorf("%s is not set", variable)
			}
		}
	})
}
