package stack

import (
	"errors"
	"fmt"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/template"
)

// Roles returns the roles of a template with their inline policies, by what they are called in AWS; nobody has assumed them. The error
// lists every policy that is not understood. One that stands elsewhere could add a Deny to a role, and is refused.
func Roles(deployed *template.Stack) (map[string]iamsim.Role, error) {
	all := make(map[string]iamsim.Role)
	var problems []error
	for _, resource := range deployed.OfType("AWS::IAM::Role") {
		statements, err := readStatements(resource)
		if err != nil {
			problems = append(problems, fmt.Errorf("read the role %s: %w", resource.LogicalID, err))
		}
		all[resource.Name] = iamsim.Role{Name: resource.LogicalID, Statements: statements}
	}
	for _, kind := range []string{"AWS::IAM::Policy", "AWS::IAM::RolePolicy"} {
		for _, resource := range deployed.OfType(kind) {
			problems = append(problems, fmt.Errorf("%s: policies of the type %s are not known here: write it into its role", resource.LogicalID, kind))
		}
	}

	return all, errors.Join(problems...)
}

func readStatements(role template.Resource) (all []iamsim.Statement, err error) {
	var properties struct {
		ManagedPolicyArns any
		Policies          []struct {
			PolicyName     string
			PolicyDocument any
		}
	}
	if err := decode(role.Properties, &properties); err != nil {
		return nil, err
	}
	var problems []error
	if managed := properties.ManagedPolicyArns; managed != nil {
		problems = append(problems, fmt.Errorf("managed policies are not known here, %v: write the statements into the role", managed))
	}
	for _, policy := range properties.Policies {
		statements, err := iamsim.Statements(policy.PolicyName, policy.PolicyDocument)
		all, problems = append(all, statements...), append(problems, err)
	}

	return all, errors.Join(problems...)
}
