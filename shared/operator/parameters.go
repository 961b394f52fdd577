package operator

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// declared is a parameter as template.yaml declares it, as far as a value can be checked by it.
type declared struct {
	Type                  string   `yaml:"Type"`
	AllowedPattern        string   `yaml:"AllowedPattern"`
	ConstraintDescription string   `yaml:"ConstraintDescription"`
	AllowedValues         []string `yaml:"AllowedValues"`
	MinValue              *int     `yaml:"MinValue"`
	MaxValue              *int     `yaml:"MaxValue"`
}

// given reads a deployment's parameters as the SAM CLI takes them: Name=value, or file://path of a file with a Name: value on
// each line. A later one counts.
func given(words []string) (map[string]string, error) {
	all := make(map[string]string)

	for _, word := range words {
		path, isFile := strings.CutPrefix(word, "file://")
		name, value, assigned := strings.Cut(word, "=")

		switch {
		case isFile:
			content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
			if err == nil {
				err = yaml.Unmarshal(content, all)
			}

			if err != nil {
				return nil, fmt.Errorf("read the parameters in %s: give a file with a line Name: value for each", path)
			}
		case assigned:
			all[name] = value
		default:
			return nil, fmt.Errorf("%q is no parameter: give PARAMETERS as Name=value, or as file://path", word)
		}
	}

	return all, nil
}

// checked refuses values that the template would refuse once everything is built, each by the parameter's name and with the form
// that is valid. What several parameters have to be together, and what is missing, is CloudFormation's to say.
func checked(values map[string]string, template string) error {
	content, err := os.ReadFile(template) //nolint:gosec // make names the file

	var read struct {
		Parameters map[string]declared `yaml:"Parameters"`
	}
	if err == nil {
		err = yaml.Unmarshal(content, &read)
	}

	if err != nil {
		return fmt.Errorf("read the template %s: there is no such file, or it is no template", template)
	}

	var problems []error

	for _, name := range slices.Sorted(maps.Keys(values)) {
		if parameter, known := read.Parameters[name]; !known {
			problems = append(problems, fmt.Errorf("the template has no parameter %s: the README lists them", name))
		} else if broken := parameter.refuses(values[name]); broken != "" {
			problems = append(problems, fmt.Errorf("the parameter %s: %q %s", name, values[name], broken))
		}
	}

	return errors.Join(problems...)
}

// refuses says what is valid instead of the value, "" where the value is.
func (d declared) refuses(value string) string {
	number, err := strconv.Atoi(value)

	switch {
	case len(d.AllowedValues) > 0 && !slices.Contains(d.AllowedValues, value):
		return "is none of " + strings.Join(d.AllowedValues, ", ")
	case !regexp.MustCompile(`\A(?:`+d.AllowedPattern+`)\z`).MatchString(value) && d.AllowedPattern != "":
		return strings.TrimSpace("does not match " + d.AllowedPattern + ". " + d.ConstraintDescription)
	case d.Type == "Number" && err != nil:
		return "is no whole number"
	case d.MinValue != nil && number < *d.MinValue, d.MaxValue != nil && number > *d.MaxValue:
		return fmt.Sprintf("is not from %d to %d", *d.MinValue, *d.MaxValue)
	default:
		return ""
	}
}
