package lambdasim_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"genesys-cloud-export/shared/devstack/lambdasim"
)

// lines is a log that notes whether a Write was not one whole line. It does not lock, so the race detector sees Writes
// that overlap; reading waits for the endpoint to be closed.
type lines struct {
	all    []string
	broken []string
}

func (l *lines) Write(p []byte) (int, error) {
	text := string(p)
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		l.broken = append(l.broken, text)
	}
	l.all = append(l.all, strings.TrimSuffix(text, "\n"))

	return len(p), nil
}

// invokeForLog calls the probe synchronously and returns the reply with the log that came with it.
func (s stack) invokeForLog(t *testing.T, payload string) (*lambda.InvokeOutput, string) {
	t.Helper()

	output, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("probe"), LogType: types.LogTypeTail, Payload: []byte(payload),
	})
	if err != nil {
		t.Fatal(err)
	}
	log, err := base64.StdEncoding.DecodeString(aws.ToString(output.LogResult))
	if err != nil {
		t.Fatal(err)
	}

	return output, string(log)
}

// tail invokes the probe and returns the log that came with the reply.
func (s stack) tail(t *testing.T, payload string) string {
	t.Helper()

	_, log := s.invokeForLog(t, payload)

	return log
}

func TestTheLogOfAnInvocationComesWithTheReply(t *testing.T) {
	t.Parallel()
	function := probe()
	function.Timeout, function.Env = 2250*time.Millisecond, map[string]string{"GREETING": "coming up"}
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{function}})

	const report = `REPORT RequestId: \S+\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB`
	tests := []struct{ name, event, want string }{
		{
			"a cold start", `{"do":"log","count":2,"text":"of the handler"}`,
			`^coming up\nSTART RequestId: \S+ Version: \$LATEST\nline 0 of the handler\nline 1 of the handler\nEND RequestId: \S+\n` +
				report + `\tInit Duration: \d+\.\d\d ms\n$`,
		},
		{
			"a warm start with an unfinished line", `{"do":"part","text":"no newline"}`,
			`^START RequestId: \S+ Version: \$LATEST\nno newline\nEND RequestId: \S+\n` + report + `\n$`,
		},
		{
			"a timeout", `{"do":"sleep","millis":60000}`,
			`^START RequestId: \S+ Version: \$LATEST\nRequestId: \S+ Error: Task timed out after 2\.25 seconds\nSandbox\.Timedout\nEND RequestId: \S+\n` +
				report + `\tStatus: timeout\n$`,
		},
		{
			"a crash", `{"do":"exit","count":2}`,
			`\nRequestId: \S+ Error: Runtime exited with error: exit status 2\nRuntime\.ExitError\nEND RequestId: \S+\n` +
				report + `\tInit Duration: \d+\.\d\d ms\tStatus: error\tError Type: Runtime\.ExitError\n$`,
		},
	}
	for _, test := range tests { // in this order, as the first is the cold start
		if got := s.tail(t, test.event); !regexp.MustCompile(test.want).MatchString(got) {
			t.Errorf("the log of %s is\n%swant\n%s", test.name, got, test.want)
		}
	}

	if got := s.invoke(t, `{}`).LogResult; got != nil {
		t.Error("a log came unasked")
	}
}

func TestALongLogIsCutToItsLast4KB(t *testing.T) {
	t.Parallel()
	s := startProbe(t)

	log := s.tail(t, `{"do":"log","count":1000,"text":"of many"}`)
	if len(log) != 4096 {
		t.Errorf("%d bytes came, want 4096", len(log))
	}
	if !strings.Contains(log, "line 999 of many\nEND RequestId: ") || strings.Contains(log, "START") {
		t.Errorf("it is not the end of the log:\n%s", log)
	}
}

func TestTheLogsOfAllProcessesAreWholeLines(t *testing.T) {
	t.Parallel()
	out := &lines{}
	other := probe()
	other.Name = "other"
	s := start(t, lambdasim.Config{Functions: []lambdasim.Function{probe(), other}, Logs: out})

	var group sync.WaitGroup
	for i, name := range []string{"probe", "probe", "other"} {
		group.Go(func() {
			_, err := s.client.Invoke(t.Context(), &lambda.InvokeInput{
				FunctionName: aws.String(name), Payload: fmt.Appendf(nil, `{"do":"log","count":200,"text":"of caller %d"}`, i),
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	s.invoke(t, `{"do":"log","count":1,"text":"`+strings.Repeat("x", 300<<10)+`"}`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	if len(out.broken) > 0 {
		t.Errorf("%d writes were no lines, the first %q", len(out.broken), out.broken[0])
	}
	seen := make(map[string]int)
	for _, line := range out.all {
		seen[line]++
	}
	for i := range 600 {
		if line := fmt.Sprintf("line %d of caller %d", i%200, i/200); seen[line] != 1 {
			t.Errorf("%q came %d times", line, seen[line])
		}
	}
	if len(out.all) != 602 || len(out.all[600]) != 256<<10 {
		t.Errorf("%d lines came; the long one was to be split at 256 KB", len(out.all))
	}
}
