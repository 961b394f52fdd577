package template

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Parameter is a parameter as a template declares it. What the template leaves out is zero or nil.
type Parameter struct {
	Name           string   `yaml:"-"`
	Type           string   `yaml:"Type"` // "String" or "Number"
	Description    string   `yaml:"Description"`
	Default        *string  `yaml:"Default"` // nil: the parameter is required
	AllowedPattern *string  `yaml:"AllowedPattern"`
	AllowedValues  []string `yaml:"AllowedValues"` // empty: any
	MinValue       *float64 `yaml:"MinValue"`      // of a Number
	MaxValue       *float64 `yaml:"MaxValue"`
	MaxLength      int      `yaml:"MaxLength"` // of a String, in characters; 0: any
}

// allows says whether the declaration, whose type is known here, allows a value.
func (p *Parameter) allows(value string) bool {
	number, err := strconv.ParseFloat(value, 64)
	switch {
	case len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, value):
		return false
	case p.AllowedPattern != nil && !regexp.MustCompile(`\A(?:`+*p.AllowedPattern+`)\z`).MatchString(value):
		return false
	case p.Type == "String":
		return p.MaxLength == 0 || utf8.RuneCountInString(value) <= p.MaxLength
	default:
		return p.Type == "Number" && err == nil && (p.MinValue == nil || number >= *p.MinValue) && (p.MaxValue == nil || number <= *p.MaxValue)
	}
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
		value, is := given[p.Name]
		if !is && p.Default != nil {
			value = *p.Default
		}
		switch values[p.Name] = value; {
		case !is && p.Default == nil:
			problems = append(problems, fmt.Errorf("the parameter %s needs a value: it has no default", p.Name))
		case !p.allows(value):
			problems = append(problems, fmt.Errorf("the parameter %s, a %s, does not allow %q", p.Name, p.Type, value))
		}
	}
	for _, name := range sortedKeys(given) {
		if _, declared := t.sections.Parameters[name]; !declared {
			problems = append(problems, fmt.Errorf("the parameter %s is given a value, and the template has no such parameter", name))
		}
	}

	return values, errors.Join(problems...)
}
