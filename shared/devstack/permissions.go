package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
)

// exampleKey is a customer key while a template is evaluated, which takes no placeholder for it.
const exampleKey = "arn:aws:kms:eu-central-1:000000000000:key/example"

// runPermissions is devstack permissions: who may do what by a template, as a table in Markdown on stdout. It has a line for
// each statement that there may be, and says which parameter brings it where one does.
func runPermissions(arguments []string, stdout, stderr io.Writer) error {
	var file string

	line := commandline.New("devstack permissions", stderr)
	templateOption(line, &file)

	if err := commandline.Options(line, arguments); err != nil {
		return err
	}

	source, err := template.Read(file)
	if err != nil {
		return err
	}

	// The parameters that bring statements, each with what else it asks for.
	options := map[string]map[string]string{
		"KmsKeyArn":                {"KmsKeyArn": exampleKey},
		"SubnetIds":                {"SubnetIds": "subnet-0", "SecurityGroupIds": "sg-0"},
		"ExportScheduleExpression": {"ExportScheduleExpression": "rate(1 day)"},
	}
	names := slices.Sorted(maps.Keys(options))

	// Evaluated with all of them, and without each.
	all, errEvaluate := statements(source, options, "")
	without := make(map[string][]granted)

	for _, name := range names {
		var err error
		without[name], err = statements(source, options, name)
		errEvaluate = errors.Join(errEvaluate, err)
	}

	if errEvaluate != nil {
		return errEvaluate
	}

	var table strings.Builder
	table.WriteString("| role | statement | actions | resource | condition |\n|---|---|---|---|---|\n")

	for _, s := range all {
		brought := slices.IndexFunc(names, func(name string) bool {
			return !slices.ContainsFunc(without[name], func(other granted) bool { return other.to == s.to && other.ID == s.ID })
		})
		if brought >= 0 {
			s.ID += ", with `" + names[brought] + "`"
		}

		table.WriteString(s.row())
	}

	if _, err := io.WriteString(stdout, strings.ReplaceAll(table.String(), exampleKey, "KmsKeyArn")); err != nil {
		return fmt.Errorf("print the permissions: %w", err)
	}

	return nil
}

// granted is a statement of a role, or of a policy for the roles of others.
type granted struct {
	iamsim.Statement

	to string
}

// statements are those of the roles, and then of the policies for other roles, with all options but one.
func statements(source *template.Template, options map[string]map[string]string, but string) (all []granted, err error) {
	parameters := map[string]string{"GenesysEnvironment": "mypurecloud.de"} // which no permission depends on
	for name, option := range options {
		if name != but {
			maps.Copy(parameters, option)
		}
	}

	deployed, err := source.Evaluate(template.Deployment{StackName: "STACK", Region: "REGION", Account: "ACCOUNT", Parameters: parameters})
	if err != nil {
		return nil, err
	}

	roles, err := stack.Roles(deployed)
	if err != nil {
		return nil, err
	}

	for _, policy := range deployed.OfType("AWS::IAM::ManagedPolicy") {
		read, err := iamsim.Statements(policy.LogicalID, policy.Properties["PolicyDocument"])
		if err != nil {
			return nil, err
		}

		roles = append(roles, iamsim.Role{Name: policy.LogicalID, Statements: read})
	}

	for _, role := range roles {
		for _, statement := range role.Statements {
			all = append(all, granted{statement, role.Name})
		}
	}

	return all, nil
}

func (g granted) row() string {
	actions := code(g.Actions, ", ")
	if g.Deny {
		actions = "**never** " + actions
	}

	conditions := make([]string, 0, len(g.Conditions))
	for _, c := range g.Conditions {
		conditions = append(conditions, "`"+c.Key+"` "+c.Operator+" "+code(c.Values, " or "))
	}

	return "| " + strings.Join([]string{g.to, g.ID, actions, code(g.Resources, ", "), strings.Join(conditions, "; ")}, " | ") + " |\n"
}

func code(all []string, between string) string { return "`" + strings.Join(all, "`"+between+"`") + "`" }
