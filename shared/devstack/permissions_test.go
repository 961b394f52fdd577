package main_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
)

// exampleKey is a customer key while the template is evaluated, which takes no placeholder for it.
const exampleKey = "arn:aws:kms:eu-central-1:000000000000:key/example"

// The table in functions/README.md has a row for each statement that there may be, and says which parameter brings it where one
// does.
func TestTheReadmeListsThePermissionsThatTheTemplateGrants(t *testing.T) {
	t.Parallel()

	// The parameters that bring statements, each with what else it asks for.
	options := map[string]map[string]string{
		"KmsKeyArn":                {"KmsKeyArn": exampleKey},
		"SubnetIds":                {"SubnetIds": "subnet-0", "SecurityGroupIds": "sg-0"},
		"ExportScheduleExpression": {"ExportScheduleExpression": "rate(1 day)"},
	}
	without := make(map[string][]statement)

	for name := range options {
		others := maps.Clone(options)
		delete(others, name)
		without[name] = statements(t, others)
	}

	rows := []string{"| role | statement | actions | resource | condition |", "|---|---|---|---|---|"}

	for _, s := range statements(t, options) {
		named := []string{s.ID}
		for _, name := range slices.Sorted(maps.Keys(options)) {
			if !slices.ContainsFunc(without[name], func(other statement) bool { return other.role == s.role && other.ID == s.ID }) {
				named = append(named, "with `"+name+"`")
			}
		}

		rows = append(rows, s.row(strings.Join(named, ", ")))
	}

	table := strings.ReplaceAll(strings.Join(append(rows, ""), "\n"), exampleKey, "KmsKeyArn")

	readme, err := os.ReadFile(filepath.Join("..", "..", "functions", "README.md"))
	if err != nil {
		t.Fatal(err)
	}

	_, rest, begun := strings.Cut(string(readme), "<!-- permissions -->\n")
	listed, _, ended := strings.Cut(rest, "<!-- /permissions -->\n")

	if !begun || !ended {
		t.Fatal("the README has no table between <!-- permissions --> and <!-- /permissions -->")
	}

	if diff := cmp.Diff(strings.Split(table, "\n"), strings.Split(listed, "\n")); diff != "" {
		t.Errorf("permissions (-granted +README), put this into the README:\n%s\n%s", table, diff)
	}
}

// statement is one of a role, or of a policy for other roles.
type statement struct {
	iamsim.Statement

	role string
}

// statements are those of the roles, and then of the policies for other roles, with these options.
func statements(t *testing.T, options map[string]map[string]string) (all []statement) {
	t.Helper()

	parameters := map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"} // which no permission depends on
	for _, option := range options {
		maps.Copy(parameters, option)
	}

	source, err := template.Read(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	deployed, err := source.Evaluate(template.Deployment{StackName: "STACK", Region: "REGION", Account: "ACCOUNT", Parameters: parameters})
	if err != nil {
		t.Fatal(err)
	}

	roles, err := stack.Roles(deployed)
	if err != nil {
		t.Fatal(err)
	}

	for _, policy := range deployed.OfType("AWS::IAM::ManagedPolicy") {
		read, err := iamsim.Statements(policy.LogicalID, policy.Properties["PolicyDocument"])
		if err != nil {
			t.Fatal(err)
		}

		roles = append(roles, iamsim.Role{Name: policy.LogicalID, Statements: read})
	}

	for _, role := range roles {
		for _, s := range role.Statements {
			all = append(all, statement{s, role.Name})
		}
	}

	return all
}

func (s statement) row(name string) string {
	code := func(all []string, between string) string { return "`" + strings.Join(all, "`"+between+"`") + "`" }

	actions := code(s.Actions, ", ")
	if s.Deny {
		actions = "**never** " + actions
	}

	conditions := make([]string, 0, len(s.Conditions))
	for _, c := range s.Conditions {
		conditions = append(conditions, "`"+c.Key+"` "+c.Operator+" "+code(c.Values, " or "))
	}

	return "| " + strings.Join([]string{s.role, name, actions, code(s.Resources, ", "), strings.Join(conditions, "; ")}, " | ") + " |"
}
