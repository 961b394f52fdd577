package stack

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/go-json-experiment/json"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/lambdasim"
	"genesys-cloud-export/shared/devstack/template"
)

// deployment is the template as it is deployed here.
type deployment struct {
	*template.Stack

	roles     map[string]iamsim.Role // by what they are called in AWS
	functions []lambdasim.Function   // sorted by their logical ids; they lack what the stack's configuration says
	byKey     map[string]iamsim.Role // the functions' roles, by access key

	tokenParameter string
	rotationEvery  time.Duration
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
	d := &deployment{byKey: make(map[string]iamsim.Role)}
	if d.Stack, err = source.Evaluate(template.Deployment{
		StackName: Name, Region: Region, Account: Account, Parameters: parameters, Local: true,
	}); err != nil {
		return nil, err
	}
	var errRoles, errToken, errSchedule error
	d.roles, errRoles = Roles(d.Stack)
	errFunctions := d.readFunctions()
	if d.tokenParameter, _ = d.Outputs["TokenParameterName"].Value.(string); d.tokenParameter == "" {
		errToken = errors.New("there is no output TokenParameterName")
	}
	if d.rotationEvery == 0 {
		errSchedule = errors.New("there is no schedule of the form rate(… minutes) for the " + Rotator)
	}
	if err := errors.Join(errRoles, errFunctions, errToken, errSchedule); err != nil {
		return nil, fmt.Errorf("read %s: %w", config.Template, err)
	}

	return d, nil
}

// parameters are those of the template that the stack sets.
func (s *Stack) parameters(organisation access, secretARN string) map[string]string {
	parameters := map[string]string{
		"AwsEndpointUrl":       s.AWSURL,
		"ExportBucketName":     Bucket,
		"ExportPrefix":         Prefix,
		"CredentialsSecretArn": secretARN,
		"RunbookUrl":           "https://example.com/runbook", // no alarm rings here
	}
	maps.Copy(parameters, organisation.parameters)

	return parameters
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
