package deployment_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/template"
)

// machine is as much of the state machine's definition as these tests look at.
type machine struct {
	States map[string]state
}

type state struct {
	TimeoutSeconds int
	Result         json.RawMessage
	Choices        []struct{ StringEquals, Next string }
}

func definition(t *testing.T) (machine, string) {
	t.Helper()

	content, err := os.ReadFile(definitionFile)
	if err != nil {
		t.Fatal(err)
	}

	var m machine
	if err := json.Unmarshal(content, &m); err != nil {
		t.Fatal(err)
	}

	return m, string(content)
}

// workflow is the state machine's resource.
func workflow(t *testing.T, of *template.Stack) template.Resource {
	t.Helper()

	machines := of.OfType("AWS::Serverless::StateMachine")
	if len(machines) != 1 {
		t.Fatalf("the template has %d state machines, and these tests know one", len(machines))
	}

	return machines[0]
}

func TestTheDefinitionsSubstitutionsAreJustTheTemplates(t *testing.T) {
	t.Parallel()

	resource := workflow(t, deployed(t, "prod", nil))
	if file := text(t, resource.Properties, "DefinitionUri"); "../../../"+file != definitionFile {
		t.Errorf("the template's definition is %s, and these tests look at %s", file, definitionFile)
	}

	_, content := definition(t)

	var asked []string
	for _, match := range regexp.MustCompile(`\$\{([^}]*)\}`).FindAllStringSubmatch(content, -1) {
		asked = append(asked, match[1])
	}

	slices.Sort(asked)

	given, _ := resource.Properties["DefinitionSubstitutions"].(map[string]any)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(given)), slices.Compact(asked)); diff != "" {
		t.Errorf("substitutions (-given by the template +asked for by the definition):\n%s", diff)
	}
}

func TestTheStateMachineKnowsJustTheListingsThatAreExported(t *testing.T) {
	t.Parallel()

	m, _ := definition(t)

	var known []string

	for _, choice := range m.States["Which listing?"].Choices {
		known = append(known, choice.StringEquals)

		function := "Export" + strings.ToUpper(choice.StringEquals[:1]) + choice.StringEquals[1:] + "Function"
		if !strings.Contains(string(m.States[choice.Next].Result), "${"+function+"}") {
			t.Errorf("%s, to which %s leads, does not choose ${%s}", choice.Next, choice.StringEquals, function)
		}
	}

	var exported []string

	for _, function := range deployed(t, "prod", nil).OfType("AWS::Serverless::Function") {
		if listing, is := strings.CutPrefix(function.LogicalID, "Export"); is {
			exported = append(exported, strings.ToLower(listing))
		}
	}

	slices.Sort(known)
	slices.Sort(exported)

	if diff := cmp.Diff(exported, known); diff != "" || len(known) == 0 {
		t.Errorf("listings (-functions of the template +known to the state machine):\n%s", diff)
	}
}

// parameter is a parameter of the template that has to be there.
func parameter(t *testing.T, name string) template.Parameter {
	t.Helper()

	all := source(t).Parameters()

	i := slices.IndexFunc(all, func(p template.Parameter) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("the template has no parameter %s", name)
	}

	return all[i]
}

// Where a task is given up before the function is, the next attempt finds the export busy.
func TestTheStateMachineOutwaitsTheLongestTimeoutOfEveryFunction(t *testing.T) {
	t.Parallel()

	m, _ := definition(t)
	longest := parameter(t, "ExportTimeoutSeconds").MaxValue

	if longest == nil || float64(m.States["Export"].TimeoutSeconds) <= *longest {
		t.Errorf("Export waits %d seconds, and the function may be given %v", m.States["Export"].TimeoutSeconds, longest)
	}

	rotator := number(t, deployed(t, "prod", nil).Resources["Rotator"].Properties, "Timeout")
	if m.States["Refresh the token"].TimeoutSeconds <= rotator {
		t.Errorf("Refresh the token waits %d seconds, and the rotator has %d", m.States["Refresh the token"].TimeoutSeconds, rotator)
	}
}

func TestTheMostPassesAreThoseThatTheHistoryWasReckonedFor(t *testing.T) {
	t.Parallel()

	reckoning, err := os.ReadFile("../../workflow/workflow_test.go")
	if err != nil {
		t.Fatal(err)
	}

	found := regexp.MustCompile(`(?m)^\tmaxPasses = (\d+)$`).FindSubmatch(reckoning)
	if found == nil {
		t.Fatal("the tests of the definition say nothing of maxPasses any more")
	}

	passes := parameter(t, "WorkflowMaxPasses")
	if passes.MaxValue == nil || strconv.FormatFloat(*passes.MaxValue, 'f', -1, 64) != string(found[1]) {
		t.Errorf("WorkflowMaxPasses may be %v, and the history was reckoned for %s", passes.MaxValue, found[1])
	}
}
