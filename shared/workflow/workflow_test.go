// Package workflow_test compares the state machine's definition, export.asl.json, with what it is built on: the functions' error
// types, and the limits of Step Functions. What it does is seen where it is executed, in .ci/deploy/workflow.py.
package workflow_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/template"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"

	"github.com/google/go-cmp/cmp"
)

// maxEvents is what an execution's history takes: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const maxEvents = 25_000

// eachListing is the state whose iterations export the listings, each by children.
const eachListing = "Each listing"

// deployed is the stack with its defaults, and what its parameters may be at most.
func deployed(t *testing.T) (stack *template.Stack, most map[string]float64) {
	t.Helper()

	source, err := template.Read("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}

	most = make(map[string]float64)
	for _, parameter := range source.Parameters() {
		if parameter.MaxValue != nil {
			most[parameter.Name] = *parameter.MaxValue
		}
	}

	stack, err = source.Evaluate(template.Deployment{Parameters: map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"}})
	if err != nil {
		t.Fatal(err)
	}

	return stack, most
}

// A listing that is in neither of the two states is not among all; one that is in the first alone has its options ignored.
func TestAllAreTheListingsThatTheFunctionsExport(t *testing.T) {
	t.Parallel()

	m := read(t)

	var lined, want []string
	for _, line := range m.States["Line them up"].Parameters.Listings {
		lined = append(lined, line.Listing)
	}

	for _, definition := range slices.Concat([]genesys.Definition{genesys.Users("")}, genesys.Directory(), genesys.Histories()) {
		want = append(want, definition.Name)
	}

	optional := slices.Sorted(maps.Keys(m.States["No options"].Result))
	if diff := cmp.Diff(want, lined) + cmp.Diff(slices.Sorted(slices.Values(want)), optional); diff != "" {
		t.Errorf("listings (-of the functions +in Line them up, and in No options):\n%s", diff)
	}

	var histories []string
	for _, definition := range genesys.Histories() {
		histories = append(histories, definition.Name)
	}

	for _, choice := range m.States["Which listing?"].Choices {
		for i, one := range choice.Or {
			if m.States[choice.Next].Parameters.Function != "${Functions}-export-history" || one.Equals != histories[i] {
				t.Errorf("%s is exported by %s", one.Equals, choice.Next)
			}
		}
	}
}

func TestEveryExporterOfTheTemplateIsInvoked(t *testing.T) {
	t.Parallel()

	m := read(t)
	stack, _ := deployed(t)
	which := m.States["Which listing?"]

	known, exported := []string{m.States[which.Default].Parameters.Function}, []string(nil)

	for _, choice := range which.Choices {
		known = append(known, m.States[choice.Next].Parameters.Function)
	}

	for _, function := range stack.OfType("AWS::Serverless::Function") {
		name, _ := function.Properties["FunctionName"].(string)
		if name = strings.TrimPrefix(name, "genesys-cloud-export"); strings.HasPrefix(name, "-export-") {
			exported = append(exported, "${Functions}"+name)
		}
	}

	slices.Sort(known)

	if diff := cmp.Diff(exported, known); diff != "" || len(known) == 0 {
		t.Errorf("functions (-of the template +known to the state machine):\n%s", diff)
	}
}

// Where a task is given up before the function is, the next attempt finds the export busy.
func TestTheStateMachineOutwaitsTheLongestTimeoutOfEveryFunction(t *testing.T) {
	t.Parallel()

	stack, most := deployed(t)
	rotator, _ := stack.Resources["Rotator"].Properties["Timeout"].(int)

	for task, longest := range map[string]float64{"Export": most["ExportTimeoutSeconds"], "Refresh the token": float64(rotator)} {
		if waits := read(t).States[task].TimeoutSeconds; longest == 0 || float64(waits) <= longest {
			t.Errorf("%s waits %d seconds, and the function may be given %v", task, waits, longest)
		}
	}
}

// tasks are the states that call something, by name.
func (m machine) tasks() map[string]state {
	tasks := maps.Clone(m.States)
	maps.DeleteFunc(tasks, func(_ string, s state) bool { return s.Type != "Task" })

	return tasks
}

// The rotator's catches are fewer: what it does not answer with is named with what else may happen.
func TestTheErrorsThatMayPassAreRetriedAndTheExportsOthersCaughtEachOnce(t *testing.T) {
	t.Parallel()

	m := read(t)
	retried, caught, refreshed := map[string]int{}, map[string]int{}, map[string]int{}

	for _, r := range m.States["Export"].Retry {
		count(retried, r.ErrorEquals)
	}

	for _, c := range m.States["Export"].Catch {
		count(caught, c.ErrorEquals)
	}

	for _, r := range m.States["Refresh the token"].Retry {
		count(refreshed, r.ErrorEquals)
	}

	for _, kind := range failure.Kinds() {
		want := map[bool]int{true: 1}
		// A missing token may pass, and the rotator is asked for one rather than the export tried again.
		again := kind.Retryable() && kind != failure.TokenUnavailable

		got := [3]int{retried[string(kind)], caught[string(kind)], refreshed[string(kind)]}
		if diff := cmp.Diff([3]int{want[again], want[!again], want[kind.Retryable()]}, got); diff != "" {
			t.Errorf("%s: how often Export retries it, catches it, and the refresh retries it (-want +got):\n%s", kind, diff)
		}
	}
}

func count(into map[string]int, names []string) {
	for _, name := range names {
		into[name]++
	}
}

func TestEveryTaskIsBoundedAndEndsByName(t *testing.T) {
	t.Parallel()

	m := read(t)
	if m.TimeoutSeconds == 0 {
		t.Error("an execution may run for ever")
	}

	for name, task := range m.tasks() {
		if task.TimeoutSeconds == 0 {
			t.Errorf("%s has no TimeoutSeconds", name)
		}

		for _, r := range task.Retry {
			if r.IntervalSeconds == 0 || r.BackoffRate < 2 || r.MaxAttempts == 0 || r.MaxDelaySeconds == 0 || r.JitterStrategy != "FULL" {
				t.Errorf("%s: the retry of %v has no full backoff: %+v", name, r.ErrorEquals, r)
			}

			if slices.Contains(r.ErrorEquals, "States.ALL") || slices.Contains(r.ErrorEquals, "States.TaskFailed") {
				t.Errorf("%s: a retry names no error: %v", name, r.ErrorEquals)
			}
		}

		last := task.Catch[len(task.Catch)-1]
		if !slices.Equal(last.ErrorEquals, []string{"States.ALL"}) {
			t.Errorf("%s: the last catch is not for every error: %+v", name, last)
		}

		if _, ofChild := m.States[eachListing].ItemProcessor.States[name]; !ofChild && m.States[m.States[last.Next].Next].Type != "Fail" {
			t.Errorf("%s: the last catch does not end in a Fail state behind one that says how to resume: %+v", name, last)
		}
	}
}

// events is how many events a state adds to the history at most: its entry and exit, and of a task each attempt.
func (s state) events() int {
	if s.Type != "Task" {
		return 2
	}

	attempts := 1
	for _, r := range s.Retry {
		attempts += r.MaxAttempts // every retrier counts for itself
	}

	if strings.HasSuffix(s.Resource, ".sync:2") {
		return 2 + 4*attempts // scheduled, started, submitted, and succeeded or failed
	}

	return 2 + 3*attempts // without submitted
}

func TestTheHistoryHasRoomForEveryInvocationHoweverMuchIsRetried(t *testing.T) {
	t.Parallel()

	m := read(t)
	sum := func(names ...string) (events int) {
		for _, name := range names {
			found, ok := m.States[name]
			if !ok {
				t.Fatalf("there is no state %q", name)
			}
			events += found.events()
		}

		return events
	}

	refresh := sum("Has the token been asked for often enough?", "Refresh the token", "Count the refresh", "Let the token settle", "Export")
	again := m.States["Is there room for another invocation?"]
	invocation := sum("Export", "Count the invocation", "Is it complete?", "Wait", "Is there room for another invocation?") + 3*refresh
	around := sum(slices.Collect(maps.Keys(m.States))...)
	invocations := again.Choices[len(again.Choices)-1].AtLeast

	if got := invocations*invocation + around; got == around || got >= maxEvents {
		t.Errorf("%d invocations of up to %d events each make %d, and a history takes %d", invocations, invocation, got, maxEvents)
	}

	// A child that ends as continue takes half an hour or more: a job that is not ready is waited for two minutes each time, and
	// everything else longer. Beside these each listing has its last one.
	each, listings := m.States[eachListing].ItemProcessor.States, len(m.States["Line them up"].Parameters.Listings)
	children := int(time.Duration(m.TimeoutSeconds)*time.Second/(30*time.Minute)) + listings
	child, ends := sum("Export the listing", "Is the listing complete?"), 2+sum(slices.Collect(maps.Keys(each))...)

	if got := children*child + listings*ends + around; got >= maxEvents {
		t.Errorf("%d children of up to %d events each make %d, and a history takes %d", children, child, got, maxEvents)
	}
}

func TestEveryStateIsReached(t *testing.T) {
	t.Parallel()

	m := read(t)
	reached := make(map[string]bool)

	var walk func(name string)
	walk = func(name string) {
		if name == "" || reached[name] {
			return
		}

		at, ok := m.States[name]
		if !ok {
			t.Errorf("there is no state %q", name)
		}

		reached[name] = true
		walk(at.Next)
		walk(at.Default)
		if at.ItemProcessor != nil {
			walk(at.ItemProcessor.StartAt)
		}
		for _, c := range at.Choices {
			walk(c.Next)
		}
		for _, c := range at.Catch {
			walk(c.Next)
		}
	}
	walk(m.StartAt)

	for name := range m.States {
		if !reached[name] {
			t.Errorf("nothing leads to %q", name)
		}
	}
}
