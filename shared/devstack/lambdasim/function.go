package lambdasim

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// function holds the execution environments of one function.
type function struct {
	Function

	region string
	// initLimit is how long a process may take to come up.
	initLimit time.Duration
	// maxAge and maxInvocations are how long an environment serves; of the latter, 0 is no limit.
	maxAge         time.Duration
	maxInvocations int
	logs           *lineLog
	logger         *slog.Logger
	hooks          Hooks
	// closing reports whether the endpoint is being closed.
	closing func() bool

	mu      sync.Mutex
	running int
	idle    []*environment
	alive   map[*environment]struct{}
	report  FunctionReport

	// attendants wait for the end of the processes, one each.
	attendants sync.WaitGroup
}

func (f *function) arn() string {
	return "arn:aws:lambda:" + f.region + ":" + account + ":function:" + f.Name
}

// memory is how much memory an environment may hold, in bytes.
func (f *function) memory() int64 { return int64(f.MemoryMB) * megabyte }

// admit takes one unit of concurrency, or counts a throttle and reports false. The caller gives it back by release.
func (f *function) admit() bool {
	f.mu.Lock()
	defer f.mu.Unlock()

	if f.ReservedConcurrency != 0 && f.running >= f.ReservedConcurrency {
		f.report.Throttles++

		return false
	}
	f.running++

	return true
}

func (f *function) release() {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.running--
}

// execute runs an admitted invocation on an idle environment, or on a new one, and counts it.
func (f *function) execute(lifetime context.Context, inv *invocation) outcome {
	for {
		env := f.takeIdle()
		if env == nil {
			var failure *outcome
			if env, failure = f.coldStart(lifetime, inv); failure != nil {
				return f.count(inv, *failure)
			}
		}

		result, taken := env.run(inv)
		if !taken {
			// It died idle, before anybody noticed: that is no concern of this invocation.
			f.forget(env)

			continue
		}
		f.putBack(env)

		return f.count(inv, result)
	}
}

// coldStart brings an environment up. Where that fails it is tried once more, then in the invocation's own time; where that
// fails too, the invocation's outcome is returned.
func (f *function) coldStart(lifetime context.Context, inv *invocation) (*environment, *outcome) {
	env, _, failure := f.initialize(lifetime, inv, phaseInit, f.initLimit)
	if failure == nil {
		return env, nil
	}

	inv.begin(f.Timeout)
	env, last, failure := f.initialize(lifetime, inv, phaseInvoke, f.Timeout)
	if failure == nil {
		env.late, env.initDuration = true, 0

		return env, nil
	}

	inv.logStart()
	result := failure.outcome(inv, f.Timeout)
	result.cold = true
	if last != nil {
		result.processID, result.peakMemory = last.id(), last.memory.seen()
	}
	result = inv.conclude(result, f.MemoryMB)

	return nil, &result
}

// initialize starts an environment and waits until it is ready. Where it does not get so far, it returns the process, if
// there was one, and why.
func (f *function) initialize(
	lifetime context.Context, inv *invocation, phase string, limit time.Duration,
) (*environment, *process, *initFailure) {
	begun := time.Now()

	env, err := f.start(lifetime, inv)
	if err != nil {
		failure := &initFailure{errorType: typeEntrypoint, message: err.Error()}
		inv.log.line(failure.line(phase, time.Since(begun)))

		return nil, nil, failure
	}

	failure := env.awaitReady(limit)
	env.initDuration = time.Since(begun)
	if failure != nil {
		f.forget(env)
		inv.log.line(failure.line(phase, env.initDuration))

		return nil, env.process, failure
	}

	return env, env.process, nil
}
