package stack

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"genesys-cloud-export/shared/devstack/template"
)

// deployment is the template as it is deployed here.
type deployment struct {
	*template.Stack

	file string // the template's name, for errors
	// functions are the functions, in the order of their logical ids.
	functions []function
	roles     roles
}

// timeoutParameter is the template's for the timeout of export functions.
const timeoutParameter = "ExportTimeoutSeconds"

// deploy evaluates the template with the parameters that the stack sets, and those that its user adds.
func deploy(config Config, own map[string]string) (*deployment, error) {
	if config.Template == "" {
		return nil, errors.New("start the stack: no template is given")
	}

	source, err := template.Read(config.Template)
	if err != nil {
		return nil, err
	}

	own = maps.Clone(own)
	if accepts(source, config.Timeout) {
		own[timeoutParameter] = strconv.FormatInt(int64(config.Timeout/time.Second), 10)
	}

	for name, value := range config.Parameters {
		if _, taken := own[name]; taken {
			return nil, fmt.Errorf("start the stack: it sets the template's parameter %s itself", name)
		}

		own[name] = value
	}

	d := &deployment{file: filepath.Base(config.Template)}
	if d.Stack, err = source.Evaluate(template.Deployment{
		StackName: Name, Region: Region, Account: Account, Parameters: own, Local: true,
	}); err != nil {
		return nil, err
	}

	if d.roles, err = readRoles(d.Stack); err != nil {
		return nil, fmt.Errorf("read the roles of %s: %w", d.file, err)
	}

	if d.functions, err = readFunctions(d.Stack, d.roles); err != nil {
		return nil, fmt.Errorf("read the functions of %s: %w", d.file, err)
	}

	return d, nil
}

// accepts says whether the template's parameter can express a timeout.
func accepts(source *template.Template, timeout time.Duration) bool {
	all := source.Parameters()

	i := slices.IndexFunc(all, func(p template.Parameter) bool { return p.Name == timeoutParameter })
	if timeout == 0 || timeout%time.Second != 0 || i < 0 {
		return false
	}

	seconds := timeout.Seconds()

	return (all[i].MinValue == nil || seconds >= *all[i].MinValue) && (all[i].MaxValue == nil || seconds <= *all[i].MaxValue)
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
	}
	maps.Copy(parameters, organisation.parameters)

	return parameters
}

// output is a value that the template gives out.
func (d *deployment) output(name string) (string, error) {
	value, is := d.Outputs[name].Value.(string)
	if !is {
		return "", fmt.Errorf("%s has no output %s", d.file, name)
	}

	return value, nil
}
