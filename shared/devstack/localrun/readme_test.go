package localrun_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/template"
)

// exampleKey is a customer key while the template is evaluated, which takes no placeholder for it.
const exampleKey = "arn:aws:kms:eu-central-1:000000000000:key/example"

// The table in functions/README.md has a row for each statement that there may be, and says which parameter brings it where one
// does.
func TestTheReadmeListsThePermissionsThatTheTemplateGrants(t *testing.T) {
	t.Parallel()
	without := make(map[string]map[string]iamsim.Statement)
	for _, option := range options() {
		_, without[option] = statements(t, option)
	}

	rows := []string{"| role | statement | actions | resource | condition |", "|---|---|---|---|---|"}
	names, all := statements(t, "")

	for _, name := range names {
		role, title, _ := strings.Cut(name, " ")
		titles := []string{title}

		for _, option := range options() {
			if _, there := without[option][name]; !there {
				titles = append(titles, "with `"+option+"`")
			}
		}

		rows = append(rows, row(role, strings.Join(titles, ", "), all[name]))
	}

	table := strings.ReplaceAll(strings.Join(append(rows, ""), "\n"), exampleKey, "KmsKeyArn")

	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "functions", "README.md"))
	if err != nil {
		t.Fatal(err)
	}

	_, rest, begun := strings.Cut(string(readme), "<!-- permissions -->\n")
	listed, _, ended := strings.Cut(rest, "<!-- /permissions -->\n")

	if diff := cmp.Diff(strings.Split(table, "\n"), strings.Split(listed, "\n")); diff != "" || !begun || !ended {
		t.Errorf("permissions (-granted +README), put this between <!-- permissions --> and <!-- /permissions -->:\n%s\n%s", table, diff)
	}
}

// options are the parameters that bring statements.
func options() []string { return []string{"ExportScheduleExpression", "KmsKeyArn", "SubnetIds"} }

// statements are those of the roles, and then of the policies for other roles, by "role statement" and in their order, with all
// options but one.
func statements(t *testing.T, but string) (names []string, all map[string]iamsim.Statement) {
	t.Helper()
	parameters := everything()
	parameters["KmsKeyArn"] = exampleKey
	delete(parameters, but)

	if but == "SubnetIds" {
		delete(parameters, "SecurityGroupIds")
	}

	evaluated, roles := deployed(t, template.Deployment{StackName: "STACK", Region: "REGION", Account: "ACCOUNT", Parameters: parameters})
	for _, policy := range evaluated.OfType("AWS::IAM::ManagedPolicy") {
		read, err := iamsim.Statements(policy.LogicalID, policy.Properties["PolicyDocument"])
		if err != nil {
			t.Fatal(err)
		}

		roles = append(roles, iamsim.Role{Name: policy.LogicalID, Statements: read})
	}

	all = make(map[string]iamsim.Statement)

	for _, role := range roles {
		for _, s := range role.Statements {
			names = append(names, role.Name+" "+s.ID)
			all[role.Name+" "+s.ID] = s
		}
	}

	return names, all
}

func row(role, titles string, s iamsim.Statement) string {
	code := func(all []string, between string) string { return "`" + strings.Join(all, "`"+between+"`") + "`" }

	actions := code(s.Actions, ", ")
	if s.Effect == "Deny" {
		actions = "**never** " + actions
	}

	var conditions []string
	for _, operator := range slices.Sorted(maps.Keys(s.Conditions)) {
		for _, key := range slices.Sorted(maps.Keys(s.Conditions[operator])) {
			conditions = append(conditions, "`"+key+"` "+operator+" "+code(s.Conditions[operator][key], " or "))
		}
	}

	return "| " + strings.Join([]string{role, titles, actions, code(s.Resources, ", "), strings.Join(conditions, "; ")}, " | ") + " |"
}
