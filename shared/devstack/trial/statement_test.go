package trial_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
)

// find is the node under a key of a map.
func find(t *testing.T, node *yaml.Node, key string) *yaml.Node {
	t.Helper()

	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}

	t.Fatalf("the template has no %s", key)

	return nil
}

// statementList is the list of a role's statements, and the document that it stands in.
func statementList(t *testing.T, role string) (document, list *yaml.Node) {
	t.Helper()

	text, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	document = new(yaml.Node)
	if err := yaml.Unmarshal(text, document); err != nil {
		t.Fatal(err)
	}

	policies := find(t, find(t, find(t, find(t, document.Content[0], "Resources"), role), "Properties"), "Policies")
	if len(policies.Content) != 1 {
		t.Fatalf("%s has %d policies, and this test knows one", role, len(policies.Content))
	}

	return document, find(t, find(t, policies.Content[0], "PolicyDocument"), "Statement")
}

// statement is one of a role's, as the template has it.
type statement struct {
	id      string
	actions []string
	bound   bool // to one of the template's conditions
}

func readStatement(t *testing.T, element *yaml.Node) statement {
	t.Helper()

	var read statement
	if element.Tag == "!If" {
		read.bound, element = true, element.Content[1]
	}

	read.id = find(t, element, "Sid").Value

	actions := find(t, element, "Action")
	if actions.Kind == yaml.ScalarNode {
		read.actions = []string{actions.Value}
	}

	for _, action := range actions.Content {
		read.actions = append(read.actions, action.Value)
	}

	return read
}

// statements are a role's in a deployment. Those that are bound to a condition are for a key or a VPC.
func statements(t *testing.T, role string, parameters map[string]string) []statement {
	t.Helper()

	_, list := statementList(t, role)

	var all []statement
	for _, element := range list.Content {
		if read := readStatement(t, element); !read.bound || len(parameters) > 0 {
			all = append(all, read)
		}
	}

	return all
}

// without writes the template without one statement, and returns the file's name.
func without(t *testing.T, role, id string) string {
	t.Helper()

	document, list := statementList(t, role)
	list.Content = slices.DeleteFunc(list.Content, func(element *yaml.Node) bool { return readStatement(t, element).id == id })

	text, err := yaml.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}

	name := filepath.Join(t.TempDir(), "template.yaml")
	write(t, name, string(text))

	return name
}
