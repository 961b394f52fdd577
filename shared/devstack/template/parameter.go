package template

import (
	"errors"
	"fmt"
)

// Parameter is a parameter as a template declares it. Which values it takes, cfn-lint, make deploy and CloudFormation check.
type Parameter struct {
	Name        string   `yaml:"-"`
	Description string   `yaml:"Description"`
	Default     *string  `yaml:"Default"` // nil: the parameter is required
	MaxValue    *float64 `yaml:"MaxValue"`
}

// Parameters returns the parameters as they are declared, sorted by name.
func (t *Template) Parameters() []Parameter {
	all := make([]Parameter, 0, len(t.sections.Parameters))
	for _, name := range sortedKeys(t.sections.Parameters) {
		parameter := t.sections.Parameters[name]
		parameter.Name = name
		all = append(all, parameter)
	}

	return all
}

// values are those of all parameters: the deployment's, else the defaults.
func (t *Template) values(given map[string]string) (map[string]string, error) {
	values := make(map[string]string)
	var problems []error
	for _, p := range t.Parameters() {
		switch value, is := given[p.Name]; {
		case is:
			values[p.Name] = value
		case p.Default != nil:
			values[p.Name] = *p.Default
		default:
			problems = append(problems, fmt.Errorf("the parameter %s needs a value: it has no default", p.Name))
		}
	}
	for _, name := range sortedKeys(given) {
		if _, declared := t.sections.Parameters[name]; !declared {
			problems = append(problems, fmt.Errorf("the parameter %s is given a value, and the template has no such parameter", name))
		}
	}

	return values, errors.Join(problems...)
}
