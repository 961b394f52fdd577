// Package workflow_test holds the state machine's definition, export.asl.json, to what it is built on: the functions' error
// types, and the limits of Step Functions. What it does is seen where it is executed, in .ci/sam/workflow.py.
package workflow_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

const (
	// maxPasses is the largest WorkflowMaxPasses that template.yaml takes.
	maxPasses = 60
	// maxEvents is what an execution's history holds: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
	maxEvents = 25_000
)

type machine struct {
	TimeoutSeconds int              `json:"TimeoutSeconds"`
	StartAt        string           `json:"StartAt"`
	States         map[string]state `json:"States"`
}

type state struct {
	Type           string    `json:"Type"`
	TimeoutSeconds int       `json:"TimeoutSeconds"`
	Next           string    `json:"Next"`
	Default        string    `json:"Default"`
	Choices        []choice  `json:"Choices"`
	Retry          []retrier `json:"Retry"`
	Catch          []catcher `json:"Catch"`
}

type choice struct {
	Next string `json:"Next"`
}

type retrier struct {
	ErrorEquals     []string `json:"ErrorEquals"`
	IntervalSeconds int      `json:"IntervalSeconds"`
	BackoffRate     float64  `json:"BackoffRate"`
	MaxAttempts     int      `json:"MaxAttempts"`
	MaxDelaySeconds int      `json:"MaxDelaySeconds"`
	JitterStrategy  string   `json:"JitterStrategy"`
}

type catcher struct {
	ErrorEquals []string `json:"ErrorEquals"`
	Next        string   `json:"Next"`
}

func read(t *testing.T) machine {
	t.Helper()

	text, err := os.ReadFile("export.asl.json")
	if err != nil {
		t.Fatal(err)
	}

	var m machine
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}

	return m
}

// tasks are the states that call something, by name.
func (m machine) tasks() map[string]state {
	tasks := maps.Clone(m.States)
	maps.DeleteFunc(tasks, func(_ string, s state) bool { return s.Type != "Task" })

	return tasks
}

func TestTheExportRetriesJustTheErrorsThatMayPass(t *testing.T) {
	t.Parallel()

	export := read(t).States["Export"]

	met := make(map[string]int)
	for _, r := range export.Retry {
		for _, name := range r.ErrorEquals {
			met[name]++
		}
	}

	for _, c := range export.Catch {
		for _, name := range c.ErrorEquals {
			if name != "TokenUnavailable" && failure.Kind(name).Retryable() {
				t.Errorf("%s may pass, and is given up at once", name)
			}
			met[name]++
		}
	}

	for _, kind := range failure.Kinds() {
		if met[string(kind)] != 1 {
			t.Errorf("%s is named in %d of the lists of retries and catches, want one", kind, met[string(kind)])
		}
	}

	for _, r := range export.Retry {
		for _, name := range r.ErrorEquals {
			if slices.Contains(failure.Kinds(), failure.Kind(name)) && !failure.Kind(name).Retryable() {
				t.Errorf("%s does not pass by itself, and is retried", name)
			}
		}
	}
}

func TestAMissingTokenGoesToTheRotatorAndBack(t *testing.T) {
	t.Parallel()

	m := read(t)
	caught := m.States["Export"].Catch[0]

	if diff := cmp.Diff([]string{"TokenUnavailable"}, caught.ErrorEquals); diff != "" {
		t.Errorf("the first catch of Export (-want +got):\n%s", diff)
	}

	var path []string
	for name := caught.Next; name != "Export" && len(path) < 10; {
		path = append(path, name)
		name = m.States[name].Next + m.States[name].Default
	}

	want := []string{"Has the token been asked for often enough?", "Refresh the token", "Count the refresh", "Let the token settle"}
	if diff := cmp.Diff(want, path); diff != "" {
		t.Errorf("the way of a missing token (-want +got):\n%s", diff)
	}
}

// The rotator's own lists are shorter: where it fails for good the export cannot go on, whatever the reason.
func TestTheRotatorIsRetriedWhereItsErrorMayPass(t *testing.T) {
	t.Parallel()

	var retried []string
	for _, r := range read(t).States["Refresh the token"].Retry {
		retried = append(retried, r.ErrorEquals...)
	}

	for _, kind := range failure.Kinds() {
		if got := slices.Contains(retried, string(kind)); got != kind.Retryable() {
			t.Errorf("%s: retried %t, want %t", kind, got, kind.Retryable())
		}
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
		if !slices.Equal(last.ErrorEquals, []string{"States.ALL"}) || m.States[m.States[last.Next].Next].Type != "Fail" {
			t.Errorf("%s: the last catch does not end in a Fail state that was told how to resume: %+v", name, last)
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

	return 2 + 3*attempts // scheduled, started, and succeeded or failed
}

func TestTheHistoryHoldsEveryPassHoweverMuchIsRetried(t *testing.T) {
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
	pass := sum("Export", "Count the pass", "Is it complete?", "Wait") + 3*refresh
	around := sum(slices.Collect(maps.Keys(m.States))...)

	if got := maxPasses*pass + around; got >= maxEvents {
		t.Errorf("%d passes of up to %d events each make %d, and a history holds %d", maxPasses, pass, got, maxEvents)
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
