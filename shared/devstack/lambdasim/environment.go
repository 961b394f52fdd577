package lambdasim

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

// sampleEvery is how often the memory of a busy process is looked at, for those that end without an answer.
const sampleEvery = 100 * time.Millisecond

// environment is one execution environment: a process and the Runtime API that it talks to.
//
// Its life: started → ready (it asked for its first invocation) → busy and idle in turn → gone. It goes when the process
// ends, whoever ended it. One goroutine at a time runs an invocation on it.
type environment struct {
	function *function
	process  *process
	runtime  *runtimeAPI
	log      *atomic.Pointer[tail]
	started  time.Time
	used     bool
}

// startEnvironment starts a process for f; lines that it prints while it comes up go to first's log. The process ends
// with lifetime at the latest.
func startEnvironment(lifetime context.Context, f *function, first *invocation) (*environment, error) {
	api, err := newRuntimeAPI(lifetime)
	if err != nil {
		return nil, err
	}

	env := &environment{
		function: f,
		runtime:  api,
		log:      &atomic.Pointer[tail]{},
		started:  time.Now(),
	}
	env.log.Store(first.log)

	env.process, err = startProcess(lifetime, f.Path, f.environ(api.address()), func(line string) {
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

// retire waits for the end of the process and closes what was opened for it.
func (e *environment) retire() {
	<-e.process.exited
	e.runtime.close()
}

// run hands the invocation to the process and waits for its end. It reports false where the process had served before and
// was gone before it could be given this one: then nothing has happened.
func (e *environment) run(inv *invocation) (outcome, bool) {
	e.log.Store(inv.log)
	defer e.log.Store(nil)

	cold := !e.used
	e.used = true
	initDuration := time.Duration(0)
	if cold {
		if failure, ready := e.awaitReady(inv); !ready {
			return e.conclude(inv, failure, cold), true
		}
		initDuration = time.Since(e.started)
	}

	inv.start = time.Now()
	inv.deadline = inv.start.Add(e.function.Timeout)
	inv.log.line("START RequestId: " + inv.id + " Version: " + version)

	select {
	case e.runtime.work <- inv:
		if started := e.function.hooks.Started; started != nil {
			started(inv.seen(e.function.Name, e.process.id(), cold))
		}
	case <-e.process.exited:
		if !cold {
			return outcome{}, false
		}
	}

	result := e.await(inv)
	result.duration = time.Since(inv.start)
	result.initDuration = initDuration

	return e.conclude(inv, result, cold), true
}

// awaitReady waits until the process asks for its first invocation. Where it does not, it returns what the caller gets.
func (e *environment) awaitReady(inv *invocation) (outcome, bool) {
	timer := time.NewTimer(e.function.initLimit)
	defer timer.Stop()

	select {
	case <-e.runtime.ready:
		e.process.output.flush()

		return outcome{}, true
	case <-e.process.exited:
	case <-timer.C:
		e.process.stop()

		return timedOut(inv, e.function.initLimit), false
	}

	if document := e.runtime.initFailure(); document != nil {
		return outcome{payload: document, errorType: errorTypeOf(document)}, false
	}

	return failed(inv, typeExit, e.process.state()), false
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

	return failed(inv, typeExit, e.process.state())
}

// watch returns when the invocation is finished or its process gone, and reports whether it was killed at the deadline.
func (e *environment) watch(inv *invocation) (overran bool) {
	deadline := time.NewTimer(time.Until(inv.deadline))
	defer deadline.Stop()
	sample := time.NewTicker(sampleEvery)
	defer sample.Stop()

	for {
		select {
		case <-inv.finished:
			e.process.measure()
			e.process.output.flush()

			return false
		case <-e.process.exited:
			return false
		case <-sample.C:
			e.process.measure()
		case <-deadline.C:
			e.process.stop()

			return true
		}
	}
}

// conclude adds what the environment knows, and the last lines of the invocation's log.
func (e *environment) conclude(inv *invocation, result outcome, cold bool) outcome {
	result.cold = cold
	result.processID = e.process.id()
	result.peakMemory = e.process.peakMemory()
	inv.log.line("END RequestId: " + inv.id)
	inv.log.line(reportLine(inv, result, e.function.MemoryMB))

	return result
}

// environ returns the whole environment of a process, the function's own variables and Lambda's.
func (f *function) environ(runtimeAPI string) []string {
	variables := map[string]string{
		"PATH": "/usr/local/bin:/usr/bin:/bin",
		// A home that holds nothing: the SDK would read the developer's profile in the real one.
		"HOME":               "/nonexistent",
		"LANG":               "en_US.UTF-8",
		"TZ":                 ":UTC",
		"AWS_REGION":         f.region,
		"AWS_DEFAULT_REGION": f.region,
	}
	maps.Copy(variables, f.Env)
	maps.Copy(variables, map[string]string{
		"_HANDLER":                        "bootstrap",
		"LAMBDA_TASK_ROOT":                filepath.Dir(f.Path),
		"AWS_LAMBDA_RUNTIME_API":          runtimeAPI,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      logStream(time.Now()),
	})

	environ := make([]string, 0, len(variables))
	for key, value := range variables {
		environ = append(environ, key+"="+value)
	}

	return environ
}

// logStream returns the name of a log stream as Lambda makes one for each execution environment.
func logStream(now time.Time) string {
	var unique [16]byte
	_, _ = rand.Read(unique[:])

	return fmt.Sprintf("%s/[%s]%s", now.UTC().Format("2006/01/02"), version, hex.EncodeToString(unique[:]))
}
