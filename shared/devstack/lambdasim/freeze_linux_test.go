package lambdasim_test

import (
	"encoding/json"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

func TestABackgroundGoroutineGetsNoTimeBetweenInvocations(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	s.invoke(t, `{"do":"tick"}`)
	<-time.After(time.Second)

	var seen struct {
		Count         int64 `json:"count"`
		LongestMillis int64 `json:"longest_millis"`
	}
	// The thaw comes first, so that the ticks seen half a second later tell how long the freeze was.
	s.invoke(t, `{"do":"sleep","millis":500}`)
	output := s.invoke(t, `{"do":"ticks"}`)
	if err := json.Unmarshal(output.Payload, &seen); err != nil {
		t.Fatalf("decode %s: %v", output.Payload, err)
	}
	if seen.LongestMillis < 900 {
		t.Errorf("the longest time between two ticks was %d ms, want the second between the invocations", seen.LongestMillis)
	}
	if seen.Count == 0 || seen.Count > 150 {
		t.Errorf("%d ticks of 5 ms were counted, want those of 500 ms of invocations and none of the second between them", seen.Count)
	}
}

func TestAnIdleEnvironmentIsStoppedAsAWhole(t *testing.T) {
	t.Parallel()
	running := make(chan lambdasim.Invocation, 10)
	s := start(t, lambdasim.Config{
		Functions: []lambdasim.Function{probe()},
		Hooks:     lambdasim.Hooks{Started: func(i lambdasim.Invocation) { running <- i }},
	})

	spawned := s.spawn(t)
	receive(t, running)
	const stopped, runs = "T", "RSD"
	awaitState(t, spawned.Process, stopped)
	awaitState(t, spawned.Child, stopped)

	done := s.invokeInBackground(t, `{"do":"sleep","millis":1000}`)
	if seen := receive(t, running); seen.ProcessID != spawned.Process {
		t.Errorf("process %d was given the invocation, want the frozen one, %d", seen.ProcessID, spawned.Process)
	}
	awaitState(t, spawned.Process, runs)
	awaitState(t, spawned.Child, runs)
	if ended := receive(t, done); ended.err != nil || ended.output.FunctionError != nil {
		t.Errorf("the invocation after the thaw ended as %+v", ended)
	}
	awaitState(t, spawned.Process, stopped)
	awaitState(t, spawned.Child, stopped)
}

func TestTheDeadlineCountsFromTheThaw(t *testing.T) {
	t.Parallel()
	function := probe()
	function.Timeout = 2 * time.Second
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function}})

	s.invoke(t, `{}`)
	<-time.After(2500 * time.Millisecond)
	if got := s.invoke(t, `{"do":"sleep","millis":100}`); got.FunctionError != nil {
		t.Errorf("an invocation that came late was answered %s", got.Payload)
	}
}
