package lambdasim

import (
	"context"
	"sync/atomic"
	"time"
)

// sampleEvery is how often the memory of a running process is looked at.
const sampleEvery = 10 * time.Millisecond

// environment is one execution environment: a process and the Runtime API that it talks to.
//
// Its life: started → ready (it asked for its first invocation) → busy and idle in turn, frozen while idle → gone. It
// goes when the process ends, whoever ended it. One goroutine at a time runs an invocation on it.
type environment struct {
	function *function
	process  *process
	runtime  *runtimeAPI
	log      *atomic.Pointer[tail]
	// initDuration is what the first invocation is billed for coming up. It is 0 where that happened in the invocation's
	// own time.
	initDuration time.Duration
	// late tells that the process came up in its first invocation's own time, as an earlier one had failed to.
	late bool
	// served counts the invocations.
	served int
	// expired tells that the environment is to serve no more; the function's lock guards it.
	expired bool
}

// startEnvironment starts a process for f; lines that it prints while it comes up go to first's log. The process ends
// with lifetime at the latest.
func startEnvironment(lifetime context.Context, f *function, first *invocation) (*environment, error) {
	api, err := newRuntimeAPI(lifetime)
	if err != nil {
		return nil, err
	}

	env := &environment{function: f, runtime: api, log: &atomic.Pointer[tail]{}}
	env.log.Store(first.log)

	env.process, err = startProcess(lifetime, f.Path, f.environ(api.address()), f.memory(), func(line string) {
		f.logs.line(line)
		if current := env.log.Load(); current != nil {
			current.line(line)
		}
	})
	if err != nil {
		api.close()

		return nil, err
	}

	api.serve(env.process)

	return env, nil
}

// close waits for the end of the process and closes what was opened for it.
func (e *environment) close() {
	<-e.process.exited
	e.runtime.close()
}

// awaitReady waits until the process asks for its first invocation, and returns nil. Where it does not within the limit, the
// process is gone, and what became of it is returned.
func (e *environment) awaitReady(limit time.Duration) *initFailure {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	sample := time.NewTicker(sampleEvery)
	defer sample.Stop()

	for {
		select {
		case <-e.runtime.ready:
			if !e.process.withinMemory() {
				<-e.process.exited

				return e.initFailure()
			}
			e.process.output.flush()

			return nil
		case <-e.process.exited:
			return e.initFailure()
		case <-sample.C:
			e.process.withinMemory()
		case <-timer.C:
			e.process.stop()

			return &initFailure{errorType: typeTimedOut, timedOut: true}
		}
	}
}

// initFailure tells why the process ended before it was ready.
func (e *environment) initFailure() *initFailure {
	failure := &initFailure{errorType: typeExit, message: e.process.state(), outOfMemory: e.process.exhausted()}
	if document := e.runtime.initFailure(); document != nil {
		failure.errorType, failure.document = errorTypeOf(document), document
	}

	return failure
}

// run hands the invocation to the process and waits for its end; then the environment is frozen, or gone. It reports false
// where the process had served before and was gone before it could be given this one: then nothing has happened.
func (e *environment) run(inv *invocation) (outcome, bool) {
	e.log.Store(inv.log)
	defer e.log.Store(nil)

	cold := e.served == 0
	e.served++
	if !cold || !e.late {
		inv.begin(e.function.Timeout)
	}
	inv.logStart()
	if !cold {
		e.process.thaw()
	}

	select {
	case e.runtime.work <- inv:
		if started := e.function.hooks.Started; started != nil {
			started(inv.seen(e.function.Name, e.process.id(), cold))
		}
		if e.function.closing() {
			e.process.terminate()
		}
	case <-e.process.exited:
		if !cold {
			inv.log.clear()

			return outcome{}, false
		}
	}

	result := e.await(inv)
	if cold {
		result.initDuration = e.initDuration
	}

	return e.conclude(inv, result, cold), true
}

// await waits for the end of an invocation that was handed out. The reply counts from the moment it was posted, even if
// the process then dies or goes on until its deadline.
func (e *environment) await(inv *invocation) outcome {
	overran := e.watch(inv)

	if posted := inv.answered(); posted != nil {
		return outcome{payload: posted.body, errorType: posted.errorType}
	}
	if overran {
		return timedOut(inv, e.function.Timeout)
	}

	result := failed(inv, typeExit, e.process.state())
	result.outOfMemory = e.process.exhausted()

	return result
}

// watch returns when the invocation is finished and its process frozen, or when the process is gone, and reports whether it
// was killed at the deadline.
func (e *environment) watch(inv *invocation) (overran bool) {
	deadline := time.NewTimer(time.Until(inv.deadline))
	defer deadline.Stop()
	sample := time.NewTicker(sampleEvery)
	defer sample.Stop()

	for {
		select {
		case <-inv.finished:
			e.rest()

			return false
		case <-e.process.exited:
			return false
		case <-sample.C:
			e.process.withinMemory()
		case <-deadline.C:
			e.process.stop()

			return true
		}
	}
}

// rest freezes the process. Frozen before the log is flushed, it cannot print into the next invocation's.
func (e *environment) rest() {
	if !e.process.withinMemory() {
		<-e.process.exited

		return
	}
	e.process.freeze()
	e.process.output.flush()
}

// conclude adds what the environment knows, and the last lines of the invocation's log.
func (e *environment) conclude(inv *invocation, result outcome, cold bool) outcome {
	result.cold = cold
	result.processID = e.process.id()
	result.peakMemory = e.process.memory.seen()

	return inv.conclude(result, e.function.MemoryMB)
}
