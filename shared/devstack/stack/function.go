package stack

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/template"
)

// properties are those of a function that are needed.
type properties struct {
	Role                                              string
	Timeout, MemorySize, ReservedConcurrentExecutions number
	Environment                                       struct{ Variables map[string]any }
	LoggingConfig                                     struct{ LogFormat, ApplicationLogLevel string }
	Events                                            map[string]struct {
		Properties struct{ ScheduleExpression string }
	}
}

// number is a whole number, which is text where a parameter gives it.
type number int

// UnmarshalJSON reads it with quotes and without.
func (n *number) UnmarshalJSON(text []byte) error {
	value, err := strconv.Atoi(strings.Trim(string(text), `"`))
	*n = number(value)

	return err
}

// readFunctions reads the functions, and who they are by their access keys.
func (d *deployment) readFunctions() error {
	var problems []error
	for _, resource := range d.OfType("AWS::Serverless::Function") {
		if err := d.readFunction(resource); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", resource.LogicalID, err))
		}
	}

	return errors.Join(problems...)
}

func (d *deployment) readFunction(resource template.Resource) error {
	var p properties
	if err := decode(resource.Properties, &p); err != nil {
		return err
	}
	role, known := d.roles[path.Base(p.Role)]
	if !known {
		return fmt.Errorf("its role %q is none of the template's", p.Role)
	}
	f := lambdasim.Function{
		Name: resource.Name, Timeout: time.Duration(p.Timeout) * time.Second,
		MemoryMB: int(p.MemorySize), ReservedConcurrency: int(p.ReservedConcurrentExecutions),
		Env: map[string]string{
			// Lambda itself sets these, by the function's logging.
			"AWS_LAMBDA_LOG_FORMAT": p.LoggingConfig.LogFormat, "AWS_LAMBDA_LOG_LEVEL": p.LoggingConfig.ApplicationLogLevel,
			// The key says whose process it is. The secret one does not matter: nobody checks signatures.
			"AWS_ACCESS_KEY_ID": resource.Name, "AWS_SECRET_ACCESS_KEY": resource.Name,
		},
	}
	for name, value := range p.Environment.Variables {
		f.Env[name] = fmt.Sprint(value)
	}
	role.User = "arn:aws:sts::" + Account + ":assumed-role/" + path.Base(p.Role) + "/" + f.Name
	d.functions, d.byKey[f.Name] = append(d.functions, f), role
	if f.Name == Rotator {
		for _, event := range p.Events {
			d.rotationEvery = max(d.rotationEvery, every(event.Properties.ScheduleExpression))
		}
	}

	return nil
}

// rate is a schedule's expression that says how often.
var rate = regexp.MustCompile(`^rate\(([0-9]+) minutes?\)$`)

// every is how often a schedule runs, 0 where its expression is no rate in minutes.
func every(expression string) time.Duration {
	found := rate.FindStringSubmatch(expression)
	if found == nil {
		return 0
	}
	count, _ := strconv.Atoi(found[1]) // one that is too large is cut

	return time.Duration(count) * time.Minute
}

// configured are the functions as they run here. What is set for every function wins over the template.
func (d *deployment) configured(config Config, variables map[string]string) []lambdasim.Function {
	for i := range d.functions {
		f := &d.functions[i]
		f.Path = filepath.Join(config.Binaries, f.Name, "bootstrap")
		maps.Copy(f.Env, variables)
		maps.Copy(f.Env, config.Environment)
		if config.Timeout != 0 && f.Name != Rotator {
			f.Timeout = config.Timeout
		}
	}

	return d.functions
}
