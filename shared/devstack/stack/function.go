package stack

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/template"
)

// function is one of the template's.
type function struct {
	name        string // the local one
	resource    template.Resource
	role        iamsim.Role
	environment map[string]string
	timeout     time.Duration
	memoryMB    int
	concurrency int // reserved; 0 is none
}

func readFunctions(deployed *template.Stack, known roles) ([]function, error) {
	var (
		all      []function
		problems []error
	)

	for _, resource := range deployed.OfType("AWS::Serverless::Function") {
		f, err := readFunction(resource, known)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", resource.LogicalID, err))
		}

		all = append(all, f)
	}

	return all, errors.Join(problems...)
}

func readFunction(resource template.Resource, known roles) (function, error) {
	f := function{name: resource.Name, resource: resource, environment: make(map[string]string)}

	seconds, errTimeout := number(resource, "Timeout")
	memory, errMemory := number(resource, "MemorySize")
	concurrency, errConcurrency := number(resource, "ReservedConcurrentExecutions")
	role, errRole := known.find(text(resource.Properties["Role"]))

	f.timeout, f.memoryMB, f.concurrency = time.Duration(seconds)*time.Second, memory, concurrency
	f.role = role.assumed(f.name)

	variables, _ := within(resource.Properties, "Environment", "Variables").(map[string]any)
	for name, value := range variables {
		f.environment[name] = text(value)
	}

	// Lambda itself sets these, by the function's logging.
	f.environment["AWS_LAMBDA_LOG_FORMAT"] = text(within(resource.Properties, "LoggingConfig", "LogFormat"))
	f.environment["AWS_LAMBDA_LOG_LEVEL"] = text(within(resource.Properties, "LoggingConfig", "ApplicationLogLevel"))

	// The key says whose process it is. The secret one is none: nobody checks signatures.
	f.environment["AWS_ACCESS_KEY_ID"], f.environment["AWS_SECRET_ACCESS_KEY"] = f.name, f.name

	return f, errors.Join(errTimeout, errMemory, errConcurrency, errRole)
}

// local is the function as it runs here. What is set for every function wins over the template.
func (f function) local(config Config, variables map[string]string) lambdasim.Function {
	maps.Copy(f.environment, variables)
	maps.Copy(f.environment, config.Environment)

	// A timeout that the template's parameter could express stands in the template already.
	if config.Timeout != 0 && f.name != Rotator {
		f.timeout = config.Timeout
	}

	return lambdasim.Function{
		Name: f.name, Path: filepath.Join(config.Binaries, f.name, "bootstrap"), Timeout: f.timeout, MemoryMB: f.memoryMB,
		ReservedConcurrency: f.concurrency, Env: f.environment,
	}
}

// rate is an expression of a schedule that says how often.
var rate = regexp.MustCompile(`^rate\(([0-9]+) (minute|hour|day)s?\)$`)

// rotationEvery is how often the template's schedule runs the rotator, whether it is enabled or not.
func (d *deployment) rotationEvery() (time.Duration, error) {
	for _, f := range d.functions {
		for _, scheduled := range schedules(f.resource) {
			found := rate.FindStringSubmatch(text(scheduled["ScheduleExpression"]))
			if f.name != Rotator || found == nil {
				continue
			}

			count, err := strconv.Atoi(found[1])
			units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

			return time.Duration(count) * units[found[2]], err
		}
	}

	return 0, fmt.Errorf("%s has no schedule of the form rate(…) for the %s", d.file, Rotator)
}

// schedules are the properties of a function's schedules.
func schedules(resource template.Resource) []map[string]any {
	var all []map[string]any

	events, _ := resource.Properties["Events"].(map[string]any)
	for _, event := range events {
		declared, _ := event.(map[string]any)
		if properties, is := declared["Properties"].(map[string]any); is && declared["Type"] == "ScheduleV2" {
			all = append(all, properties)
		}
	}

	return all
}

// within is what lies under keys, one inside the other; nil where there is nothing.
func within(content any, keys ...string) any {
	for _, key := range keys {
		inner, _ := content.(map[string]any)
		content = inner[key]
	}

	return content
}

// text is a scalar as text, "" where there is none.
func text(content any) string {
	if content == nil {
		return ""
	}

	return fmt.Sprint(content)
}

// number is a whole number among a resource's properties, 0 where it says nothing.
func number(resource template.Resource, property string) (int, error) {
	given := text(resource.Properties[property])
	if given == "" {
		return 0, nil
	}

	value, err := strconv.Atoi(given)
	if err != nil {
		return 0, fmt.Errorf("%s is no whole number", property)
	}

	return value, nil
}
