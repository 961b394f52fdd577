// Package lambdasim is a Lambda endpoint on this machine: it serves Lambda's Invoke API and runs built Go binaries, the
// very "bootstrap" of a deployment package for provided.al2023, through the real Runtime API.
//
// Its rules are Lambda's. An execution environment is one process, with whatever processes that starts; it serves one
// invocation at a time, is used again when idle, a second one is started where invocations overlap, and one that crashed
// or overran its deadline is replaced. An init that fails is tried once more, within the invocation. A function sees the
// environment that it was configured with and nothing of the calling process's. What the caller gets for an error, a crash
// or a timeout is what Lambda answers. Requests are taken as they come: signatures are not checked.
//
// Between invocations an environment is frozen: from the moment at which the runtime asks for the next invocation until
// there is one, no process of its process group gets any time. Clocks go on, so that after the thaw a timer that came due
// meanwhile fires late and all at once. An environment that is old, has served its number of invocations or is recycled on
// purpose is killed without a signal that it could catch, as Lambda does with a function that has no extensions.
//
// Where the endpoint is closed, a process with an invocation gets SIGTERM, as Lambda's shutdown sends it to a function that has
// registered an extension, and time to answer before it is killed. What aws-lambda-go registers for that is taken.
//
// An environment that holds more memory than the function has is killed, and the invocation ends as Runtime.ExitError,
// "signal: killed"; the REPORT line says Runtime.OutOfMemory. Lambda's kernel refuses the first page too much; here the
// resident set is sampled from /proc, with these limits:
//   - The environment's first process is looked at every 10 ms while it runs, and at each answer, by the high-water mark
//     that the kernel keeps. A peak is so never missed, but found up to 10 ms late, with as much memory as can be taken in
//     that time; what the process did in between has happened.
//   - Processes that it starts are found within 250 ms as long as they stay in its process group, and count from the second
//     look on; peaks between two looks are missed. Pages that several processes share count for each of them.
//   - The resident set is counted, not the page cache and not /tmp, so Lambda may kill a little earlier.
//   - Where there is no /proc, as on macOS, nobody is killed, and the peak is known once a process has ended.
//
// What is left out: versions, aliases, layers, extensions, response streams and snapshots; the processor's share does not
// depend on the memory; queued events do not outlive the endpoint.
package lambdasim

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Endpoint serves the Lambda API for its functions. It is an [http.Handler], safe for concurrent use. Close it before the
// server that it is served by.
type Endpoint struct {
	region      string
	functions   map[string]*function
	mux         *http.ServeMux
	logger      *slog.Logger
	retryDelays []time.Duration

	// ending is done once Close has begun, and lifetime when its grace is over. Neither is a request's: queued events live until
	// the one, processes until the other.
	ending   context.Context
	end      context.CancelFunc
	lifetime context.Context
	stop     context.CancelFunc
	grace    time.Duration

	mu     sync.Mutex
	closed bool
	work   sync.WaitGroup
}

// New makes an endpoint and starts nothing: the first process starts with the first invocation. The error names every
// problem of the configuration at once.
func New(config Config) (*Endpoint, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("configure the lambda endpoint: %w", err)
	}

	e := &Endpoint{
		region:      config.Region,
		functions:   make(map[string]*function, len(config.Functions)),
		logger:      config.Logger,
		retryDelays: slices.Clone(config.AsyncRetryDelays),
	}
	if e.region == "" {
		e.region = defaultRegion
	}
	if e.logger == nil {
		e.logger = slog.New(slog.DiscardHandler)
	}
	if config.AsyncRetryDelays == nil {
		e.retryDelays = []time.Duration{time.Minute, 2 * time.Minute}
	}
	e.lifetime, e.stop = context.WithCancel(context.Background())
	e.ending, e.end = context.WithCancel(e.lifetime)
	e.grace = cmp.Or(config.Grace, defaultGrace)

	logs := &lineLog{out: config.Logs}
	for _, f := range config.Functions {
		settled, err := f.settled()
		if err != nil {
			return nil, err
		}
		e.functions[f.Name] = &function{
			Function:       settled,
			region:         e.region,
			initLimit:      cmp.Or(config.InitTimeout, defaultInit),
			maxAge:         cmp.Or(config.EnvironmentLifetime, defaultLifetime),
			maxInvocations: config.MaxInvocationsPerEnvironment,
			logs:           logs,
			logger:         e.logger.With("function", f.Name),
			hooks:          config.Hooks,
			closing:        e.closing,
			alive:          make(map[*environment]struct{}),
		}
	}
	e.mux = e.routes()

	return e, nil
}

// ServeHTTP answers the Lambda API.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(headerRequestID, newUUID())
	e.mux.ServeHTTP(w, r)
}

// Close ends everything: a process with an invocation gets SIGTERM and [Config].Grace to answer; then every process is killed
// by its id. It waits until all of them are gone and every invocation has been answered, by ServiceException where its process
// did not. Queued events are dropped. Invocations that come later are refused likewise. It may be called again, and then only
// waits. Its error is always nil.
func (e *Endpoint) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()

	e.end()
	for _, f := range e.functions {
		f.terminate()
	}

	overdue := time.AfterFunc(e.grace, e.stop)
	e.work.Wait()
	overdue.Stop()
	e.stop()

	for _, f := range e.functions {
		f.await()
	}

	return nil
}

// begin announces work that Close waits for, and reports false where the endpoint is closed. The caller calls e.work.Done.
func (e *Endpoint) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()

	if e.closed {
		return false
	}
	e.work.Add(1)

	return true
}

// closing reports whether Close was called.
func (e *Endpoint) closing() bool { return e.ending.Err() != nil }

// Kill kills every process of the named function, busy and idle, as the kernel kills one that is out of memory, and waits
// until they are gone. It returns how many there were; for an unknown name that is none.
func (e *Endpoint) Kill(name string) int {
	f, found := e.functions[name]
	if !found {
		return 0
	}

	return f.kill()
}

// Recycle shuts down every execution environment of the named function, as Lambda does from time to time: the idle ones
// now, and it waits until they are gone; the busy ones once their invocation has ended, which it does not wait for. The next
// invocation is a cold start. It returns how many there were; for an unknown name that is none.
func (e *Endpoint) Recycle(name string) int {
	f, found := e.functions[name]
	if !found {
		return 0
	}

	return f.recycle()
}

// Report returns what has been counted for the named function so far; for an unknown name everything is zero.
func (e *Endpoint) Report(name string) FunctionReport {
	f, found := e.functions[name]
	if !found {
		return FunctionReport{}
	}

	return f.counted()
}

// Names returns the functions' names in order.
func (e *Endpoint) Names() []string { return slices.Sorted(maps.Keys(e.functions)) }
