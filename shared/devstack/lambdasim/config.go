package lambdasim

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

const (
	defaultRegion   = "local"
	defaultTimeout  = 3 * time.Second
	defaultMemoryMB = 128
	maxMemoryMB     = 10240
	defaultInit     = 10 * time.Second
	defaultGrace    = 10 * time.Second
	// defaultLifetime stands for Lambda's "every few hours", the only number that it gives.
	defaultLifetime = 2 * time.Hour
	account         = "000000000000"
)

// Function is one function that an [Endpoint] runs.
type Function struct {
	// Name is what it is invoked by: 1 to 64 letters, digits, hyphens and underscores.
	Name string

	// Path is the built binary, what a deployment package calls bootstrap. It must exist when the endpoint is made, and is
	// read again by each new process: a rebuilt binary serves from the next cold start on.
	Path string

	// Env is the function's own environment. Nothing of the calling process's environment reaches the function. The
	// variables that Lambda reserves and the endpoint sets (AWS_LAMBDA_FUNCTION_NAME, _HANDLER, …) are refused; AWS_REGION,
	// AWS_DEFAULT_REGION, TZ, PATH and HOME may be set and win.
	Env map[string]string

	// Timeout is how long one invocation may take before its process is killed. 0 is Lambda's default of 3 s.
	Timeout time.Duration

	// MemoryMB is the configured memory in MB, 128 to 10,240; 0 is Lambda's default of 128. It is told to the function,
	// and a process that holds more is killed; see the package comment for how that is found out.
	MemoryMB int

	// ReservedConcurrency is how many invocations may run at once; what goes beyond is throttled, not queued. 0 reserves
	// nothing, so that there is no bound; a negative value stands for Lambda's reserved concurrency of zero, which
	// throttles everything.
	ReservedConcurrency int
}

// Config says what an [Endpoint] serves.
type Config struct {
	// Functions are what can be invoked; their names differ.
	Functions []Function

	// Region is the region in ARNs and in AWS_REGION. Empty is "local".
	Region string

	// Logs gets what the processes print, stdout and stderr alike: each Write is one whole line with its newline, and no two
	// run at once. A line over 256 KB, Lambda's limit of a log event, is split. A writer that blocks holds the
	// functions up. Nil drops the lines.
	Logs io.Writer

	// Logger gets what the endpoint itself has to tell: processes that ended, events given up. Nil drops it. It is
	// never given a payload.
	Logger *slog.Logger

	// AsyncRetryDelays are the waits before an event whose invocation failed is tried again. Nil is what Lambda does: two
	// retries, after one minute and after two. An empty slice that is not nil means no retry.
	AsyncRetryDelays []time.Duration

	// InitTimeout is how long a process may take until it asks for its first invocation. Where it takes longer it is killed,
	// and another one is started within the invocation, whose timeout it then shares; where that is too slow too the
	// invocation ends as Sandbox.Timedout. 0 is Lambda's limit of 10 s.
	InitTimeout time.Duration

	// EnvironmentLifetime is how old an execution environment gets, counted from the start of its process: an idle one
	// is then shut down, a busy one once its invocation has ended, and the next invocation is a cold start. 0 is two hours;
	// Lambda says no more than "every few hours".
	EnvironmentLifetime time.Duration

	// MaxInvocationsPerEnvironment is how many invocations an execution environment serves before it is shut down likewise.
	// 0 is no limit, as in Lambda; 1 makes every invocation a cold start.
	MaxInvocationsPerEnvironment int

	// Grace is how long an invocation may take to end after SIGTERM, when the endpoint is closed, until its process is killed.
	// 0 is 10 s.
	Grace time.Duration

	// Hooks watch invocations; tests use them to act in the middle of one.
	Hooks Hooks
}

// Hooks are called on the goroutine of the invocation that they tell of: one that blocks holds that invocation up. They
// may be called concurrently for concurrent invocations. They may call [Endpoint.Kill], but not [Endpoint.Close], which
// would wait for itself. Either may be nil.
type Hooks struct {
	// Started is called once a process has been handed the invocation.
	Started func(Invocation)

	// Ended is called when the outcome is known and before the caller has it, also where Started was never called as no
	// process came up. Throttled invocations have neither.
	Ended func(Invocation)
}

