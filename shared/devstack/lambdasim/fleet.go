package lambdasim

import (
	"context"
	"errors"
	"slices"
	"time"
)

// takeIdle returns the environment that was used last among the idle ones, or nil.
func (f *function) takeIdle() *environment {
	f.mu.Lock()
	defer f.mu.Unlock()

	last := len(f.idle) - 1
	if last < 0 {
		return nil
	}
	env := f.idle[last]
	f.idle = f.idle[:last]

	return env
}

// start starts an environment for the invocation, but for a closing endpoint.
func (f *function) start(lifetime context.Context, inv *invocation) (*environment, error) {
	if f.closing() {
		return nil, errors.New("the endpoint is closed")
	}

	env, err := startEnvironment(lifetime, f, inv)
	if err != nil {
		f.logger.Warn("no process could be started", "error", err)

		return nil, err
	}

	f.mu.Lock()
	f.alive[env] = struct{}{}
	f.report.Processes++
	f.mu.Unlock()

	f.attendants.Go(func() { f.attend(env) })

	return env, nil
}

// attend sees an environment to its end, which is not later than its age allows.
func (f *function) attend(env *environment) {
	age := time.NewTimer(f.maxAge)
	defer age.Stop()

	select {
	case <-env.process.exited:
	case <-age.C:
		f.expire(env)
	}
	env.close()
	f.forget(env)
}

// putBack makes an environment whose process lives available again, or shuts it down where its time is over.
func (f *function) putBack(env *environment) {
	if env.process.dead() {
		f.forget(env)

		return
	}

	f.mu.Lock()
	over := env.expired || f.maxInvocations > 0 && env.served >= f.maxInvocations
	if _, alive := f.alive[env]; alive && !over {
		f.idle = append(f.idle, env)
	}
	f.mu.Unlock()

	if over {
		f.shutDown(env)
	}
}

// expire shuts an environment down if it is idle; a busy one follows when it is put back.
func (f *function) expire(env *environment) {
	f.mu.Lock()
	env.expired = true
	idle := slices.Contains(f.idle, env)
	f.leave(env)
	f.mu.Unlock()

	if idle {
		f.shutDown(env)
	}
}

// shutDown ends an environment that nobody can take any more, and counts it.
func (f *function) shutDown(env *environment) {
	env.process.stop()

	f.mu.Lock()
	f.report.Recycled++
	f.mu.Unlock()
	f.forget(env)
}

// recycle expires all environments and returns how many there were.
func (f *function) recycle() int {
	living := f.living()
	for _, env := range living {
		f.expire(env)
	}

	return len(living)
}

// leave takes an environment out of the idle ones. The caller holds the lock.
func (f *function) leave(env *environment) {
	f.idle = slices.DeleteFunc(f.idle, func(idle *environment) bool { return idle == env })
}

// forget drops an environment whose process has ended, and counts it once.
func (f *function) forget(env *environment) {
	f.mu.Lock()
	defer f.mu.Unlock()

	if _, alive := f.alive[env]; !alive {
		return
	}
	delete(f.alive, env)
	f.leave(env)
	f.report.PeakMemory = max(f.report.PeakMemory, env.process.memory.seen())

	if env.process.stopped() {
		return
	}
	f.report.Crashes++
	if env.process.exhausted() {
		f.report.OutOfMemory++
	}
	f.logger.Warn("a process ended unasked", "process_id", env.process.id(), "state", env.process.state(),
		"memory_used_mb", memoryUsedMB(env.process.memory.seen(), f.MemoryMB), "memory_mb", f.MemoryMB)
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

// terminate tells every process that is not idle to end, and waits for none. One that is handed its invocation later is told
// then.
func (f *function) terminate() {
	f.mu.Lock()
	defer f.mu.Unlock()

	for env := range f.alive {
		if !slices.Contains(f.idle, env) {
			env.process.terminate()
		}
	}
}

// await waits until no process is left; the end of the endpoint's lifetime ends them.
func (f *function) await() {
	f.attendants.Wait()
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
