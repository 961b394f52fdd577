// Package exporttest is what exports are tested with: a bucket in memory with compare-and-swap, and a scripted listing.
//
// The bucket keeps real bytes under the keys of the contract, and answers as S3 does, which the tests of shared/exportstore
// show. Invocations use both through a [Process], where faults are injected. Waits take no time in a testing/synctest bubble.
package exporttest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// The operations that a process does outside of itself, as a [Fault] sees them: those of the store, of a listing, and of jobs.
const (
	OpNames   = "names"
	OpRead    = "read"
	OpCreate  = "create"
	OpReplace = "replace"
	OpList    = "list"
	OpPut     = "put"
	OpDelete  = "delete"

	OpFetch = "fetch"

	OpResolve   = "resolve"
	OpSubmit    = "submit"
	OpPoll      = "poll"
	OpDeleteJob = "delete job"
)

// Effect is what becomes of a call.
type Effect int

// The effects. Each of them holds for writes; a call that only reads is done or not done, and that is all.
const (
	Proceed    Effect = iota // the call is done
	FailBefore               // it fails and is not done
	FailAfter                // it is done and its reply is lost
	FailLate                 // its reply is lost, and it is done by [Store.Land], if its condition is true then; a call of the API at once
	// Resend does it, loses the reply and sends it again, as a client below an adapter does. A condition that fails then is a
	// success where what is stored is what was sent.
	Resend
	KillBefore // the process is killed before it is done
	KillAfter  // the process is killed once it is done
)

// Action is what becomes of a call, and when.
type Action struct {
	Effect Effect
	// Before, if not nil, runs first of all.
	Before func()
	// Delay passes before anything is done. The end of the call's context ends it, and the call is not done.
	Delay time.Duration
	// Meanwhile, if not nil, runs after the call was done and before its reply arrives, or before it is sent again.
	Meanwhile func()
	// Err is what a failing call returns; nil is a store that does not answer, or a page that a later attempt may get.
	Err error
}

// Fault decides what becomes of a call: op is one of the operations, name is the document's or part's name, or the link of a
// page. It may do anything, invoke the engine included; two calls of one process may come at once.
type Fault func(op, name string) Action

// Call is a call that a process made.
type Call struct{ Op, Name string }

// Process is one invocation's outside. Once it is killed, every call is refused. A nil one has no faults and cannot be killed.
type Process struct {
	Calls  []Call // those that were made, to be read once the invocation has returned
	Killed bool   // to be read then too

	fault  Fault
	cancel context.CancelCauseFunc
	mu     sync.Mutex
}

// NewProcess starts a process under parent; a nil fault lets every call proceed. The context ends with the process.
func NewProcess(parent context.Context, fault Fault) (context.Context, *Process) {
	ctx, cancel := context.WithCancelCause(parent)
	return ctx, &Process{fault: fault, cancel: cancel}
}

// Kill kills the process. Killing it again does nothing; a test kills each of its processes in the end.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.Killed = true
	p.cancel(errors.New("the process was killed"))
}

// call lets a call meet its fate. do does it, and later has it done by [Store.Land]; nil: what is late is done at once.
func (p *Process) call(ctx context.Context, call Call, do func() error, later func()) error {
	if ctx.Err() != nil {
		return unanswered(ctx, call.Op)
	}

	action := p.fate(call)
	if call.Op == OpSubmit && action.Effect == Resend {
		action.Effect = Proceed // nothing below us sends it again
	}

	if action.Before != nil {
		action.Before()
	}

	if retry.Sleep(ctx, action.Delay) != nil {
		return unanswered(ctx, call.Op)
	}

	var err error

	switch {
	case action.Effect == FailBefore, action.Effect == KillBefore:
	case action.Effect == FailLate && later != nil:
		later()
	default:
		err = do()
	}

	if action.Effect == KillBefore || action.Effect == KillAfter {
		p.Kill()
	}

	if action.Meanwhile != nil {
		action.Meanwhile()
	}

	switch action.Effect {
	case Proceed:
		return err
	case Resend:
		return do()
	default:
		return cmp.Or(action.Err, unanswered(ctx, call.Op))
	}
}

// locked does something under a lock.
func locked(mu sync.Locker, do func() error) error {
	mu.Lock()
	defer mu.Unlock()

	return do()
}

// fate notes a call, and asks what becomes of it.
func (p *Process) fate(call Call) Action {
	if p == nil {
		return Action{}
	}

	p.mu.Lock()
	p.Calls = append(p.Calls, call)
	p.mu.Unlock()

	if p.fault == nil {
		return Action{}
	}

	return p.fault(call.Op, call.Name)
}

// unanswered is what a call returns that has no answer: a page's is the end of its context, or may pass by itself.
func unanswered(ctx context.Context, op string) error {
	switch {
	case !slices.Contains([]string{OpFetch, OpResolve, OpSubmit, OpPoll, OpDeleteJob}, op):
		return failure.Because(context.Cause(ctx), failure.StorageUnavailable, "the store did not answer a %s", op)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		return &retry.TransientError{Err: failure.New(failure.UpstreamUnavailable, "the API did not answer")}
	}
}
