package operator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	machineARN      = "arn:aws:states:" + region + ":" + account + ":stateMachine:exports-export"
	executionPrefix = "arn:aws:states:" + region + ":" + account + ":execution:exports-export:"
)

// machine is Step Functions with one state machine, whose executions go through a script as time passes.
type machine struct {
	mu         sync.Mutex
	script     func(name string) *execution // what the next execution that is started does
	executions map[string]*execution        // by name
	starts     []string                     // the inputs
	outages    [][2]time.Time               // from and to when nobody answers
}

// execution is what happens in an execution, by the time since its start.
type execution struct {
	started time.Time
	unseen  time.Duration // for so long reads do not find it
	input   string
	events  []event
	ends    time.Duration
	status  string // at the end
	output  string
	failed  [2]string // error and cause
}

type event struct {
	after   time.Duration
	kind    string
	details map[string]any
}

func newMachine() *machine {
	return &machine{executions: make(map[string]*execution)}
}

// begin lets an execution that others have started run from now on.
func (m *machine) begin(name string, e *execution) {
	m.mu.Lock()
	defer m.mu.Unlock()

	e.started = time.Now()
	m.executions[name] = e
}

func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()

	now := time.Now()
	for _, outage := range m.outages {
		if now.After(outage[0]) && now.Before(outage[1]) {
			panic(http.ErrAbortHandler)
		}
	}

	var asked struct {
		Name            string `json:"name"`
		Input           string `json:"input"`
		StateMachineArn string `json:"stateMachineArn"`
		ExecutionArn    string `json:"executionArn"`
		MaxResults      int    `json:"maxResults"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		stateError(w, "ValidationException")
		return
	}

	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSStepFunctions.")
	switch operation {
	case "StartExecution":
		m.start(w, asked.StateMachineArn, asked.Name, asked.Input)
		return
	case "ListExecutions":
		stateReply(w, map[string]any{"executions": m.failed(now)})
		return
	}

	name := strings.TrimPrefix(asked.ExecutionArn, executionPrefix)

	e, ok := m.executions[name]
	if !ok || now.Before(e.started.Add(e.unseen)) {
		stateError(w, "ExecutionDoesNotExist")
		return
	}

	switch operation {
	case "DescribeExecution":
		stateReply(w, e.describe(name, now))
	case "GetExecutionHistory": // its latest events alone
		stateReply(w, e.latest(now, asked.MaxResults))
	default:
		stateError(w, "UnknownOperationException")
	}
}

// failed lists the executions that have failed by now.
func (m *machine) failed(now time.Time) []map[string]any {
	var all []map[string]any
	for name, e := range m.executions {
		if told := e.describe(name, now); told["status"] == "FAILED" {
			all = append(all, told)
		}
	}

	return all
}

func (m *machine) start(w http.ResponseWriter, arn, name, input string) {
	var object map[string]any

	switch {
	case arn != machineARN:
		stateError(w, "StateMachineDoesNotExist")
	case m.executions[name] != nil || !regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`).MatchString(name):
		stateError(w, "InvalidName")
	case json.Unmarshal([]byte(input), &object) != nil:
		stateError(w, "InvalidExecutionInput")
	default:
		e := m.script(name)
		e.started, e.input = time.Now(), input
		m.executions[name] = e
		m.starts = append(m.starts, input)
		stateReply(w, map[string]any{"executionArn": executionPrefix + name, "startDate": seconds(e.started)})
	}
}

func (e *execution) describe(name string, now time.Time) map[string]any {
	reply := map[string]any{
		"executionArn": executionPrefix + name, "stateMachineArn": machineARN, "name": name, "status": "RUNNING",
		"startDate": seconds(e.started), "input": e.input,
	}
	if end := e.started.Add(e.ends); !now.Before(end) {
		reply["status"], reply["stopDate"] = e.status, seconds(end)
		if e.output != "" {
			reply["output"] = e.output
		}
		if e.failed[0] != "" {
			reply["error"], reply["cause"] = e.failed[0], e.failed[1]
		}
	}

	return reply
}

// latest is what has happened last by now, latest first.
func (e *execution) latest(now time.Time, size int) map[string]any {
	var all []map[string]any
	for i, ev := range e.events {
		if at := e.started.Add(ev.after); !now.Before(at) {
			one := map[string]any{"id": i + 1, "previousEventId": i, "timestamp": seconds(at), "type": ev.kind}
			maps.Copy(one, ev.details)
			all = append(all, one)
		}
	}
	slices.Reverse(all)

	return map[string]any{"events": all[:min(size, len(all))], "nextToken": "more"}
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func stateReply(w http.ResponseWriter, reply any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(reply)
}

func stateError(w http.ResponseWriter, code string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"__type":%q,"message":"%s arn:aws:states:eu-central-1:123456789012:x"}`, code, canary)
}

// state is what the machine's states pass on after so many invocations.
func state(invocations int, records, wait int64, status, reason, manifest string) map[string]any {
	return map[string]any{
		"listing": "users", "export_id": "e-1", "options": map[string]any{}, "invocations": invocations, "refreshes": 0, "successor": "",
		"result": map[string]any{
			"status": status, "reason": reason, "wait_seconds": wait, "pages": records / 100, "records": records, "parts": 1,
			"location": "s3://b/exports/", "manifest": manifest,
		},
	}
}

func text(state map[string]any) string {
	encoded, _ := json.Marshal(state)

	return string(encoded)
}

// invocation is the events of one that ends after so long; the machine waits then.
func invocation(after time.Duration, state map[string]any) []event {
	exited := func(name string) map[string]any {
		return map[string]any{"stateExitedEventDetails": map[string]any{"name": name, "output": text(state)}}
	}

	return []event{
		{after, "TaskStateExited", exited("Export")}, {after, "PassStateExited", exited("Count the invocation")},
		{after, "WaitStateEntered", map[string]any{"stateEnteredEventDetails": map[string]any{"name": "Wait", "input": text(state)}}},
	}
}
