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

// exampleKey stands for a customer key while a template is evaluated, which takes no placeholder for it.
const exampleKey = "arn:aws:kms:eu-central-1:000000000000:key/example"

// runPermissions is devstack permissions: who may do what by a template, as a table in Markdown on stdout.
func runPermissions(arguments []string, stdout, stderr io.Writer) error {
	line := commandline.New("devstack permissions", stderr)
	file := line.String("template", defaultTemplate, "the template that says what the functions and their roles are")

	if err := commandline.Options(line, arguments); err != nil {
		return err
	}

	source, err := template.Read(*file)
	if err != nil {
		return err
	}

	table, err := permissionsTable(source)
	if err != nil {
		return err
	}

	if _, err := io.WriteString(stdout, table); err != nil {
		return fmt.Errorf("print the permissions: %w", err)
	}

	return nil
}

// grantee is a role, or a policy for the roles of others, with its statements.
type grantee struct {
	name       string
	statements []iamsim.Statement
}

// options are the parameters that bring statements of their own, each with those that belong to it.
func options() map[string]map[string]string {
	return map[string]map[string]string{
		"KmsKeyArn":                {"KmsKeyArn": exampleKey},
		"SubnetIds":                {"SubnetIds": "subnet-0", "SecurityGroupIds": "sg-0"},
		"ExportScheduleExpression": {"ExportScheduleExpression": "rate(1 day)"},
	}
}

// permissionsTable has a line for each statement that there may be, and says which parameter brings it where one does.
func permissionsTable(source *template.Template) (string, error) {
	always, err := grantees(source, nil)
	if err != nil {
		return "", err
	}

	every := make(map[string]string)
	brings := make(map[string]string) // by role and statement

	for _, option := range slices.Sorted(maps.Keys(options())) {
		maps.Copy(every, options()[option])

		with, err := grantees(source, options()[option])
		if err != nil {
			return "", err
		}

		for _, key := range keys(with) {
			brings[key] = option
		}
	}

	for _, key := range keys(always) {
		brings[key] = ""
	}

	all, err := grantees(source, every)
	if err != nil {
		return "", err
	}

	var table strings.Builder
	table.WriteString("| role | statement | actions | resource | condition |\n|---|---|---|---|---|\n")

	for _, g := range all {
		for _, s := range g.statements {
			table.WriteString(row(g.name, s, brings[g.name+" "+s.ID]))
		}
	}

	return strings.ReplaceAll(table.String(), exampleKey, "KmsKeyArn"), nil
}

// grantees are the roles, and then the policies that the template makes for other roles.
func grantees(source *template.Template, parameters map[string]string) ([]grantee, error) {
	given := map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"} // which no permission depends on
	maps.Copy(given, parameters)

	deployed, err := source.Evaluate(template.Deployment{StackName: "STACK", Region: "REGION", Account: "ACCOUNT", Parameters: given})
	if err != nil {
		return nil, err
	}

	roles, err := stack.Roles(deployed)
	if err != nil {
		return nil, err
	}

	var all []grantee
	for _, role := range roles {
		all = append(all, grantee{role.Name, role.Statements})
	}

	var problems []error

	for _, policy := range deployed.OfType("AWS::IAM::ManagedPolicy") {
		statements, err := iamsim.Statements(policy.LogicalID, policy.Properties["PolicyDocument"])
		problems = append(problems, err)
		all = append(all, grantee{policy.LogicalID, statements})
	}

	return all, errors.Join(problems...)
}

func keys(all []grantee) []string {
	var found []string

	for _, g := range all {
		for _, s := range g.statements {
			found = append(found, g.name+" "+s.ID)
		}
	}

	return found
}

func row(name string, s iamsim.Statement, option string) string {
	statement := s.ID
	if option != "" {
		statement += ", with `" + option + "`"
	}

	actions := code(s.Actions, ", ")
	if s.Deny {
		actions = "**never** " + actions
	}

	conditions := make([]string, 0, len(s.Conditions))
	for _, c := range s.Conditions {
		conditions = append(conditions, "`"+c.Key+"` "+c.Operator+" "+code(c.Values, " or "))
	}

	return "| " + strings.Join([]string{name, statement, actions, code(s.Resources, ", "), strings.Join(conditions, "; ")}, " | ") + " |\n"
}

func code(all []string, between string) string { return "`" + strings.Join(all, "`"+between+"`") + "`" }
