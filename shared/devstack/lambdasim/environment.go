package lambdasim

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// initLimit is how long a process may take until it asks for its first invocation: Lambda's limit.
const initLimit = 10 * time.Second

// environment is one execution environment, on which one goroutine at a time runs an invocation.
type environment struct {
	command *exec.Cmd
	api     *runtimeAPI
	output  *output
	exited  chan struct{} // closed when the process is gone, its last line is passed on and the function has forgotten it
	idle    bool          // nobody runs an invocation on it; the function's mutex guards it
}

// startEnvironment starts a process of f, which ends with the endpoint's lifetime at the latest.
func startEnvironment(f *function) (*environment, error) {
	out, err := newOutput(f.endpoint.logs)
	if err != nil {
		return nil, err
	}
	e := &environment{api: newRuntimeAPI(), output: out, exited: make(chan struct{})}
	e.command = exec.CommandContext(f.endpoint.lifetime, f.Path) //nolint:gosec // the function that it is made to run
	e.command.Dir, e.command.Env = filepath.Dir(f.Path), f.environ(e.api.Listener.Addr().String())
	e.command.Stdout, e.command.Stderr = out.write, out.write
	// In a group of its own: an interrupt typed at the terminal is for the stack, which then ends its functions in order.
	e.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := e.command.Start(); err != nil {
		e.close()

		return nil, fmt.Errorf("start the function's binary: %w", err)
	}

	return e, nil
}

// close closes what was opened for the process, once that has ended or has not come up.
func (e *environment) close() {
	e.output.finish()
	e.api.CloseClientConnections()
	e.api.Close()
}

// run returns what came of an invocation once all that it printed has been passed on; false where the process was gone before.
func (e *environment) run(inv *invocation, timeout time.Duration) (reply, bool) {
	inv.timeout = timeout
	limit := time.NewTimer(initLimit)
	defer limit.Stop()
	select {
	case e.api.work <- inv:
		limit.Reset(timeout)
	case <-e.exited:
		return failed(inv, "Runtime.ExitError", e.state()), false
	case <-limit.C:
		e.stop()

		return timedOut(inv, initLimit), true
	}
	select {
	case <-inv.finished:
		e.output.flush()
	case <-e.exited:
		inv.end(failed(inv, "Runtime.ExitError", e.state()))
	case <-limit.C:
		e.stop()
		inv.end(timedOut(inv, timeout))
	}

	return *inv.answer.Load(), true
}

// terminate asks the process to end. One that catches SIGTERM may finish its invocation.
func (e *environment) terminate() {
	_ = e.command.Process.Signal(syscall.SIGTERM) // it can only have ended already
}

// kill ends the process as the kernel does, and does not wait.
func (e *environment) kill() {
	_ = e.command.Process.Kill() // it can only have ended already
}

// stop kills the process and waits for it.
func (e *environment) stop() {
	e.kill()
	<-e.exited
}

// state says how the process ended, in Lambda's words.
func (e *environment) state() string {
	if e.command.ProcessState.Success() {
		return "Runtime exited without providing a reason"
	}

	return "Runtime exited with error: " + e.command.ProcessState.String()
}

// environ returns the whole environment of a process: of two values for a variable the last counts.
func (f *function) environ(runtimeAPI string) []string {
	environ := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=en_US.UTF-8", "TZ=:UTC", "AWS_REGION=" + awsjson.Region, "AWS_DEFAULT_REGION=" + awsjson.Region,
		// A home without files: the SDK would read the developer's profile in the real one.
		"HOME=/nonexistent",
	}
	for key, value := range f.Env {
		environ = append(environ, key+"="+value)
	}

	return append(environ,
		"_HANDLER=bootstrap", "LAMBDA_TASK_ROOT="+filepath.Dir(f.Path), "AWS_LAMBDA_RUNTIME_API="+runtimeAPI,
		"AWS_LAMBDA_FUNCTION_NAME="+f.Name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE="+strconv.Itoa(f.MemoryMB), "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/"+f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME="+time.Now().UTC().Format("2006/01/02/[$LATEST]")+newUUID(),
	)
}
