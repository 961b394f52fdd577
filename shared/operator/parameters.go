package operator

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// given reads a deployment's parameters as the SAM CLI takes them: Name=value, or file://path of a file with a Name: value on
// each line. A later one counts.
func given(words []string) (map[string]string, error) {
	all := make(map[string]string)

	for _, word := range words {
		path, isFile := strings.CutPrefix(word, "file://")
		name, value, assigned := strings.Cut(word, "=")

		switch {
		case isFile && readYAML(path, all) != nil:
			return nil, fmt.Errorf("read the parameters in %s: give a file with a line Name: value for each", path)
		case isFile:
		case assigned:
			all[name] = value
		default:
			return nil, fmt.Errorf("%q is no parameter: give PARAMETERS as Name=value, or as file://path", word)
		}
	}

	return all, nil
}

// known refuses names that the template does not declare, which the SAM CLI passes over. Values are CloudFormation's to judge,
// which refuses the change set before anything is made.
func known(values map[string]string, template string) error {
	var read struct {
		Parameters map[string]any `yaml:"Parameters"`
	}
	if readYAML(template, &read) != nil {
		return fmt.Errorf("read the template %s: there is no such file, or it is no template", template)
	}

	var problems []error

	for _, name := range slices.Sorted(maps.Keys(values)) {
		if read.Parameters[name] == nil {
			problems = append(problems, fmt.Errorf("the template has no parameter %s: the README lists them", name))
		}
	}

	return errors.Join(problems...)
}

func readYAML(path string, into any) error {
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}

	return yaml.Unmarshal(content, into)
}