// Invocation is what a hook is told about one attempt to run a function.
type Invocation struct {
	// Function is the function's name.
	Function string
	// RequestID is the Lambda request id; an event that is retried keeps it.
	RequestID string
	// Attempt counts from 1; it goes beyond 1 for retried events alone.
	Attempt int
	// ProcessID is the operating system's id of the process, 0 where none came up.
	ProcessID int
	// Cold tells that the process was started for this invocation.
	Cold bool
	// ErrorType is the outcome's error type as the caller sees it, empty on success and while the invocation runs. An error
	// without a type is "Unhandled".
	ErrorType string
	// Duration is the time from the hand-out to the end, 0 while the invocation runs.
	Duration time.Duration
}

// reserved reports whether key is an environment variable that the endpoint sets and a function may not.
func reserved(key string) bool {
	return slices.Contains([]string{
		"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME",
		"AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_LOG_GROUP_NAME",
		"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_INITIALIZATION_TYPE", "LAMBDA_TASK_ROOT",
	}, key)
}

// check returns every problem of the configuration in one error.
func (c Config) check() error {
	var problems []error
	if c.InitTimeout < 0 {
		problems = append(problems, fmt.Errorf("the init timeout %s is negative", c.InitTimeout))
	}
	if c.Grace < 0 {
		problems = append(problems, fmt.Errorf("the grace of %s is negative", c.Grace))
	}
	if c.EnvironmentLifetime < 0 {
		problems = append(problems, fmt.Errorf("the environment lifetime %s is negative", c.EnvironmentLifetime))
	}
	if c.MaxInvocationsPerEnvironment < 0 {
		problems = append(problems, fmt.Errorf("the limit of %d invocations an environment is negative", c.MaxInvocationsPerEnvironment))
	}

	seen := make(map[string]bool, len(c.Functions))
	for _, f := range c.Functions {
		if seen[f.Name] {
			problems = append(problems, fmt.Errorf("function %q: the name is used twice", f.Name))
		}
		seen[f.Name] = true

		if err := f.check(); err != nil {
			problems = append(problems, fmt.Errorf("function %q: %w", f.Name, err))
		}
	}

	return errors.Join(problems...)
}

func (f Function) check() error {
	var problems []error

	if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(f.Name) {
		problems = append(problems, errors.New("a name is 1 to 64 letters, digits, hyphens and underscores"))
	}
	if f.Timeout < 0 {
		problems = append(problems, fmt.Errorf("the timeout %s is negative", f.Timeout))
	}
	if f.MemoryMB != 0 && (f.MemoryMB < defaultMemoryMB || f.MemoryMB > maxMemoryMB) {
		problems = append(problems, fmt.Errorf("the memory of %d MB is not between %d and %d", f.MemoryMB, defaultMemoryMB, maxMemoryMB))
	}
	for key := range f.Env {
		if reserved(key) {
			problems = append(problems, fmt.Errorf("the variable %s is set by Lambda, not by a function's configuration", key))
		}
	}

	switch info, err := os.Stat(f.Path); {
	case err != nil:
		problems = append(problems, fmt.Errorf("build the binary first: %w", err))
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		problems = append(problems, fmt.Errorf("%s is no executable file", f.Path))
	}

	return errors.Join(problems...)
}

// settled returns the function with its defaults filled in and its path made absolute.
func (f Function) settled() (Function, error) {
	path, err := filepath.Abs(f.Path)
	if err != nil {
		return Function{}, fmt.Errorf("make the path of function %q absolute: %w", f.Name, err)
	}

	f.Path = path
	if f.Timeout == 0 {
		f.Timeout = defaultTimeout
	}
	if f.MemoryMB == 0 {
		f.MemoryMB = defaultMemoryMB
	}

	return f, nil
}
