package template

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Parameter is a parameter as a template declares it. What the template leaves out is zero or nil.
type Parameter struct {
	// Name is such as "LogRetentionDays", Type is "String" or "Number".
	Name string `yaml:"-"`
	Type string `yaml:"Type"`
	// Description is for whoever deploys.
	Description string `yaml:"Description"`
	// Default is the value where none is given; nil: the parameter is required.
	Default *string `yaml:"Default"`
	// AllowedPattern is a regular expression that the whole value has to match, ConstraintDescription says it in words.
	AllowedPattern        string `yaml:"AllowedPattern"`
	ConstraintDescription string `yaml:"ConstraintDescription"`
	// AllowedValues are all values that are allowed; empty: any.
	AllowedValues []string `yaml:"AllowedValues"`
	// MinValue and MaxValue bound a Number.
	MinValue *float64 `yaml:"MinValue"`
	MaxValue *float64 `yaml:"MaxValue"`
	// MaxLength bounds the characters of a String; 0 is no bound.
	MaxLength int `yaml:"MaxLength"`
}

// allows says whether the declaration, whose type is known here, allows a value.
func (p *Parameter) allows(value string) bool {
	number, errNumber := strconv.ParseFloat(value, 64)
	whole, errPattern := regexp.Compile(`\A(?:` + cmp.Or(p.AllowedPattern, "(?s).*") + `)\z`)
	switch {
	case len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, value), errPattern != nil || !whole.MatchString(value):
		return false
	case p.Type == "String":
		return p.MaxLength == 0 || utf8.RuneCountInString(value) <= p.MaxLength
	default:
		return p.Type == "Number" && errNumber == nil &&
			(p.MinValue == nil || number >= *p.MinValue) && (p.MaxValue == nil || number <= *p.MaxValue)
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
func (t *Template) values(given map[string]string) (values map[string]string, problems []error) {
	values = make(map[string]string)
	for _, p := range t.Parameters() {
		value, is := given[p.Name]
		switch {
		case !is && p.Default == nil:
			problems = append(problems, fmt.Errorf("the parameter %s needs a value: it has no default", p.Name))

			continue
		case !is:
			value = *p.Default
		}

		values[p.Name] = value
		if !p.allows(value) {
			problems = append(problems, fmt.Errorf("the parameter %s, a %s, does not allow %q. %s", p.Name, p.Type, value, p.ConstraintDescription))
		}
	}

	for _, name := range sortedKeys(given) {
		if _, declared := t.sections.Parameters[name]; !declared {
			problems = append(problems, fmt.Errorf("the parameter %s is given a value, and the template has no such parameter", name))
		}
	}

	return values, problems
}
