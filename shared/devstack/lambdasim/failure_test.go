package lambdasim_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

func asError[E error](err error, target *E) bool { return errors.As(err, target) }

// counts is a report without what differs from run to run.
func counts(r lambdasim.FunctionReport) lambdasim.FunctionReport {
	r.PeakMemory, r.MaxMemoryUsedMB, r.BilledDuration = 0, 0, 0

	return r
}

func TestAFailureIsToldAsLambdaTellsIt(t *testing.T) {
	t.Parallel()

	const uuid = `[0-9a-f-]{36}`
	tests := map[string]struct {
		event string
		// payload is what the caller gets, as a pattern.
		payload string
		// replaced tells that the process does not survive.
		replaced bool
		report   lambdasim.FunctionReport
	}{
		"an error with a type": {
			event:   `{"do":"fail","text":"slow down"}`,
			payload: `^\{"errorMessage":"slow down","errorType":"RateLimited"\}$`,
			report:  lambdasim.FunctionReport{Invocations: 2, Errors: 1, Processes: 1},
		},
		"a panic": {
			event:    `{"do":"panic","text":"broken"}`,
			payload:  `^\{"errorMessage":"broken","errorType":"string","stackTrace":\[`,
			replaced: true,
			report:   lambdasim.FunctionReport{Invocations: 2, Errors: 1, Crashes: 1, Processes: 2},
		},
		"an exit": {
			event:    `{"do":"exit","count":2}`,
			payload:  `^\{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ` + uuid + ` Error: Runtime exited with error: exit status 2"\}$`,
			replaced: true,
			report:   lambdasim.FunctionReport{Invocations: 2, Errors: 1, Crashes: 1, Processes: 2},
		},
		"an exit as if nothing were wrong": {
			event:    `{"do":"exit"}`,
			payload:  `^\{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ` + uuid + ` Error: Runtime exited without providing a reason"\}$`,
			replaced: true,
			report:   lambdasim.FunctionReport{Invocations: 2, Errors: 1, Crashes: 1, Processes: 2},
		},
		"a sleep beyond the timeout": {
			event:    `{"do":"sleep","millis":60000}`,
			payload:  `^\{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ` + uuid + ` Error: Task timed out after 2.25 seconds"\}$`,
			replaced: true,
			report:   lambdasim.FunctionReport{Invocations: 2, Errors: 1, Timeouts: 1, Processes: 2},
		},
		"a response over the limit": {
			event:    `{"do":"big","count":6291556}`,
			payload:  `^\{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size \(6291556 bytes\)\."\}$`,
			replaced: true, // the Go runtime ends when its answer is refused
			report:   lambdasim.FunctionReport{Invocations: 2, Errors: 1, Crashes: 1, Processes: 2},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			function := probe()
			function.Timeout = 2250 * time.Millisecond
			s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function}})

			output := s.invoke(t, test.event)
			if output.StatusCode != http.StatusOK || aws.ToString(output.FunctionError) != "Unhandled" {
				t.Errorf("status %d, function error %q; want 200 and Unhandled", output.StatusCode, aws.ToString(output.FunctionError))
			}
			if !regexp.MustCompile(test.payload).Match(output.Payload) {
				t.Errorf("payload %.200s, want %s", output.Payload, test.payload)
			}

			next := string(s.invoke(t, `{"do":"count"}`).Payload)
			want := `,"pid":`
			invocations := `{"invocations":2`
			if test.replaced {
				invocations = `{"invocations":1`
			}
			if !strings.HasPrefix(next, invocations+want) {
				t.Errorf("the next invocation was given %s, want %s…", next, invocations)
			}
			if diff := cmp.Diff(test.report, counts(s.Report("probe"))); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAProcessThatDoesNotComeUpIsToldAsLambdaTellsIt(t *testing.T) {
	t.Parallel()
	nonsense := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(nonsense, []byte("no program\n"), 0o700); err != nil {
		t.Fatal(err)
	}

	tests := map[string]struct {
		path    string
		env     map[string]string
		payload string
		// status is how the three lines of the log that tell of a failure end.
		status string
		report lambdasim.FunctionReport
		// linux tells that it is found out nowhere else.
		linux bool
	}{
		"an exit before the first invocation": {
			payload: `^\{"errorType":"Runtime.ExitError","errorMessage":"RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3"\}$`,
			status:  `error\tError Type: Runtime\.ExitError`,
			report:  lambdasim.FunctionReport{Invocations: 1, Errors: 1, Crashes: 2, Processes: 2},
		},
		"an exit of 0 before the first invocation": {
			env:     map[string]string{"EXIT": "0"},
			payload: `Error: Runtime exited without providing a reason"\}$`,
			status:  `error\tError Type: Runtime\.ExitError`,
			report:  lambdasim.FunctionReport{Invocations: 1, Errors: 1, Crashes: 2, Processes: 2},
		},
		"an init error": {
			env:     map[string]string{"LAST_WORDS": "two variables are missing"},
			payload: `^\{"errorType":"InvalidConfiguration","errorMessage":"two variables are missing"\}$`,
			status:  `error\tError Type: InvalidConfiguration`,
			report:  lambdasim.FunctionReport{Invocations: 1, Errors: 1, Crashes: 2, Processes: 2},
		},
		"a start that takes too long": {
			env:     map[string]string{"HANG": "1"},
			payload: `^\{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: [0-9a-f-]{36} Error: Task timed out after 2.25 seconds"\}$`,
			status:  `timeout`,
			report:  lambdasim.FunctionReport{Invocations: 1, Errors: 1, Timeouts: 1, Processes: 2},
		},
		"a start that takes too much memory": {
			env:     map[string]string{"EAT_MB": "200"},
			payload: `^\{"errorType":"Runtime.ExitError","errorMessage":"RequestId: [0-9a-f-]{36} Error: Runtime exited with error: signal: killed"\}$`,
			status:  `error\tError Type: Runtime\.OutOfMemory`,
			report:  lambdasim.FunctionReport{Invocations: 1, Errors: 1, Crashes: 2, OutOfMemory: 2, Processes: 2},
			linux:   true,
		},
		"a file that is no program": {
			path:    nonsense,
			payload: `^\{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: [0-9a-f-]{36} Error: .*exec format error"\}$`,
			status:  `error\tError Type: Runtime\.InvalidEntrypoint`,
			report:  lambdasim.FunctionReport{Invocations: 1, Errors: 1},
		},
	}
	for name, test := range tests {
		if test.linux && runtime.GOOS != "linux" {
			continue // only /proc tells how much memory a process has
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			function := lambdasim.Function{
				Name: "probe", Path: filepath.Join(programs, "stillborn"), Env: test.env, Timeout: 2250 * time.Millisecond,
			}
			if test.path != "" {
				function.Path = test.path
			}
			s := start(t, lambdasim.Config{
				Functions: []lambdasim.Function{function}, InitTimeout: 1500 * time.Millisecond,
			})

			output, log := s.invokeForLog(t, `{}`)
			if aws.ToString(output.FunctionError) != "Unhandled" {
				t.Errorf("function error %q, want Unhandled", aws.ToString(output.FunctionError))
			}
			if !regexp.MustCompile(test.payload).Match(output.Payload) {
				t.Errorf("payload %s, want %s", output.Payload, test.payload)
			}
			form := `(?s)^INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: ` + test.status +
				`\nINIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: ` + test.status +
				`\nSTART RequestId: .*END RequestId: \S+\nREPORT RequestId: [^\n]* MB\tStatus: ` + test.status + `\n$`
			if !regexp.MustCompile(form).MatchString(log) {
				t.Errorf("the log is\n%swant %s", log, form)
			}
			if diff := cmp.Diff(test.report, counts(s.Report("probe"))); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnInitThatFailsOnceIsMadeUpForInTheInvocation(t *testing.T) {
	t.Parallel()
	function := probe()
	function.Timeout = 30 * time.Second
	function.Env = map[string]string{"DIE_ONCE": filepath.Join(t.TempDir(), "died"), "INIT_MILLIS": "1000"}
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function}})

	output, log := s.invokeForLog(t, `{"do":"context"}`)
	var seen struct {
		MillisLeft int64 `json:"millis_left"`
	}
	if err := json.Unmarshal(output.Payload, &seen); err != nil || output.FunctionError != nil {
		t.Errorf("the invocation was answered %s: %v", output.Payload, err)
	}
	if seen.MillisLeft > 29_000 || seen.MillisLeft < 10_000 {
		t.Errorf("%d ms are left of 30,000 after the second init took 1,000", seen.MillisLeft)
	}
	const form = `^INIT_REPORT Init Duration: \S+ ms\tPhase: init\tStatus: error\tError Type: Runtime\.ExitError\n` +
		`START [^\n]*\nEND [^\n]*\nREPORT RequestId: [^\n]* MB\n$`
	if !regexp.MustCompile(form).MatchString(log) {
		t.Errorf("the log is\n%swant %s", log, form)
	}

	if again, log := s.invokeForLog(t, `{"do":"count"}`); again.FunctionError != nil || strings.Contains(log, "INIT_REPORT") {
		t.Errorf("the next invocation was answered %s, its log is\n%s", again.Payload, log)
	}
	want := lambdasim.FunctionReport{Invocations: 2, Crashes: 1, Processes: 2}
	if diff := cmp.Diff(want, counts(s.Report("probe"))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestAKilledProcessIsACrashAndIsReplaced(t *testing.T) {
	t.Parallel()
	running := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions: []lambdasim.Function{probe()},
		Hooks:     lambdasim.Hooks{Started: func(i lambdasim.Invocation) { running <- i }},
	})

	done := s.invokeInBackground(t, `{"do":"sleep","millis":60000}`)
	if seen := receive(t, running); seen.Function != "probe" || seen.ProcessID == 0 || !seen.Cold || seen.Attempt != 1 {
		t.Errorf("the hook was told %+v", seen)
	}
	if killed := s.Kill("probe"); killed != 1 {
		t.Errorf("%d processes were killed, want 1", killed)
	}
	ended := receive(t, done)
	if ended.err != nil {
		t.Fatal(ended.err)
	}
	if want := `Error: Runtime exited with error: signal: killed"}`; !strings.HasSuffix(string(ended.output.Payload), want) {
		t.Errorf("payload %s, want …%s", ended.output.Payload, want)
	}

	s.invoke(t, `{"do":"count"}`)
	if killed := s.Kill("probe"); killed != 1 {
		t.Errorf("%d idle processes were killed, want 1", killed)
	}
	if got := s.invoke(t, `{"do":"count"}`); got.FunctionError != nil {
		t.Errorf("an invocation after an idle process died failed: %s", got.Payload)
	}
	want := lambdasim.FunctionReport{Invocations: 3, Errors: 1, Crashes: 2, Processes: 3}
	if diff := cmp.Diff(want, counts(s.Report("probe"))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if killed := s.Kill("nobody"); killed != 0 {
		t.Errorf("%d processes of an unknown function were killed", killed)
	}
}

func TestCloseEndsRunningInvocationsAndIsFinal(t *testing.T) {
	t.Parallel()
	running := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions: []lambdasim.Function{probe()},
		Hooks:     lambdasim.Hooks{Started: func(i lambdasim.Invocation) { running <- i }},
	})

	done := s.invokeInBackground(t, `{"do":"sleep","millis":60000}`)
	seen := receive(t, running)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if process, err := os.FindProcess(seen.ProcessID); err == nil && process.Signal(syscall.Signal(0)) == nil {
		t.Errorf("process %d is still there", seen.ProcessID)
	}

	ended := receive(t, done)
	_, later := s.client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("probe")})
	for when, err := range map[string]error{"running": ended.err, "later": later} {
		if err == nil || !strings.Contains(err.Error(), "ServiceException") {
			t.Errorf("the %s invocation got %v, want ServiceException", when, err)
		}
	}
	if crashes := s.Report("probe").Crashes; crashes != 0 {
		t.Errorf("%d crashes were counted, closing is none", crashes)
	}
}
