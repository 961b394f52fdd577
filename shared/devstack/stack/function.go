package stack

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"time"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/template"
)

// function is one of the template's.
type function struct {
	functionProperties

	role iamsim.Role
	// local is the function as it runs here, but for what the stack's configuration says.
	local lambdasim.Function
}

// functionProperties are those that are needed. A number is text where a parameter gives it.
type functionProperties struct {
	FunctionName, Role                                string
	Timeout, MemorySize, ReservedConcurrentExecutions any
	Environment                                       struct{ Variables map[string]any }
	LoggingConfig                                     struct{ LogGroup, LogFormat, ApplicationLogLevel string }
	Tracing                                           string
	VpcConfig                                         any
	EventInvokeConfig                                 struct {
		DestinationConfig struct{ OnFailure struct{ Destination string } }
	}
	Events map[string]struct {
		Type       string
		Properties schedule
	}
}

// schedule is one of a function's, or the target of a schedule that is a resource.
type schedule struct {
	ScheduleExpression, Arn, RoleArn string
	DeadLetterConfig                 struct{ Arn string }
}

func (d *deployment) readFunctions() error {
	var problems []error

	for _, resource := range d.OfType("AWS::Serverless::Function") {
		f, err := readFunction(resource, d.roles)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", resource.LogicalID, err))
		}

		d.functions = append(d.functions, f)
	}

	return errors.Join(problems...)
}

func readFunction(resource template.Resource, known roles) (f function, err error) {
	if err := decode(resource.Properties, &f.functionProperties); err != nil {
		return f, err
	}

	seconds, errTimeout := whole("Timeout", f.Timeout)
	memory, errMemory := whole("MemorySize", f.MemorySize)
	concurrency, errConcurrency := whole("ReservedConcurrentExecutions", f.ReservedConcurrentExecutions)
	role, errRole := known.assume(f.Role, resource.Name)

	f.role = role
	f.local = lambdasim.Function{
		Name: resource.Name, Timeout: time.Duration(seconds) * time.Second, MemoryMB: memory, ReservedConcurrency: concurrency,
		Env: map[string]string{
			// Lambda itself sets these, by the function's logging.
			"AWS_LAMBDA_LOG_FORMAT": f.LoggingConfig.LogFormat, "AWS_LAMBDA_LOG_LEVEL": f.LoggingConfig.ApplicationLogLevel,
			// The key says whose process it is. The secret one does not matter: nobody checks signatures.
			"AWS_ACCESS_KEY_ID": resource.Name, "AWS_SECRET_ACCESS_KEY": resource.Name,
		},
	}

	for name, value := range f.Environment.Variables {
		f.local.Env[name] = fmt.Sprint(value)
	}

	return f, errors.Join(errTimeout, errMemory, errConcurrency, errRole)
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

// configured is the function as it runs here. What is set for every function wins over the template.
func (f function) configured(config Config, variables map[string]string) lambdasim.Function {
	local := f.local
	local.Path = filepath.Join(config.Binaries, local.Name, "bootstrap")
	maps.Copy(local.Env, variables)
	maps.Copy(local.Env, config.Environment)

	if config.Timeout != 0 && local.Name != Rotator {
		local.Timeout = config.Timeout
	}

	return local
}
