package stack

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/template"
)

// roles are all roles of the template, by what they are called in AWS.
type roles map[string]iamsim.Role

// assume is the role of an ARN as a session has it.
func (r roles) assume(arn, session string) (iamsim.Role, error) {
	name := path.Base(arn)

	role, known := r[name]
	if !known {
		return role, fmt.Errorf("its role %q is none of the template's", arn)
	}

	role.User = "arn:aws:sts::" + Account + ":assumed-role/" + name + "/" + session

	return role, nil
}

// Roles returns the roles of a template with their statements, sorted by their logical ids; nobody has assumed them. The error
// lists every policy that is not understood.
func Roles(deployed *template.Stack) ([]iamsim.Role, error) {
	read, err := readRoles(deployed)
	if err != nil {
		return nil, fmt.Errorf("read the roles: %w", err)
	}

	return slices.SortedFunc(maps.Values(read), func(a, b iamsim.Role) int { return strings.Compare(a.Name, b.Name) }), nil
}

// readRoles reads the roles with their inline policies. Policies elsewhere could add a Deny to a role, so that they are refused.
func readRoles(deployed *template.Stack) (roles, error) {
	all := make(roles)

	var problems []error

	for _, resource := range deployed.OfType("AWS::IAM::Role") {
		var properties struct {
			ManagedPolicyArns any
			Policies          []struct {
				PolicyName     string
				PolicyDocument any
			}
		}

		role := iamsim.Role{Name: resource.LogicalID}
		report := func(err error) { problems = append(problems, fmt.Errorf("%s: %w", role.Name, err)) }

		if err := decode(resource.Properties, &properties); err != nil {
			report(err)
		}

		if managed := properties.ManagedPolicyArns; managed != nil {
			report(fmt.Errorf("managed policies are not known here, %v: write the statements into the role", managed))
		}

		for _, policy := range properties.Policies {
			statements, err := iamsim.Statements(policy.PolicyName, policy.PolicyDocument)
			if err != nil {
				report(err)
			}

			role.Statements = append(role.Statements, statements...)
		}

		all[resource.Name] = role
	}

	for _, kind := range []string{"AWS::IAM::Policy", "AWS::IAM::RolePolicy"} {
		for _, resource := range deployed.OfType(kind) {
			problems = append(problems, fmt.Errorf("%s: policies of the type %s are not known here: write it into its role", resource.LogicalID, kind))
		}
	}

	return all, errors.Join(problems...)
}
