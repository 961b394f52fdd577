// Package lambdasim is Lambda on this machine: it serves the Invoke API and runs built binaries through the real Runtime API.
//
// Its rules are Lambda's. An execution environment is one process, which serves one invocation at a time and is used again when idle.
// One that crashed, or was killed at its deadline, is replaced by the next invocation. A function sees the environment variables that it
// was configured with, and none of the calling process's. A caller gets what Lambda answers to an error, a crash and a timeout, after
// the last line that the invocation printed. iamsim says who may send requests.
//
// What is not there: asynchronous invocations, other operations, versions and aliases, a freeze between invocations, a bound on memory.
package lambdasim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Function is one function that an [Endpoint] runs.
type Function struct {
	Name string // what it is invoked by
	Path string // the built binary; it must exist when the endpoint is made, and is read again by each new process
	// Env is the function's own environment. Lambda's own variables (AWS_LAMBDA_FUNCTION_NAME, _HANDLER, …) win over it; it
	// wins over AWS_REGION, AWS_DEFAULT_REGION, TZ, LANG, PATH and HOME.
	Env                 map[string]string
	Timeout             time.Duration // of one invocation, whose process is then killed; 0: Lambda's default of 3 s
	MemoryMB            int           // 0: Lambda's default of 128
	ReservedConcurrency int           // how many invocations may run at once; what goes beyond is throttled; 0: any number
}

// Config says what an [Endpoint] serves.
type Config struct {
	Functions []Function // their names differ
	// Logs gets what the processes print, stdout and stderr alike: each Write is one whole line with its newline, and no two
	// run at once. A line over 256 KB, Lambda's limit of a log event, is split. Nil drops the lines.
	Logs  io.Writer
	Grace time.Duration // from SIGTERM, when the endpoint is closed, until the process of an invocation is killed; 0: 10 s
}

// Endpoint is an [http.Handler] of the Lambda API, safe for concurrent use. Close it before the server that it is served by.
type Endpoint struct {
	functions []*function
	logs      *log.Logger // writes whole lines, one at a time
	grace     time.Duration
	routes    *http.ServeMux

	// ending is done once Close has begun, lifetime when its grace is over. As in Lambda, an invocation outlives its caller's request.
	ending, lifetime context.Context
	end, stop        context.CancelFunc

	mu   sync.Mutex // orders the last invocation's begin before Close's wait
	work sync.WaitGroup
}

// New makes an endpoint; the first process starts with the first invocation. The error names every binary that is missing.
func New(config Config) (*Endpoint, error) {
	e := &Endpoint{
		logs: log.New(cmp.Or(config.Logs, io.Discard), "", 0), grace: cmp.Or(config.Grace, 10*time.Second), routes: http.NewServeMux(),
	}
	e.routes.HandleFunc("POST /2015-03-31/functions/{name}/invocations", e.invoke)
	e.routes.HandleFunc("/", e.unknown)
	e.lifetime, e.stop = context.WithCancel(context.Background())
	e.ending, e.end = context.WithCancel(e.lifetime)
	var problems []error
	for _, f := range config.Functions {
		path, err := filepath.Abs(f.Path)
		if err == nil {
			_, err = exec.LookPath(path)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("function %s: build the binary first: %w", f.Name, err))
		}
		f.Path, f.Timeout, f.MemoryMB = path, cmp.Or(f.Timeout, 3*time.Second), cmp.Or(f.MemoryMB, 128)
		e.functions = append(e.functions, newFunction(f, e))
	}
	if len(problems) > 0 {
		e.stop()

		return nil, fmt.Errorf("configure the local Lambda: %w", errors.Join(problems...))
	}

	return e, nil
}

// ServeHTTP answers the Lambda API.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(headerRequestID, newUUID())
	e.routes.ServeHTTP(w, r)
}

// Close sends SIGTERM to each process, gives an invocation [Config].Grace to answer, then kills every process. It waits until all are
// gone. Invocations that did not answer, and later ones, get ServiceException. It may be called again. Its error is always nil.
func (e *Endpoint) Close() error {
	e.mu.Lock()
	e.end()
	e.mu.Unlock()
	overdue := time.AfterFunc(e.grace, e.stop)
	e.work.Wait()
	overdue.Stop()
	e.stop()
	for _, f := range e.functions {
		f.attendants.Wait()
	}

	return nil
}

// begin announces an invocation, whose caller calls e.work.Done; false where the endpoint is closed.
func (e *Endpoint) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ending.Err() != nil {
		return false
	}
	e.work.Add(1)

	return true
}

// find returns the function of a name or an ARN; nil where there is none.
func (e *Endpoint) find(name string) *function {
	for _, f := range e.functions {
		if name == f.Name || name == f.arn() {
			return f
		}
	}

	return nil
}

// Kill kills every process of the function as the kernel kills one that is out of memory, waits, and returns how many there were.
func (e *Endpoint) Kill(name string) int {
	if f := e.find(name); f != nil {
		return f.kill()
	}

	return 0
}

// Invocations returns how many invocations of the function have run, whatever came of them.
func (e *Endpoint) Invocations(name string) int {
	f := e.find(name)
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()

	return f.invocations
}
