package lambdasim

import "time"

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
	// Crashes are the processes that ended by themselves, for their memory or by [Endpoint.Kill], idle or busy, so also
	// after a panic. Those killed at a deadline, by [Endpoint.Close] or as their environment was recycled are none.
	Crashes int
	// OutOfMemory are those of the crashes that had taken more memory than the function has.
	OutOfMemory int
	// Recycled are the environments that were shut down for their age or number of invocations, or by [Endpoint.Recycle].
	Recycled int
	// Processes are those that were started.
	Processes int
	// PeakMemory is the most memory that any environment was seen to hold, in bytes; the package comment says how. It may be
	// over the limit, as a process that takes too much is found out a little late.
	PeakMemory int64
	// MaxMemoryUsedMB is the same as the REPORT line has it: in MB, rounded up, and never more than the configured memory.
	MaxMemoryUsedMB int
	// BilledDuration is the sum over all invocations of the time from hand-out to end and, for a cold start, the time the
	// process took to come up, each rounded up to whole milliseconds. A first attempt to come up that failed is not in it,
	// the second is.
	BilledDuration time.Duration
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
		report.PeakMemory = max(report.PeakMemory, env.process.memory.seen())
	}
	report.MaxMemoryUsedMB = memoryUsedMB(report.PeakMemory, f.MemoryMB)

	return report
}
