package lambdasim_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestAReplyComesAfterTheLastLineOfItsInvocation(t *testing.T) {
	t.Parallel()
	w := start(t)

	for i := range 20 {
		w.invoke(t, fmt.Sprintf(`{"do":"log","count":50,"text":"of invocation %d"}`, i))
		if last := fmt.Sprintf("line 49 of invocation %d\n", i); !strings.HasSuffix(w.logs.String(), last) {
			t.Fatalf("the log does not end with %q", last)
		}
	}

	w.invoke(t, `{"do":"part","text":"no newline"}`)
	if !strings.HasSuffix(w.logs.String(), "\nno newline\n") {
		t.Error("the unfinished line is not in the log")
	}

	w.invoke(t, `{"do":"exit"}`)
	w.invoke(t, `{"do":"log","count":1,"text":"of the next process"}`)
	if !strings.HasSuffix(w.logs.String(), "\nline 0 of the next process\n") {
		t.Error("the next process's line is not in the log")
	}
}

func TestTheLogsOfAllProcessesAreWholeLines(t *testing.T) {
	t.Parallel()
	w := start(t)

	var callers sync.WaitGroup
	for i := range 3 {
		callers.Go(func() { w.invoke(t, fmt.Sprintf(`{"do":"log","count":200,"text":"of caller %d"}`, i)) })
	}
	callers.Wait()
	w.invoke(t, `{"do":"log","count":1,"text":"`+strings.Repeat("x", 300<<10)+`"}`)

	seen := make(map[string]int)
	all := strings.Split(strings.TrimSpace(w.logs.String()), "\n")
	for _, line := range all {
		seen[line]++
	}
	for i := range 600 {
		if line := fmt.Sprintf("line %d of caller %d", i%200, i/200); seen[line] != 1 {
			t.Errorf("%q came %d times", line, seen[line])
		}
	}
	if w.logs.broken > 0 || len(all) != 602 || len(all[600]) != 256<<10 {
		t.Errorf("%d lines came in %d broken writes; the long one was to be split at 256 KB", len(all), w.logs.broken)
	}
}
