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
	// id is the logical id, name what it is called in AWS.
	id, name   string
	statements []iamsim.Statement
}

// assumed is the role as somebody bears it.
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

// Roles are the roles of a template, with their statements, sorted by their logical ids; nobody has assumed them. The error
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

// readRoles reads the roles with their inline policies. Policies that stand elsewhere could add a Deny to a role, so that they
// are refused and not passed over.
func readRoles(deployed *template.Stack) (roles, error) {
	all := make(roles)

	var problems []error

	for _, resource := range deployed.OfType("AWS::IAM::Role") {
		read := role{id: resource.LogicalID, name: resource.Name}

		if managed := resource.Properties["ManagedPolicyArns"]; managed != nil {
			problems = append(problems, fmt.Errorf("%s: managed policies are not known here, %v: write the statements into the role", read.id, managed))
		}

		inline, _ := resource.Properties["Policies"].([]any)
		for _, policy := range inline {
			statements, err := iamsim.Statements(text(within(policy, "PolicyName")), within(policy, "PolicyDocument"))
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", read.id, err))
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
