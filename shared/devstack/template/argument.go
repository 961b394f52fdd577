package template

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// argumentsOf are the values of all parameters: the deployment's, else the defaults. Every value and every default is held
// to what its parameter allows.
func (t *Template) argumentsOf(d Deployment, found *problems) map[string]any {
	arguments := make(map[string]any, len(t.parameters))

	for _, parameter := range t.parameters {
		at := place{path: "Parameters"}.key(parameter.Name)

		if parameter.Default != nil {
			arguments[parameter.Name] = parameter.argument(*parameter.Default, at.key("Default"), found)
		}

		given, is := d.Parameters[parameter.Name]

		switch {
		case is:
			arguments[parameter.Name] = parameter.argument(given, at, found)
		case parameter.Default == nil:
			found.add(at, "needs a value: it has no default")
		}
	}

	for name := range d.Parameters {
		if !slices.ContainsFunc(t.parameters, func(p Parameter) bool { return p.Name == name }) {
			found.add(place{path: "Parameters"}.key(name), "is given a value, and the template has no such parameter")
		}
	}

	return arguments
}

// argument is what Ref of the parameter is, for a value as it is given.
func (p *Parameter) argument(given string, at place, found *problems) any {
	kind, isList := p.kind()

	if kind == "" {
		found.add(at, fmt.Sprintf("has the type %s, which is none that is decided here", p.Type))

		return given
	}

	items := []string{given}

	if isList {
		items = strings.Split(given, ",")
		for i := range items {
			items[i] = strings.TrimSpace(items[i])
		}
	}

	for _, item := range items {
		for _, text := range p.violations(kind, item) {
			found.add(at, text)
		}
	}

	if !isList {
		return given
	}

	list := []any{}
	for _, item := range items {
		if given != "" {
			list = append(list, item)
		}
	}

	return list
}

// kind is String, Number or the name of an AWS resource's id, "" where it is none of them; and whether it is a list of it.
// A type that reads its value from Parameter Store is none: the value is not in the deployment.
func (p *Parameter) kind() (kind string, isList bool) {
	kind = p.Type

	if kind == "CommaDelimitedList" {
		return "String", true
	}

	if inner, is := strings.CutPrefix(kind, "List<"); is && strings.HasSuffix(inner, ">") {
		kind, isList = strings.TrimSuffix(inner, ">"), true
	}

	switch {
	case kind == "String" && !isList, kind == "Number":
		return kind, isList
	case strings.HasPrefix(kind, "AWS::EC2::"), strings.HasPrefix(kind, "AWS::Route53::"), kind == "AWS::SSM::Parameter::Name":
		return kind, isList
	default:
		return "", false
	}
}

// violations say how one value, of a list one element, breaks the parameter's rules. They do not say the value where
// the parameter is NoEcho.
func (p *Parameter) violations(kind, given string) []string {
	shown := strconv.Quote(given)
	if p.NoEcho {
		shown = "the value (not shown)"
	}

	var all []string

	add := func(format string, arguments ...any) {
		text := shown + " " + fmt.Sprintf(format, arguments...)
		if p.ConstraintDescription != "" {
			text += " (" + p.ConstraintDescription + ")"
		}

		all = append(all, text)
	}

	if strings.HasPrefix(kind, "AWS::") && given == "" {
		add("is empty, and CloudFormation looks each of type %s up", p.Type)
	}

	if len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, given) {
		add("is none of %s", strings.Join(p.AllowedValues, ", "))
	}

	if p.AllowedPattern != "" {
		pattern, err := regexp.Compile(`\A(?:` + p.AllowedPattern + `)\z`)
		if err != nil {
			return append(all, "has an AllowedPattern that cannot be checked here: "+p.AllowedPattern)
		}

		if !pattern.MatchString(given) {
			add("does not match %s", p.AllowedPattern)
		}
	}

	if length := utf8.RuneCountInString(given); p.MinLength != nil && length < *p.MinLength ||
		p.MaxLength != nil && length > *p.MaxLength {
		add("has %d characters, which is out of bounds", length)
	}

	p.checkNumber(kind, given, add)

	return all
}

func (p *Parameter) checkNumber(kind, given string, add func(string, ...any)) {
	if kind != "Number" {
		return
	}

	number, err := strconv.ParseFloat(given, 64)

	switch {
	case err != nil:
		add("is no number")
	case p.MinValue != nil && number < *p.MinValue:
		add("is less than %v", *p.MinValue)
	case p.MaxValue != nil && number > *p.MaxValue:
		add("is more than %v", *p.MaxValue)
	}
}
