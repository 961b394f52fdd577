// Command probe is a function that does what its event says.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do     string `json:"do"`
	Text   string `json:"text"`
	Count  int    `json:"count"`
	Millis int    `json:"millis"`
	Path   string `json:"path"`
}

type state struct {
	mu          sync.Mutex
	ended       chan struct{}
	invocations int
	ticks       atomic.Int64
	longest     atomic.Int64
}

func main() {
	if count, err := strconv.Atoi(os.Getenv("CHILD_MB")); err == nil {
		beChild(count)
	}
	dieOnce(os.Getenv("DIE_ONCE"))
	if millis, err := strconv.Atoi(os.Getenv("INIT_MILLIS")); err == nil {
		time.Sleep(time.Duration(millis) * time.Millisecond)
	}
	if text := os.Getenv("GREETING"); text != "" {
		fmt.Println(text)
	}
	s := &state{}
	if os.Getenv("CATCH_SIGTERM") == "" {
		lambda.Start(s.handle)
	}
	lambda.StartWithOptions(s.handle, lambda.WithEnableSIGTERM(func() { close(s.terminated()) }))
}

func (s *state) handle(ctx context.Context, raw json.RawMessage) (any, error) {
	s.invocations++
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return raw, nil // not addressed to the probe: echoed
	}

	switch e.Do {
	case "fail":
		return nil, messages.InvokeResponse_Error{Type: "RateLimited", Message: e.Text}
	case "fail_until":
		return s.failUntil(ctx, e)
	case "panic":
		panic(e.Text)
	case "exit":
		os.Exit(e.Count)
	case "until terminated":
		<-s.terminated()
		return "committed", nil
	case "sleep":
		time.Sleep(time.Duration(e.Millis) * time.Millisecond)
	case "log":
		for i := range e.Count {
			fmt.Fprintf(os.Stderr, "line %d %s\n", i, e.Text)
		}
	case "part":
		fmt.Print(e.Text)
	case "eat":
		block := bytes.Repeat([]byte{1}, e.Count<<20)
		time.Sleep(time.Duration(e.Millis) * time.Millisecond)
		if e.Text == "exit" {
			os.Exit(int(block[0]))
		}
		size := len(block)
		if e.Text == "give back" {
			debug.FreeOSMemory() // nothing refers to the block any more
		}
		return map[string]int{"bytes": size}, nil
	case "tick":
		go s.tick()
	case "ticks":
		return map[string]int64{"count": s.ticks.Load(), "longest_millis": s.longest.Load()}, nil
	case "spawn":
		return s.spawn(e)
	case "big":
		return string(bytes.Repeat([]byte("x"), e.Count)), nil
	case "env":
		return os.Environ(), nil
	case "context":
		return describe(ctx), nil
	case "":
		return raw, nil
	}

	return map[string]int{"pid": os.Getpid(), "invocations": s.invocations}, nil
}

// terminated is closed by SIGTERM.
func (s *state) terminated() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = make(chan struct{})
	}

	return s.ended
}

// tick counts every 5 ms, and notes the longest time between two counts.
func (s *state) tick() {
	last := time.Now()
	for range time.Tick(5 * time.Millisecond) {
		s.ticks.Add(1)
		s.longest.Store(max(s.longest.Load(), time.Since(last).Milliseconds()))
		last = time.Now()
	}
}

// spawn starts a child that takes e.Count MB, waits until it has them and then for as long as e.Millis says, and leaves it
// behind.
func (s *state) spawn(e event) (any, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.Command(program)
	child.Env = []string{"CHILD_MB=" + strconv.Itoa(e.Count)}
	out, err := child.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := child.Start(); err != nil {
		return nil, err
	}
	if e.Path != "" {
		if err := os.WriteFile(e.Path, []byte(strconv.Itoa(child.Process.Pid)), 0o600); err != nil {
			return nil, err
		}
	}
	_, _ = out.Read(make([]byte, 1))
	time.Sleep(time.Duration(e.Millis) * time.Millisecond)

	return map[string]int{"pid": os.Getpid(), "child": child.Process.Pid}, nil
}

// beChild takes memory, says so and stays.
func beChild(megabytes int) {
	block := bytes.Repeat([]byte{1}, megabytes<<20)
	fmt.Print("!")
	time.Sleep(time.Minute)
	os.Exit(len(block) & 1)
}

// dieOnce ends the process unless the file is there, and makes it.
func dieOnce(path string) {
	if path == "" {
		return
	}
	if _, err := os.Stat(path); err != nil {
		_ = os.WriteFile(path, nil, 0o600)
		os.Exit(3)
	}
}

// failUntil fails as long as the file at e.Path has fewer than e.Count lines, and adds the request id to it.
func (s *state) failUntil(ctx context.Context, e event) (any, error) {
	seen, _ := os.ReadFile(e.Path)
	lc, _ := lambdacontext.FromContext(ctx)
	if err := os.WriteFile(e.Path, append(seen, lc.AwsRequestID+"\n"...), 0o600); err != nil {
		return nil, err
	}
	if bytes.Count(seen, []byte("\n"))+1 < e.Count {
		return nil, messages.InvokeResponse_Error{Type: "UpstreamUnavailable", Message: "not yet"}
	}

	return "done", nil
}

func describe(ctx context.Context) map[string]any {
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	directory, _ := os.Getwd()

	return map[string]any{
		"request_id":   lc.AwsRequestID,
		"arn":          lc.InvokedFunctionArn,
		"installation": lc.ClientContext.Client.InstallationID,
		"millis_left":  time.Until(deadline).Milliseconds(),
		"trace":        ctx.Value("x-amzn-trace-id"),
		"function":     lambdacontext.FunctionName,
		"memory":       lambdacontext.MemoryLimitInMB,
		"log_group":    lambdacontext.LogGroupName,
		"log_stream":   lambdacontext.LogStreamName,
		"version":      lambdacontext.FunctionVersion,
		"directory":    directory,
	}
}
