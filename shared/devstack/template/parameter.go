package template

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// values are those of all parameters: the deployment's, else the defaults, each checked by what its parameter allows.
func (t *Template) values(given map[string]string) (values map[string]string, problems []error) {
	values = make(map[string]string, len(t.parameters))

	for _, parameter := range t.parameters {
		value, is := given[parameter.Name]

		switch {
		case is:
		case parameter.Default != nil:
			value = *parameter.Default
		default:
			problems = append(problems, fmt.Errorf("the parameter %s needs a value: it has no default", parameter.Name))

			continue
		}

		values[parameter.Name] = value
		if broken := parameter.check(value); broken != "" {
			problems = append(problems, fmt.Errorf("the parameter %s: %q %s", parameter.Name, value, broken))
		}
	}

	for _, name := range sortedKeys(given) {
		if !slices.ContainsFunc(t.parameters, func(p Parameter) bool { return p.Name == name }) {
			problems = append(problems, fmt.Errorf("the parameter %s is given a value, and the template has no such parameter", name))
		}
	}

	return values, problems
}

// check says how a value breaks the parameter's rules, "" where it keeps them.
func (p *Parameter) check(value string) string {
	pattern, errPattern := regexp.Compile(`\A(?:` + p.AllowedPattern + `)\z`)
	number, errNumber := strconv.ParseFloat(value, 64)

	switch {
	case p.Type != "String" && p.Type != "Number":
		return "has the type " + p.Type + ", and only String and Number are known here"
	case len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, value):
		return "is none of " + strings.Join(p.AllowedValues, ", ")
	case errPattern != nil:
		return "cannot be checked by the AllowedPattern " + p.AllowedPattern
	case p.AllowedPattern != "" && !pattern.MatchString(value):
		return strings.TrimSpace("does not match " + p.AllowedPattern + ". " + p.ConstraintDescription)
	case p.MaxLength > 0 && utf8.RuneCountInString(value) > p.MaxLength:
		return fmt.Sprintf("has more than %d characters", p.MaxLength)
	case p.Type == "Number" && errNumber != nil:
		return "is no number"
	case p.MinValue != nil && number < *p.MinValue:
		return fmt.Sprintf("is less than %v", *p.MinValue)
	case p.MaxValue != nil && number > *p.MaxValue:
		return fmt.Sprintf("is more than %v", *p.MaxValue)
	default:
		return ""
	}
}
