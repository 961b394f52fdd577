package lambdasim

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"genesys-cloud-export/shared/devstack/awsjson"
)

// function has the execution environments of one function.
type function struct {
	Function

	endpoint    *Endpoint
	concurrency *semaphore.Weighted // its invocations at once
	attendants  sync.WaitGroup      // one for each process, until it is gone

	mu          sync.Mutex
	alive       []*environment
	invocations int
}

func newFunction(f Function, e *Endpoint) *function {
	return &function{
		Function: f, endpoint: e, concurrency: semaphore.NewWeighted(cmp.Or(int64(f.ReservedConcurrency), math.MaxInt64)),
	}
}

func (f *function) arn() string { return awsjson.ARN("lambda", "function:"+f.Name) }

// run runs an invocation on an idle environment, or on a new one.
func (f *function) run(inv *invocation) reply {
	for {
		env := f.takeIdle()
		cold := env == nil
		if cold {
			var err error
			if env, err = f.start(); err != nil {
				return failed(inv, "Runtime.InvalidEntrypoint", err.Error())
			}
		}
		answer, taken := env.run(inv, f.Timeout)
		if !taken && !cold {
			continue // it died idle before anybody noticed, which is no failure of this invocation
		}
		f.putBack(env)

		return answer
	}
}

// takeIdle returns an idle environment, or nil.
func (f *function) takeIdle() *environment {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, env := range f.alive {
		if env.idle {
			env.idle = false

			return env
		}
	}

	return nil
}

// start starts an environment, and waits for its end in the background.
func (f *function) start() (*environment, error) {
	env, err := startEnvironment(f)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.alive = append(f.alive, env)
	f.mu.Unlock()
	f.attendants.Go(func() {
		defer context.AfterFunc(f.endpoint.ending, env.terminate)()
		_ = env.command.Wait() // how it ended is in ProcessState
		env.close()
		f.mu.Lock()
		f.alive = slices.DeleteFunc(f.alive, func(other *environment) bool { return other == env })
		f.mu.Unlock()
		close(env.exited)
	})

	return env, nil
}

// putBack counts the invocation that an environment had, and makes it available again.
func (f *function) putBack(env *environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.invocations++
	env.idle = true
}

// kill kills all environments as if by the kernel, waits, and returns how many there were.
func (f *function) kill() int {
	f.mu.Lock()
	doomed := slices.Clone(f.alive)
	f.mu.Unlock()
	for _, env := range doomed {
		env.kill()
	}
	for _, env := range doomed {
		<-env.exited
	}

	return len(doomed)
}
