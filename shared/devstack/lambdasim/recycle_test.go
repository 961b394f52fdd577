package lambdasim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

// wantServed invokes the probe and expects it to be its process's so-and-so-manieth invocation.
func (s stack) wantServed(t *testing.T, want string) {
	t.Helper()

	if got := string(s.invoke(t, `{"do":"count"}`).Payload); !strings.HasPrefix(got, `{"invocations":`+want+`,`) {
		t.Errorf("the process answered %s, want its invocation number %s", got, want)
	}
}

// awaitRecycled waits until so many environments have been shut down.
func (s stack) awaitRecycled(t *testing.T, want int) {
	t.Helper()

	for end := time.Now().Add(10 * time.Second); s.Report("probe").Recycled < want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the report is %+v, want %d environments recycled", s.Report("probe"), want)
		}
	}
}

func TestAnOldEnvironmentIsShutDownWithoutBeingAskedFor(t *testing.T) {
	t.Parallel()
	ended := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions:           []lambdasim.Function{probe()},
		EnvironmentLifetime: time.Second,
		Hooks:               lambdasim.Hooks{Ended: func(i lambdasim.Invocation) { ended <- i }},
	})

	s.wantServed(t, "1")
	s.awaitRecycled(t, 1)
	s.wantServed(t, "1")
	if first, second := receive(t, ended), receive(t, ended); first.ProcessID == second.ProcessID || !second.Cold {
		t.Errorf("the invocations ran as %+v and %+v, want a cold start each", first, second)
	}
	want := lambdasim.FunctionReport{Invocations: 2, Recycled: 1, Processes: 2}
	if diff := cmp.Diff(want, counts(s.Report("probe"))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestAnEnvironmentThatGetsOldInAnInvocationFinishesIt(t *testing.T) {
	t.Parallel()
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{probe()}, EnvironmentLifetime: 100 * time.Millisecond})

	if got := s.invoke(t, `{"do":"sleep","millis":1000}`); got.FunctionError != nil {
		t.Errorf("it was answered %s", got.Payload)
	}
	want := lambdasim.FunctionReport{Invocations: 1, Recycled: 1, Processes: 1}
	if diff := cmp.Diff(want, counts(s.Report("probe"))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestAnEnvironmentServesNoMoreThanItsNumberOfInvocations(t *testing.T) {
	t.Parallel()
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{probe()}, MaxInvocationsPerEnvironment: 2})

	for _, served := range []string{"1", "2", "1", "2", "1"} {
		s.wantServed(t, served)
	}
	want := lambdasim.FunctionReport{Invocations: 5, Recycled: 2, Processes: 3}
	if diff := cmp.Diff(want, counts(s.Report("probe"))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestRecycledEnvironmentsAreReplacedAndTheBusyOnesFinishFirst(t *testing.T) {
	t.Parallel()
	running := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions: []lambdasim.Function{probe()},
		Hooks:     lambdasim.Hooks{Started: func(i lambdasim.Invocation) { running <- i }},
	})

	busy := s.invokeInBackground(t, `{"do":"sleep","millis":3000}`)
	receive(t, running)
	s.wantServed(t, "1")
	if got := s.Recycle("probe"); got != 2 {
		t.Errorf("%d environments were there to recycle, want a busy and an idle one", got)
	}
	if got := s.Report("probe").Recycled; got != 1 {
		t.Errorf("%d environments are gone, want the idle one", got)
	}
	s.wantServed(t, "1")

	if ended := receive(t, busy); ended.err != nil || ended.output.FunctionError != nil {
		t.Errorf("the invocation in the busy one ended as %+v", ended)
	}
	s.awaitRecycled(t, 2)
	s.wantServed(t, "2") // the one that came up after the recycling
	want := lambdasim.FunctionReport{Invocations: 4, Recycled: 2, Processes: 3}
	if diff := cmp.Diff(want, counts(s.Report("probe"))); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}

	if got := s.Recycle("nobody"); got != 0 {
		t.Errorf("%d environments of an unknown function were recycled", got)
	}
}
