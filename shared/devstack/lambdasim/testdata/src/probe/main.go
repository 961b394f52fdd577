// Command probe is a function that does what its event says.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
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

type state struct{ invocations int }

func main() {
	if text := os.Getenv("GREETING"); text != "" {
		fmt.Println(text)
	}
	s := &state{}
	lambda.Start(s.handle)
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
		return map[string]int{"bytes": len(block)}, nil
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
