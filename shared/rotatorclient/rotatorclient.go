// Package rotatorclient asks the rotator, a Lambda function, for a fresh token.
package rotatorclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

const (
	// askTimeout bounds one call. The rotator's own timeout of 30 s ends before it, so that it is Lambda that does not answer.
	askTimeout = 40 * time.Second
	// attempts is how often a broken call is sent. A rotation that was begun by the first is not repeated by the second: the
	// rotator finds a fresh token then, or is busy.
	attempts = 2
	// pause is the wait before a call is sent again.
	pause = time.Second
)

// Client implements [token.Asker].
type Client struct {
	lambda   *lambda.Client
	function string
}

// New returns the client of the function with that name or ARN. The Lambda client is used with its own retries off: where
// the rotator is busy, what is stored is read before it is asked again, which the SDK would not do.
func New(client *lambda.Client, function string) *Client {
	return &Client{lambda: client, function: function}
}

// Ask implements [token.Asker]. A call that broke, or was not answered within 40 s, is sent once more; it ends with ctx at
// the latest. The error of a failed rotator names its error type and no more, and no error wraps another.
func (c *Client) Ask(ctx context.Context, rejectedVersion int64) error {
	payload := []byte("{}")
	if rejectedVersion != 0 {
		payload = fmt.Appendf(nil, `{"rejected_version":%d}`, rejectedVersion)
	}

	for attempt := 1; ; attempt++ {
		reply, err := c.invoke(ctx, payload)
		if err == nil {
			return failed(reply)
		}

		if attempt == attempts || !passes(err) || retry.Sleep(ctx, pause) != nil {
			return refusal(ctx, err, attempt)
		}
	}
}

func (c *Client) invoke(ctx context.Context, payload []byte) (*lambda.InvokeOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()

	return c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &c.function, Payload: payload},
		func(o *lambda.Options) { o.Retryer = aws.NopRetryer{} })
}

// busy reports whether the rotator's concurrency is taken.
func busy(err error) bool { return awsapi.Status(err) == http.StatusTooManyRequests }

// passes reports whether a failed call may well succeed when it is sent again: all but what Lambda refuses.
func passes(err error) bool {
	status := awsapi.Status(err)

	return status < http.StatusBadRequest || status >= http.StatusInternalServerError ||
		!busy(err) && awsapi.NewRetryer().IsErrorRetryable(err)
}

// refusal says why the rotator could not be invoked.
func refusal(ctx context.Context, err error, attempt int) error {
	if busy(err) {
		return token.ErrRotatorBusy
	}

	if awsapi.Code(err) == "ResourceNotFoundException" {
		return errors.New("it could not be invoked: there is no such function: check ROTATOR_FUNCTION_NAME")
	}

	why := awsapi.Describe(err)
	if ctx.Err() != nil && awsapi.Status(err) == 0 {
		why = "there was no answer before the time ended" // the error is whatever the caller gave as the cause
	}

	if attempt > 1 {
		why += ", also the second time"
	}

	return fmt.Errorf("it could not be invoked: %s", why)
}

// failed is the error that the rotator returned, and nil where it returned none.
func failed(reply *lambda.InvokeOutput) error {
	if reply.FunctionError == nil {
		return nil
	}

	var answer struct {
		ErrorType string `json:"errorType"`
	}
	// What does not look like an error type of Lambda is not repeated.
	if json.Unmarshal(reply.Payload, &answer) != nil || len(answer.ErrorType) > 80 || !charset.Only(answer.ErrorType, charset.Alphanumeric+"_.*") {
		return errors.New("it answered with an error of no type")
	}

	return errors.New(answer.ErrorType)
}
