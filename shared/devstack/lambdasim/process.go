package lambdasim

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
)

// process is a running binary, with all processes that it started and left in its process group, and what they print.
type process struct {
	command *exec.Cmd
	output  *output
	// exited is closed when the process is gone, its last line has been passed on and its memory is known.
	exited chan struct{}
	asked  atomic.Bool

	// limit is how much memory the group may hold, in bytes.
	limit  int64
	memory *gauge
	// floor is the peak memory of the parent when the process was started; see exitPeak.
	floor int64

	mu     sync.Mutex
	reaped bool
}

// startProcess runs the binary at path with environ as its whole environment, until it ends, lifetime does, or it is seen to
// hold more than limit bytes. Every line that it prints goes to sink, from one goroutine.
func startProcess(
	lifetime context.Context, path string, environ []string, limit int64, sink func(line string),
) (*process, error) {
	out, err := newOutput(sink)
	if err != nil {
		return nil, err
	}

	command := exec.CommandContext(lifetime, path)
	command.Dir = filepath.Dir(path)
	command.Env = environ
	command.Stdout = out.write
	command.Stderr = out.write
	// A group of its own is what can be measured, frozen and killed as a whole. And an interrupt typed at the terminal is
	// for the stack, which then ends its functions in order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	p := &process{command: command, output: out, exited: make(chan struct{}), limit: limit}
	command.Cancel = func() error {
		p.asked.Store(true)
		p.signal(syscall.SIGKILL)

		return nil
	}

	if err := command.Start(); err != nil {
		out.finish()

		return nil, fmt.Errorf("start the function's binary: %w", err)
	}
	p.floor = residentSet(selfID()).peak
	p.memory = &gauge{leader: p.id()}

	go p.wait()

	return p, nil
}

// wait sees the process to its end.
func (p *process) wait() {
	_ = p.command.Wait() // how it ended is in ProcessState
	p.bury()
	p.output.finish()
	p.memory.keep(exitPeak(p.command.ProcessState, p.floor))
	close(p.exited)
}

// bury kills what the process has left behind: an environment ends as a whole.
func (p *process) bury() {
	p.mu.Lock()
	defer p.mu.Unlock()

	_ = syscall.Kill(-p.id(), syscall.SIGKILL) // mostly there is nobody left
	p.reaped = true
}

func (p *process) id() int { return p.command.Process.Pid }

func (p *process) dead() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// signal signals the whole group, as long as its id is certain to be its own.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()

	if !p.reaped {
		_ = syscall.Kill(-p.id(), s) // it can only have ended already
	}
}

// freeze takes the processor away from every process of the group, until thaw.
func (p *process) freeze() { p.signal(syscall.SIGSTOP) }

// thaw lets a frozen group go on. Its clocks have gone on meanwhile: timers that came due fire now.
func (p *process) thaw() { p.signal(syscall.SIGCONT) }

// kill ends the process as the kernel does, and does not wait.
func (p *process) kill() {
	if !p.dead() {
		p.memory.read()
	}
	p.signal(syscall.SIGKILL)
}

// terminate asks the process, on the endpoint's account, to end. It may catch that, and finish what it is at.
func (p *process) terminate() {
	p.asked.Store(true)
	p.signal(syscall.SIGTERM)
}

// stop ends the process on the endpoint's account, so that its end is no crash, and waits for it.
func (p *process) stop() {
	p.asked.Store(true)
	p.kill()
	<-p.exited
}

// stopped reports whether the endpoint ended the process.
func (p *process) stopped() bool { return p.asked.Load() }

// state says how the process ended, in Lambda's words. It is valid once exited is closed. One that took too much memory
// and ended by itself before anybody saw it is told as killed all the same: in Lambda it would not have come that far.
func (p *process) state() string {
	switch {
	case p.exhausted():
		return "Runtime exited with error: signal: " + syscall.SIGKILL.String()
	case p.command.ProcessState.Success():
		return "Runtime exited without providing a reason"
	default:
		return "Runtime exited with error: " + p.command.ProcessState.String()
	}
}

// withinMemory looks at the memory of the process, kills it where that is over the limit, and reports whether it was not.
func (p *process) withinMemory() bool {
	if !p.dead() { // else its id may be another's
		p.memory.read()
	}
	if !p.exhausted() {
		return true
	}
	p.signal(syscall.SIGKILL)

	return false
}

// exhausted reports whether more memory was seen than the limit.
func (p *process) exhausted() bool { return p.memory.seen() > p.limit }
