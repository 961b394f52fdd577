package stack

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/template"
)

// role is one of the template's.
type role struct {
	id, name   string // the logical id, and what it is called in AWS
	statements []iamsim.Statement
}

// assumed is the role as a session has it.
func (r role) assumed(session string) iamsim.Role {
	return iamsim.Role{
		Name: r.id, User: "arn:aws:sts::" + Account + ":assumed-role/" + r.name + "/" + session, Statements: r.statements,
	}
}

// roles are all roles of the template, by name.
type roles map[string]role

// find finds a role by its ARN.
func (r roles) find(arn string) (role, error) {
	found, known := r[path.Base(arn)]
	if !known {
		return role{}, fmt.Errorf("its role %q is none of the template's", arn)
	}

	return found, nil
}

// Roles returns the roles of a template with their statements, sorted by their logical ids; nobody has assumed them. The error
// lists every policy that is not understood.
func Roles(deployed *template.Stack) ([]iamsim.Role, error) {
	read, err := readRoles(deployed)
	if err != nil {
		return nil, fmt.Errorf("read the roles: %w", err)
	}

	all := make([]iamsim.Role, 0, len(read))
	for _, r := range read {
		all = append(all, iamsim.Role{Name: r.id, Statements: r.statements})
	}

	slices.SortFunc(all, func(a, b iamsim.Role) int { return strings.Compare(a.Name, b.Name) })

	return all, nil
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

		read := role{id: resource.LogicalID, name: resource.Name}
		report := func(err error) { problems = append(problems, fmt.Errorf("%s: %w", read.id, err)) }

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

			read.statements = append(read.statements, statements...)
		}

		all[read.name] = read
	}

	for _, kind := range []string{"AWS::IAM::Policy", "AWS::IAM::RolePolicy"} {
		for _, resource := range deployed.OfType(kind) {
			problems = append(problems, fmt.Errorf("%s: policies of the type %s are not known here: write it into its role", resource.LogicalID, kind))
		}
	}

	return all, errors.Join(problems...)
}
