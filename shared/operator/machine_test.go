package operator_test

import (
	"encoding/json"
	"fmt"
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

// event is one of a history: its details by their field.
type event struct {
	after   time.Duration
	field   string
	details map[string]string
}

// begin lets an execution run from now on.
func (m *machine) begin(name string, e *execution) {
	m.mu.Lock()
	defer m.mu.Unlock()

	e.started = time.Now()
	m.executions[name] = e
}

func (m *machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	for _, outage := range m.outages {
		if now.After(outage[0]) && now.Before(outage[1]) {
			panic(http.ErrAbortHandler)
		}
	}

	var asked struct {
		Name, Input, StateMachineArn, ExecutionArn string
		MaxResults                                 int
	}
	_ = json.NewDecoder(r.Body).Decode(&asked)
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSStepFunctions.")
	name := strings.TrimPrefix(asked.ExecutionArn, executionPrefix)

	if operation == "StartExecution" {
		m.start(w, asked.StateMachineArn, asked.Name, asked.Input)
		return
	}

	m.mu.Lock()
	defer m.mu.Unlock()

	e := m.executions[name]
	switch {
	case operation == "ListExecutions": // that have failed
		var all []map[string]any
		for name, e := range m.executions {
			if described := e.describe(name, now); described["status"] == "FAILED" {
				all = append(all, described)
			}
		}
		stateReply(w, map[string]any{"executions": all})
	case e == nil || now.Before(e.started.Add(e.unseen)):
		stateError(w, "ExecutionDoesNotExist")
	case operation == "DescribeExecution":
		stateReply(w, e.describe(name, now))
	default: // GetExecutionHistory: its latest events, latest first
		stateReply(w, e.latest(now, asked.MaxResults))
	}
}

func (m *machine) start(w http.ResponseWriter, arn, name, input string) {
	switch {
	case arn != machineARN:
		stateError(w, "StateMachineDoesNotExist")
	case m.executions[name] != nil || !regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`).MatchString(name):
		stateError(w, "InvalidName")
	default:
		e := m.script(name)
		e.input = input
		m.begin(name, e)
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
		reply["status"], reply["stopDate"], reply["output"] = e.status, seconds(end), e.output
		if e.failed[0] != "" {
			reply["error"], reply["cause"] = e.failed[0], e.failed[1]
		}
	}

	return reply
}

func (e *execution) latest(now time.Time, size int) map[string]any {
	var all []map[string]any
	for i, ev := range e.events {
		if at := e.started.Add(ev.after); !now.Before(at) {
			all = append(all, map[string]any{"id": i + 1, "previousEventId": i, "timestamp": seconds(at), ev.field: ev.details})
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

// state is what the machine's states pass on after so many invocations, and an execution with its successor at its end.
func state(invocations int, records, wait int64, status, reason, successor string) string {
	encoded, _ := json.Marshal(map[string]any{
		"listing": "users", "export_id": "e-1", "options": map[string]any{}, "invocations": invocations, "refreshes": 0, "successor": successor,
		"result": map[string]any{
			"status": status, "reason": reason, "wait_seconds": wait, "pages": records / 100, "records": records, "parts": 1,
			"location": "s3://b/exports/", "manifest": manifest,
		},
	})

	return string(encoded)
}

// invocation is the events of one that ends after so long; the machine waits then.
func invocation(after time.Duration, state string) []event {
	return []event{
		{after, "stateExitedEventDetails", map[string]string{"name": "Export", "output": state}},
		{after, "stateExitedEventDetails", map[string]string{"name": "Count the invocation", "output": state}},
		{after, "stateEnteredEventDetails", map[string]string{"name": "Wait", "input": state}},
	}
}
