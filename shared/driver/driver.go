// Package driver is what invokes the functions from outside: the schedule that keeps the token fresh, and the loop that
// invokes an export again and again until it is complete.
//
// It reaches the functions by the SDK's Lambda client alone, so that the same loop drives the local endpoint,
// "sam local start-lambda" and AWS. In AWS the state machine does what this package does.
//
// All waiting ends with the context. Neither events nor replies are logged.
package driver

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// Config says how failures are met. The zero value is usable.
type Config struct {
	// Retry says how often an invocation that fails is repeated, and how long is waited before. The zero value is five
	// attempts and waits of up to a second at first, a minute at last. An invocation that succeeds starts the count anew.
	Retry retry.Policy
	// Logger reports waits and retries; nil reports none.
	Logger *slog.Logger
}

// Driver invokes functions. It keeps no state between calls and is safe for concurrent use.
type Driver struct {
	client *lambda.Client
	retry  retry.Policy
	logger *slog.Logger
}

// New makes a driver that invokes through client. A timeout of the client's HTTP transport must be longer than the function's.
func New(client *lambda.Client, config Config) *Driver {
	return &Driver{
		client: client,
		retry:  cmp.Or(config.Retry, retry.Policy{Base: time.Second, Cap: time.Minute, Attempts: 5}),
		logger: cmp.Or(config.Logger, slog.New(slog.DiscardHandler)),
	}
}

// Invoke calls a function once, synchronously, and returns its reply. Where the function failed the error is a
// [*FunctionError]; else it is the SDK's, or the cause of the context's end. Each is wrapped.
func (d *Driver) Invoke(ctx context.Context, function string, event []byte) ([]byte, error) {
	// A retry by the SDK could run an export twice at once.
	output, err := d.client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: event},
		func(o *lambda.Options) { o.Retryer = aws.NopRetryer{} })
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}

	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", function, err)
	}

	if failed := functionError(output.Payload, aws.ToString(output.FunctionError) != ""); failed != nil {
		return nil, fmt.Errorf("%s failed: %w", function, failed)
	}

	return output.Payload, nil
}

// Lambda's own types of a function's failure.
const (
	typeTimedOut  = "Sandbox.Timedout"
	typeExit      = "Runtime.ExitError"
	typeUnhandled = "Unhandled" // a failure without a type
)

// FunctionError is a failure of the function itself, as opposed to one of calling it.
type FunctionError struct {
	// Type is what Step Functions would see: the functions' own (RateLimited, …), Lambda's (Sandbox.Timedout, …), or
	// "Unhandled" where the function names none.
	Type string
	// Message is the function's. The functions keep secrets and bodies out of it.
	Message string
}

// Error returns type and message.
func (e *FunctionError) Error() string { return strings.TrimSuffix(e.Type+": "+e.Message, ": ") }

// functionError reads the error document of a reply. flagged says that the reply's header announced one: some versions of
// "sam local start-lambda" send no header, and nothing at all for a function that was killed, so the body counts as well.
func functionError(reply []byte, flagged bool) *FunctionError {
	if !flagged && len(bytes.TrimSpace(reply)) == 0 {
		return &FunctionError{Type: typeExit, Message: "the function ended without a reply"}
	}

	var document struct {
		Type    string          `json:"errorType"`
		Message string          `json:"errorMessage"`
		Status  json.RawMessage `json:"status"` // an exporter's result has one, no error document has
	}
	err := json.Unmarshal(reply, &document)

	switch {
	case !flagged && (err != nil || document.Status != nil || document.Type+document.Message == ""):
		return nil //nolint:nilerr // what is no error document is a result, which the caller reads
	case err != nil:
		return &FunctionError{Type: typeUnhandled, Message: "the error document cannot be read"}
	case document.Type == "" && strings.Contains(document.Message, "Task timed out after "):
		document.Type = typeTimedOut // Lambda has named no type in this case for years
	case document.Type == "":
		document.Type = typeUnhandled
	}

	return &FunctionError{Type: document.Type, Message: document.Message}
}

// retryable reports whether a failed invocation is worth another attempt: by the failure's kind, where Lambda throttled, and
// where the connection failed. What the caller did wrong stays wrong.
func retryable(err error) bool {
	if failed, ok := errors.AsType[*FunctionError](err); ok {
		return failure.Kind(failed.Type).Retryable() || failed.Type == typeTimedOut || failed.Type == typeExit
	}

	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	status := awsapi.Status(err)

	// 200 is a reply that was cut short.
	return unsent || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError || status == http.StatusOK
}
