package lambdasim

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// FunctionReport is what an endpoint has counted for one function since it was made.
type FunctionReport struct {
	// Invocations are the attempts that were executed, whatever came of them; throttled ones are not among them.
	Invocations int
	// Errors are the invocations that ended with a function error, timeouts and crashes included.
	Errors int
	// Throttles are the attempts refused by the reserved concurrency.
	Throttles int
	// Timeouts are the invocations whose process was killed at the deadline, or whose process did not come up in time.
	Timeouts int
	// Crashes are the processes that ended by themselves or by [Endpoint.Kill], idle or busy, so also after a panic.
	// Those killed at a deadline or by [Endpoint.Close] are none.
	Crashes int
	// Processes are those that were started.
	Processes int
	// PeakMemory is the largest resident set of any process, in bytes: the high-water mark that the kernel keeps for a
	// process, read ten times a second while it is busy, at each answer and before each kill. What a process takes in the
	// last tenth of a second before it ends by itself may go unseen.
	PeakMemory int64
	// BilledDuration is the sum over all invocations of the time from hand-out to end and, for a cold start, the time the
	// process took to come up, each rounded up to whole milliseconds.
	BilledDuration time.Duration
}

// function holds the execution environments of one function.
type function struct {
	Function

	region string
	// initLimit is how long a process may take to come up.
	initLimit time.Duration
	logs      *lineLog
	logger    *slog.Logger
	hooks     Hooks

	mu      sync.Mutex
	running int
	idle    []*environment
	alive   map[*environment]struct{}
	report  FunctionReport

	// watchers wait for the end of the processes, one each.
	watchers sync.WaitGroup
}

func (f *function) arn() string {
	return "arn:aws:lambda:" + f.region + ":" + account + ":function:" + f.Name
}

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
		env, err := f.take(lifetime, inv)
		if err != nil {
			return f.count(inv, invalidEntrypoint(inv, err))
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

func (f *function) take(lifetime context.Context, inv *invocation) (*environment, error) {
	f.mu.Lock()
	if last := len(f.idle) - 1; last >= 0 {
		env := f.idle[last]
		f.idle = f.idle[:last]
		f.mu.Unlock()

		return env, nil
	}
	f.mu.Unlock()

	env, err := startEnvironment(lifetime, f, inv)
	if err != nil {
		f.logger.Warn("no process could be started", "error", err)

		return nil, err
	}

	f.mu.Lock()
	f.alive[env] = struct{}{}
	f.report.Processes++
	f.mu.Unlock()

	f.watchers.Go(func() {
		env.retire()
		f.forget(env)
	})

	return env, nil
}

// putBack makes an environment whose process lives available again.
func (f *function) putBack(env *environment) {
	if env.process.dead() {
		f.forget(env)

		return
	}

	f.mu.Lock()
	defer f.mu.Unlock()

	if _, alive := f.alive[env]; alive {
		f.idle = append(f.idle, env)
	}
}

// forget drops an environment whose process has ended, and counts it once.
func (f *function) forget(env *environment) {
	f.mu.Lock()
	defer f.mu.Unlock()

	if _, alive := f.alive[env]; !alive {
		return
	}
	delete(f.alive, env)
	f.idle = slices.DeleteFunc(f.idle, func(idle *environment) bool { return idle == env })
	f.report.PeakMemory = max(f.report.PeakMemory, env.process.peakMemory())

	if !env.process.stopped() {
		f.report.Crashes++
		f.logger.Warn("a process ended unasked", "process_id", env.process.id(), "state", env.process.state())
	}
}

// kill kills all environments as if by the kernel, waits, and returns how many there were.
func (f *function) kill() int {
	living := f.living()
	for _, env := range living {
		env.process.kill()
	}
	for _, env := range living {
		<-env.process.exited
		f.forget(env)
	}

	return len(living)
}

// await waits until no process is left; the end of the endpoint's lifetime ends them.
func (f *function) await() {
	f.watchers.Wait()
}

func (f *function) living() []*environment {
	f.mu.Lock()
	defer f.mu.Unlock()

	living := make([]*environment, 0, len(f.alive))
	for env := range f.alive {
		living = append(living, env)
	}

	return living
}

func (f *function) count(inv *invocation, result outcome) outcome {
	f.mu.Lock()
	f.report.Invocations++
	f.report.BilledDuration += result.billed()
	f.report.PeakMemory = max(f.report.PeakMemory, result.peakMemory)
	if result.errorType != "" {
		f.report.Errors++
	}
	if result.timedOut {
		f.report.Timeouts++
	}
	f.mu.Unlock()

	if f.hooks.Ended != nil {
		seen := inv.seen(f.Name, result.processID, result.cold)
		seen.ErrorType, seen.Duration = result.errorType, result.duration
		f.hooks.Ended(seen)
	}

	return result
}

func (f *function) counted() FunctionReport {
	f.mu.Lock()
	defer f.mu.Unlock()

	report := f.report
	for env := range f.alive {
		report.PeakMemory = max(report.PeakMemory, env.process.peakMemory())
	}

	return report
}
