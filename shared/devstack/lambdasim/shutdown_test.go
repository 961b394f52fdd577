package lambdasim_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

// catching is the probe, which catches SIGTERM the way aws-lambda-go offers.
func catching() lambdasim.Function {
	f := probe()
	f.Env = map[string]string{"CATCH_SIGTERM": "1"}

	return f
}

// started starts an endpoint and an invocation in the background, and returns once the process has it.
func started(t *testing.T, config lambdasim.Config, payload string) (stack, <-chan result) {
	t.Helper()

	running := make(chan lambdasim.Invocation, 1)
	config.Hooks.Started = func(i lambdasim.Invocation) { running <- i }
	s := start(t, config)
	answer := s.invokeInBackground(t, payload)
	receive(t, running)

	return s, answer
}

func TestAnInvocationEndsInGoodOrderWhenTheEndpointIsClosed(t *testing.T) {
	t.Parallel()
	var logs lockedBuffer
	s, answer := started(t, lambdasim.Config{Functions: []lambdasim.Function{catching()}, Logs: &logs}, `{"do":"until terminated"}`)

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ended := receive(t, answer)
	if ended.err != nil || ended.output.FunctionError != nil || string(ended.output.Payload) != `"committed"` {
		t.Errorf("the invocation ended as %+v, want what it answers after SIGTERM", ended)
	}
	if strings.Contains(logs.String(), "WARNING") {
		t.Errorf("the extension is not taken:\n%s", logs.String())
	}
	if got := s.Report("probe"); got.Crashes != 0 || got.Errors != 0 {
		t.Errorf("the report is %+v, want neither a crash nor an error", got)
	}
}

func TestAnInvocationThatDoesNotEndAfterSIGTERMIsKilled(t *testing.T) {
	t.Parallel()
	const grace = 300 * time.Millisecond
	s, answer := started(t, lambdasim.Config{Functions: []lambdasim.Function{catching()}, Grace: grace}, `{"do":"sleep","millis":60000}`)

	begun := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < grace || took > 20*time.Second {
		t.Errorf("closing took %v, want at least %v and no minute", took, grace)
	}
	if ended := receive(t, answer); ended.err == nil || !strings.Contains(ended.err.Error(), "ServiceException") {
		t.Errorf("the invocation ended as %+v, want a ServiceException", ended)
	}
}

func TestClosingDoesNotWaitForAFunctionThatCatchesNoSIGTERM(t *testing.T) {
	t.Parallel()
	s, answer := started(t, lambdasim.Config{Functions: []lambdasim.Function{probe()}, Grace: time.Minute}, `{"do":"sleep","millis":60000}`)

	begun := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	receive(t, answer)
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("closing took %v", took)
	}
}

// lockedBuffer is a buffer that a log may write while a test reads.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()

	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()

	return b.text.String()
}
