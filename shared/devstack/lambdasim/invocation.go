package lambdasim

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Error types as Lambda names them.
const (
	typeTimedOut   = "Sandbox.Timedout"
	typeExit       = "Runtime.ExitError"
	typeEntrypoint = "Runtime.InvalidEntrypoint"
	// typeOutOfMemory stands in the log alone: the caller is told of an exit.
	typeOutOfMemory      = "Runtime.OutOfMemory"
	typeResponseTooLarge = "Function.ResponseSizeTooLarge"
	// typeUnhandled stands for an error that the runtime posted without a type.
	typeUnhandled = "Unhandled"
)

// invocation is one attempt to run a function. It is handed to one process at most.
type invocation struct {
	id            string
	attempt       int
	trace         string
	clientContext string
	arn           string
	payload       []byte
	log           *tail

	// start and deadline are set before the invocation is handed out, or before the second attempt to bring a process up.
	start    time.Time
	deadline time.Time

	mu    sync.Mutex
	reply *reply
	// finished is closed once the runtime has answered and asked for the next invocation.
	finished chan struct{}
}

// reply is what the runtime posted. An empty errorType means success.
type reply struct {
	body      []byte
	errorType string
}

func newInvocation(id string, attempt int) *invocation {
	return &invocation{id: id, attempt: attempt, log: &tail{}, finished: make(chan struct{})}
}

// begin starts the invocation's time.
func (i *invocation) begin(timeout time.Duration) {
	i.start = time.Now()
	i.deadline = i.start.Add(timeout)
}

func (i *invocation) logStart() { i.log.line("START RequestId: " + i.id + " Version: " + version) }

// conclude adds the duration and the last lines of the log.
func (i *invocation) conclude(result outcome, memoryMB int) outcome {
	result.duration = time.Since(i.start)
	i.log.line("END RequestId: " + i.id)
	i.log.line(reportLine(i, result, memoryMB))

	return result
}

// answer keeps the first reply and reports whether this was it.
func (i *invocation) answer(r reply) bool {
	i.mu.Lock()
	defer i.mu.Unlock()

	if i.reply != nil {
		return false
	}
	i.reply = &r

	return true
}

// answered returns the reply, or nil where there is none yet.
func (i *invocation) answered() *reply {
	i.mu.Lock()
	defer i.mu.Unlock()

	return i.reply
}

func (i *invocation) seen(function string, processID int, cold bool) Invocation {
	return Invocation{Function: function, RequestID: i.id, Attempt: i.attempt, ProcessID: processID, Cold: cold}
}

// outcome is how an invocation ended.
type outcome struct {
	payload      []byte
	errorType    string
	timedOut     bool
	outOfMemory  bool
	cold         bool
	processID    int
	duration     time.Duration
	initDuration time.Duration
	peakMemory   int64
}

// billed is the duration and the cold start's share, rounded up to whole milliseconds as Lambda bills them.
func (o outcome) billed() time.Duration {
	exact := o.duration + o.initDuration

	return (exact + time.Millisecond - 1).Truncate(time.Millisecond)
}

// failed returns an outcome whose payload is an error document of Lambda's own, and writes it to the invocation's log.
func failed(inv *invocation, errorType, message string) outcome {
	message = fmt.Sprintf("RequestId: %s Error: %s", inv.id, message)
	inv.log.line(message)
	inv.log.line(errorType)

	return outcome{payload: errorDocument(errorType, message), errorType: errorType}
}

func timedOut(inv *invocation, after time.Duration) outcome {
	o := failed(inv, typeTimedOut, fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds()))
	o.timedOut = true

	return o
}

// errorDocument encodes an error as a runtime posts it.
func errorDocument(errorType, message string) []byte {
	document, err := json.Marshal(struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{errorType, message})
	if err != nil {
		panic("encode two strings: " + err.Error())
	}

	return document
}

// errorTypeOf reads the type out of an error document that a runtime posted.
func errorTypeOf(document []byte) string {
	var parsed struct {
		Type string `json:"errorType"`
	}
	if err := json.Unmarshal(document, &parsed); err != nil || parsed.Type == "" {
		return typeUnhandled
	}

	return parsed.Type
}
