// Package settings reads a function's environment variables into a struct, once, and reports every problem at once. No
// secret is ever among them.
package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"

	"github.com/caarlos0/env/v11"
)

// Validator says what is wrong with parsed settings, one text a problem that begins with the variable's name.
type Validator interface {
	Validate() []string
}

// Load reads environ ("NAME=value" each) into settings, a pointer to a struct with env tags. All problems, of form and of
// sense, are one failure of kind InvalidConfiguration.
func Load(settings Validator, environ []string) error {
	variables := env.ToMap(environ)
	for name, value := range variables {
		if value == "" {
			delete(variables, name) // SAM passes an optional parameter that is not given as an empty string
		}
	}

	var problems []string

	if err := env.ParseWithOptions(settings, env.Options{Environment: variables}); err != nil {
		problems = formProblems(settings, err)
	}

	for _, problem := range settings.Validate() {
		// What could not be parsed is one problem, and its zero value is no second one.
		name, _, _ := strings.Cut(problem, " ")
		if !slices.ContainsFunc(problems, func(known string) bool { return strings.HasPrefix(known, name+" ") }) {
			problems = append(problems, problem)
		}
	}

	if len(problems) == 0 {
		return nil
	}

	slices.Sort(problems)

	return failure.New(failure.InvalidConfiguration, "the function's environment variables are wrong: %s", strings.Join(problems, "; "))
}

// MemoryLimit is what to set Go's soft memory limit to inside a function, in bytes: half of what Lambda says it has, as the
// rest is the binary's, the kernel's and slack. It is 0 where the environment does not say.
func MemoryLimit(environ []string) int64 {
	megabytes, err := strconv.ParseInt(env.ToMap(environ)["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], 10, 32)
	if err != nil || megabytes <= 0 {
		return 0
	}

	return megabytes << 20 / 2
}

// formProblems turns the library's errors, which name Go fields, into ones that name variables.
func formProblems(settings any, err error) []string {
	all := []error{err}

	if several, ok := errors.AsType[env.AggregateError](err); ok {
		all = several.Errors
	}

	problems := make([]string, 0, len(all))
	for _, one := range all {
		problem := "a variable cannot be read"
		if unparsed, ok := errors.AsType[env.ParseError](one); ok {
			field, _ := reflect.TypeOf(settings).Elem().FieldByName(unparsed.Name)
			name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
			problem = name + " is not a whole number"
		} else if unset, ok := errors.AsType[env.VarIsNotSetError](one); ok {
			problem = unset.Key + " is not set"
		}

		problems = append(problems, problem)
	}

	return problems
}

// Common is what every function reads.
type Common struct {
	GenesysEnvironment string `env:"GENESYS_ENVIRONMENT"`
	GenesysAPIURL      string `env:"GENESYS_API_URL"`
	TokenParameterName string `env:"TOKEN_PARAMETER_NAME,required"`
	StackName          string `env:"STACK_NAME" envDefault:"local"`
}

// Validate implements [Validator] for the variables of every function. That the environment is given is the function's
// own rule, since it depends on the addresses that the function uses.
func (c *Common) Validate() []string {
	var problems []string

	if c.GenesysEnvironment != "" {
		if _, err := genesys.Domain(c.GenesysEnvironment); err != nil {
			problems = append(problems, fmt.Sprintf("GENESYS_ENVIRONMENT is unknown: %v", err))
		}
	}

	problems = append(problems, CheckURL("GENESYS_API_URL", c.GenesysAPIURL)...)

	// SSM's rules: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
	name, slash := strings.CutPrefix(c.TokenParameterName, "/")
	if c.TokenParameterName != "" && (strings.Count(c.TokenParameterName, "/") > 15 || !slash || !charset.Each(name, "/", charset.Alphanumeric+"_.-", "")) {
		problems = append(problems, "TOKEN_PARAMETER_NAME is not an SSM name with a leading slash, such as /genesys/token")
	}

	return problems
}

// Domain is the environment's domain, and "" where none is given.
func (c *Common) Domain() string {
	domain, _ := genesys.Domain(c.GenesysEnvironment) // Validate has refused what is unknown

	return domain
}

// API is the address of the API: the override, else the environment's.
func (c *Common) API() *url.URL {
	parsed, _ := genesys.ParseURL(cmp.Or(c.GenesysAPIURL, genesys.APIURL(c.Domain()))) // Validate has refused what is none

	return parsed
}

// CheckURL says what is wrong with an address override; an empty one is none.
func CheckURL(name, value string) []string {
	if value == "" {
		return nil
	}

	if _, err := genesys.ParseURL(value); err != nil {
		return []string{fmt.Sprintf("%s is not usable: %v", name, err)}
	}

	return nil
}

// CheckRange says that a number is outside its bounds.
func CheckRange(name string, value, least, most int) []string {
	if value < least || value > most {
		return []string{fmt.Sprintf("%s must be from %d to %d", name, least, most)}
	}

	return nil
}
