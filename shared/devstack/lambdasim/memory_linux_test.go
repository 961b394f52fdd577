package lambdasim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

// stateOf returns the state of a process as proc(5) abbreviates it, X for one that is gone.
func stateOf(t *testing.T, processID int) string {
	t.Helper()

	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", processID))
	if errors.Is(err, os.ErrNotExist) {
		return "X"
	}
	if err != nil {
		t.Fatal(err)
	}

	return string(bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])[0])
}

// awaitState waits until a process has one of these states.
func awaitState(t *testing.T, processID int, states string) {
	t.Helper()

	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		state := stateOf(t, processID)
		if strings.Contains(states, state) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("process %d is in state %s, want one of %s", processID, state, states)
		}
	}
}

// gone are the states of a process that has ended, whether or not its parent has noticed.
const gone = "XZ"

func TestAnEnvironmentOverItsMemoryIsKilledAsLambdaKillsIt(t *testing.T) {
	t.Parallel()

	for name, event := range map[string]string{
		"while it holds it":       `{"do":"eat","count":200,"millis":60000}`,
		"in passing":              `{"do":"eat","count":200}`,
		"before an exit":          `{"do":"eat","count":200,"millis":500,"text":"exit"}`,
		"in a process of its own": `{"do":"spawn","count":200,"millis":60000,"path":%q}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startProbe(t)
			path := filepath.Join(t.TempDir(), "child")
			if strings.Contains(event, "%q") {
				event = fmt.Sprintf(event, path)
			}
			s.invoke(t, `{}`)

			output, log := s.invokeForLog(t, event)
			const payload = `^\{"errorType":"Runtime.ExitError","errorMessage":"RequestId: \S+ Error: Runtime exited with error: signal: killed"\}$`
			if aws.ToString(output.FunctionError) != "Unhandled" || !regexp.MustCompile(payload).Match(output.Payload) {
				t.Errorf("function error %q, payload %s; want Unhandled and %s", aws.ToString(output.FunctionError), output.Payload, payload)
			}
			const tail = `^START [^\n]*\nRequestId: \S+ Error: Runtime exited with error: signal: killed\nRuntime\.ExitError\nEND [^\n]*\n` +
				`REPORT RequestId: [^\n]*\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: error\tError Type: Runtime\.OutOfMemory\n$`
			if !regexp.MustCompile(tail).MatchString(log) {
				t.Errorf("the log is\n%swant %s", log, tail)
			}

			if next := string(s.invoke(t, `{"do":"count"}`).Payload); !strings.HasPrefix(next, `{"invocations":1,`) {
				t.Errorf("the next invocation was given %s, want a new process", next)
			}
			report := s.Report("probe")
			if report.MaxMemoryUsedMB != 128 || report.PeakMemory <= 128*megabyte {
				t.Errorf("%d MB and %d bytes are reported as the peak", report.MaxMemoryUsedMB, report.PeakMemory)
			}
			want := lambdasim.FunctionReport{Invocations: 3, Errors: 1, Crashes: 1, OutOfMemory: 1, Processes: 2}
			if diff := cmp.Diff(want, counts(report)); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}

			if child, err := os.ReadFile(path); err == nil {
				id, err := strconv.Atoi(string(child))
				if err != nil {
					t.Fatal(err)
				}
				awaitState(t, id, gone)
			}
		})
	}
}

func TestAPeakIsFoundOutEvenIfNobodyLookedMeanwhile(t *testing.T) {
	t.Parallel()
	running, goOn := make(chan lambdasim.Invocation, 10), make(chan struct{})
	s := start(t, lambdasim.Config{
		Functions: []lambdasim.Function{probe()},
		Hooks: lambdasim.Hooks{Started: func(i lambdasim.Invocation) {
			running <- i
			<-goOn // what is held up here takes no samples
		}},
	})

	done := s.invokeInBackground(t, `{"do":"eat","count":200,"text":"give back"}`)
	seen := receive(t, running)
	func() {
		defer close(goOn)
		awaitState(t, seen.ProcessID, gone)
	}()
	if ended := receive(t, done); ended.err != nil || !strings.Contains(string(ended.output.Payload), "Runtime.ExitError") {
		t.Errorf("the invocation ended as %+v, want one that was killed", ended)
	}
	if got := s.Report("probe").OutOfMemory; got != 1 {
		t.Errorf("%d environments were out of memory, want 1", got)
	}
}

func TestAnEnvironmentWithinItsMemoryIsLeftAlone(t *testing.T) {
	t.Parallel()
	function := probe()
	function.MemoryMB = 300
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function}})

	for _, event := range []string{`{"do":"eat","count":150,"millis":300}`, `{"do":"spawn","count":50,"millis":700}`} {
		if got := s.invoke(t, event); got.FunctionError != nil {
			t.Errorf("%s was answered %s", event, got.Payload)
		}
	}
	want := lambdasim.FunctionReport{Invocations: 2, Processes: 1}
	if diff := cmp.Diff(want, counts(s.Report("probe"))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestTheMemoryOfChildrenIsThatOfTheEnvironment(t *testing.T) {
	t.Parallel()
	function := probe()
	function.MemoryMB = 1024
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function}})

	s.invoke(t, `{"do":"spawn","count":300,"millis":1500}`)
	if got := s.Report("probe").MaxMemoryUsedMB; got < 300 || got > 700 {
		t.Errorf("%d MB were used at most, want those of a child that took 300", got)
	}
}

func TestNothingOfAnEnvironmentOutlivesIt(t *testing.T) {
	t.Parallel()

	for name, end := range map[string]func(*testing.T, stack){
		"killed":   func(_ *testing.T, s stack) { s.Kill("probe") },
		"recycled": func(_ *testing.T, s stack) { s.Recycle("probe") },
		"closed":   func(_ *testing.T, s stack) { _ = s.Close() },
		"exited":   func(t *testing.T, s stack) { s.invoke(t, `{"do":"exit"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startProbe(t)

			spawned := s.spawn(t)
			end(t, s)
			awaitState(t, spawned.Process, gone)
			awaitState(t, spawned.Child, gone)
		})
	}
}

// family is what the probe tells about itself and the child that it has left behind.
type family struct {
	Process int `json:"pid"`
	Child   int `json:"child"`
}

// spawn makes the probe leave a child behind.
func (s stack) spawn(t *testing.T) family {
	t.Helper()

	var spawned family
	output := s.invoke(t, `{"do":"spawn","count":1}`)
	if err := json.Unmarshal(output.Payload, &spawned); err != nil || spawned.Child == 0 {
		t.Fatalf("the probe answered %s: %v", output.Payload, err)
	}

	return spawned
}
