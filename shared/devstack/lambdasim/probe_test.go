package lambdasim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda" //nolint:depguard // the probe is a function
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do    string `json:"do"`
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// probe is a function that does what its event says. It counts its invocations, and knows whether its process was asked to end.
type probe struct {
	invocations int
	terminated  chan os.Signal
}

// runProbe is the probe's main. It does not return.
func runProbe() {
	if os.Getenv("STILLBORN") != "" {
		os.Exit(3)
	}
	p := &probe{terminated: make(chan os.Signal, 1)}
	if os.Getenv("CATCH_SIGTERM") != "" {
		signal.Notify(p.terminated, syscall.SIGTERM)
	}
	lambda.Start(p.handle)
}

func (p *probe) handle(ctx context.Context, raw json.RawMessage) (any, error) {
	p.invocations++
	var e event
	_ = json.Unmarshal(raw, &e) // what is not addressed to the probe is echoed
	switch e.Do {
	case "fail":
		return nil, messages.InvokeResponse_Error{Type: "RateLimited", Message: e.Text}
	case "panic":
		panic(e.Text)
	case "exit":
		os.Exit(e.Count)
	case "until terminated":
		_, _ = os.Stdout.WriteString("running\n")
		<-p.terminated
		return "committed", nil
	case "sleep":
		_, _ = os.Stdout.WriteString("running\n")
		time.Sleep(time.Minute)
	case "log":
		for i := range e.Count {
			fmt.Fprintf(os.Stderr, "line %d %s\n", i, e.Text)
		}
	case "part":
		_, _ = os.Stdout.WriteString(e.Text)
	case "env":
		return os.Environ(), nil
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()

		return map[string]any{
			"request_id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "millis_left": time.Until(deadline).Milliseconds(),
		}, nil
	case "":
		return raw, nil
	}

	return map[string]int{"pid": os.Getpid(), "invocations": p.invocations}, nil
}
