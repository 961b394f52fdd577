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

// process is a running binary and what it prints.
type process struct {
	command *exec.Cmd
	output  *output
	// exited is closed when the process is gone, its last line has been passed on and its memory is known.
	exited chan struct{}
	asked  atomic.Bool
	// floor is the peak memory of the parent when the process was started; see exitPeak.
	floor int64

	mu   sync.Mutex
	peak int64
}

// startProcess runs the binary at path with environ as its whole environment, until it ends or lifetime does. Every line that
// it prints goes to sink, from one goroutine.
func startProcess(lifetime context.Context, path string, environ []string, sink func(line string)) (*process, error) {
	out, err := newOutput(sink)
	if err != nil {
		return nil, err
	}

	command := exec.CommandContext(lifetime, path)
	command.Dir = filepath.Dir(path)
	command.Env = environ
	command.Stdout = out.write
	command.Stderr = out.write
	// An interrupt typed at the terminal is for the stack, which then ends its functions in order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	p := &process{command: command, output: out, exited: make(chan struct{})}
	command.Cancel = func() error {
		p.asked.Store(true)
		p.kill()

		return nil
	}

	if err := command.Start(); err != nil {
		out.finish()

		return nil, fmt.Errorf("start the function's binary: %w", err)
	}
	p.floor = highWater(selfID())

	go func() {
		_ = command.Wait() // how it ended is in ProcessState
		out.finish()
		p.keep(exitPeak(command.ProcessState, p.floor))
		close(p.exited)
	}()

	return p, nil
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

// kill ends the process as the kernel does, and does not wait.
func (p *process) kill() {
	p.measure()
	_ = p.command.Process.Kill() // it can only have ended already
}

// stop ends the process on the endpoint's account, so that its end is no crash, and waits for it.
func (p *process) stop() {
	p.asked.Store(true)
	p.kill()
	<-p.exited
}

// stopped reports whether the endpoint ended the process.
func (p *process) stopped() bool { return p.asked.Load() }

// state says how the process ended, in Lambda's words. It is valid once exited is closed.
func (p *process) state() string {
	if p.command.ProcessState.Success() {
		return "Runtime exited without providing a reason"
	}

	return "Runtime exited with error: " + p.command.ProcessState.String()
}

// measure looks at the memory of the process while it lives; its id may later be another's.
func (p *process) measure() {
	if !p.dead() {
		p.keep(highWater(p.id()))
	}
}

func (p *process) keep(peak int64) {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.peak = max(p.peak, peak)
}

// peakMemory returns the largest resident set seen, in bytes, 0 where nothing could be seen.
func (p *process) peakMemory() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.peak
}
