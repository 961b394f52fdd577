package stack

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/template"
)

// properties are those of a function that are needed. A number is text where a parameter gives it.
type properties struct {
	Role                                              string
	Timeout, MemorySize, ReservedConcurrentExecutions any
	Environment                                       struct{ Variables map[string]any }
	LoggingConfig                                     struct{ LogFormat, ApplicationLogLevel string }
	Events                                            map[string]struct {
		Properties struct{ ScheduleExpression string }
	}
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

	seconds, errTimeout := whole("Timeout", p.Timeout)
	memory, errMemory := whole("MemorySize", p.MemorySize)
	concurrency, errConcurrency := whole("ReservedConcurrentExecutions", p.ReservedConcurrentExecutions)
	f := lambdasim.Function{
		Name: resource.Name, Timeout: time.Duration(seconds) * time.Second, MemoryMB: memory, ReservedConcurrency: concurrency,
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

	role, known := d.roles[path.Base(p.Role)]
	if !known {
		return fmt.Errorf("its role %q is none of the template's", p.Role)
	}

	role.User = "arn:aws:sts::" + Account + ":assumed-role/" + path.Base(p.Role) + "/" + f.Name
	d.functions, d.byKey[f.Name] = append(d.functions, f), role

	if f.Name == Rotator {
		for _, event := range p.Events {
			d.rotationEvery = max(d.rotationEvery, every(event.Properties.ScheduleExpression))
		}
	}

	return errors.Join(errTimeout, errMemory, errConcurrency)
}

// whole is a whole number, 0 where the template says nothing.
func whole(property string, value any) (int, error) {
	if value == nil {
		return 0, nil
	}

	number, err := strconv.Atoi(fmt.Sprint(value))
	if err != nil {
		return 0, fmt.Errorf("%s is no whole number", property)
	}

	return number, nil
}

// rate is an expression of a schedule that says how often.
var rate = regexp.MustCompile(`^rate\(([0-9]+) (minute|hour|day)s?\)$`)

// every is how often a schedule runs, 0 where its expression is no rate.
func every(expression string) time.Duration {
	found := rate.FindStringSubmatch(expression)
	if found == nil {
		return 0
	}

	count, _ := strconv.Atoi(found[1]) // one that is too large is cut

	return time.Duration(count) * map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[found[2]]
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
