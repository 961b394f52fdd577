package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/template"
)

// deployment is the template as it is deployed here.
type deployment struct {
	*template.Stack

	file      string     // the template's name, for errors
	functions []function // sorted by their logical ids
	roles     roles
}

// deploy evaluates the template with the parameters that the stack sets, and those of the configuration.
func deploy(config Config, parameters map[string]string) (*deployment, error) {
	if config.Template == "" {
		return nil, errors.New("start the stack: no template is given")
	}

	source, err := template.Read(config.Template)
	if err != nil {
		return nil, err
	}

	for name := range config.Parameters {
		if _, taken := parameters[name]; taken {
			return nil, fmt.Errorf("start the stack: it sets the template's parameter %s itself", name)
		}
	}

	maps.Copy(parameters, config.Parameters)

	d := &deployment{file: filepath.Base(config.Template)}
	if d.Stack, err = source.Evaluate(template.Deployment{
		StackName: Name, Region: Region, Account: Account, Parameters: parameters, Local: true,
	}); err != nil {
		return nil, err
	}

	if d.roles, err = readRoles(d.Stack); err != nil {
		return nil, fmt.Errorf("read the roles of %s: %w", d.file, err)
	}

	if err := d.readFunctions(); err != nil {
		return nil, fmt.Errorf("read the functions of %s: %w", d.file, err)
	}

	return d, nil
}

// parameters are those of the template that the stack sets.
func (s *Stack) parameters(organisation access, secretARN string) map[string]string {
	architecture := "x86_64"
	if runtime.GOARCH == "arm64" {
		architecture = "arm64"
	}

	parameters := map[string]string{
		"AwsEndpointUrl":       s.AWSURL,
		"ExportBucketName":     Bucket,
		"ExportPrefix":         Prefix,
		"CredentialsSecretArn": secretARN,
		"Architecture":         architecture,
		"RunbookUrl":           "https://example.com/runbook", // no alarm rings here
	}
	maps.Copy(parameters, organisation.parameters)

	return parameters
}

// guard knows the functions by their access keys.
func (d *deployment) guard() *iamsim.Guard {
	byKey := make(map[string]iamsim.Role)
	for _, f := range d.functions {
		byKey[f.local.Name] = f.role
	}

	return iamsim.New(iamsim.Config{Roles: byKey, Region: Region, Account: Account, KeyARN: d.Parameters["KmsKeyArn"]})
}

// tokenParameter is the name of the parameter with the token, which the template gives out.
func (d *deployment) tokenParameter() (string, error) {
	value, is := d.Outputs["TokenParameterName"].Value.(string)
	if !is {
		return "", fmt.Errorf("%s has no output TokenParameterName", d.file)
	}

	return value, nil
}

// rate is an expression of a schedule that says how often.
var rate = regexp.MustCompile(`^rate\(([0-9]+) (minute|hour|day)s?\)$`)

// rotationEvery is how often the template's schedule runs the rotator, whether it is enabled or not.
func (d *deployment) rotationEvery() (time.Duration, error) {
	for _, f := range d.functions {
		for _, event := range f.Events {
			found := rate.FindStringSubmatch(event.Properties.ScheduleExpression)
			if f.local.Name != Rotator || found == nil {
				continue
			}

			count, err := strconv.Atoi(found[1])
			units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

			return time.Duration(count) * units[found[2]], err
		}
	}

	return 0, fmt.Errorf("%s has no schedule of the form rate(…) for the %s", d.file, Rotator)
}

// decode reads properties of a resource into a struct of those that are needed.
func decode(properties, into any) error {
	text, err := json.Marshal(properties)
	if err == nil {
		err = json.Unmarshal(text, into)
	}

	if err != nil {
		return fmt.Errorf("read the properties: %w", err)
	}

	return nil
}
