// Package rotatorclient asks the rotator, a Lambda function, for a fresh token.
package rotatorclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/token"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Client implements [token.Asker].
type Client struct {
	lambda   *lambda.Client
	function string
}

// New returns the client of the function with that name or ARN. The Lambda client is used with its own retries off: a
// busy rotator is looked around before it is asked again, which the SDK would not do.
func New(client *lambda.Client, function string) *Client {
	return &Client{lambda: client, function: function}
}

// errorType is what a Lambda error type looks like; what does not is not repeated.
var errorType = regexp.MustCompile(`^[A-Za-z0-9_.*]{1,80}$`)

// Ask implements [token.Asker]. The error of a failed rotator names its error type and no more.
func (c *Client) Ask(ctx context.Context, rejectedVersion int64) error {
	payload := []byte("{}")
	if rejectedVersion != 0 {
		payload = fmt.Appendf(nil, `{"rejected_version":%d}`, rejectedVersion)
	}

	reply, err := c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &c.function, Payload: payload},
		func(o *lambda.Options) { o.Retryer = aws.NopRetryer{} })
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, ctx.Err()) {
			return cause // the caller's own reason for ending the call
		}

		if _, ok := errors.AsType[*types.TooManyRequestsException](err); ok || awsapi.Status(err) == http.StatusTooManyRequests {
			return token.ErrRotatorBusy
		}

		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); ok {
			return errors.New("it could not be invoked: there is no such function: check ROTATOR_FUNCTION_NAME")
		}

		return fmt.Errorf("it could not be invoked: %s", awsapi.Describe(err))
	}

	if reply.FunctionError == nil {
		return nil
	}

	var failed struct {
		ErrorType string `json:"errorType"`
	}
	if json.Unmarshal(reply.Payload, &failed) != nil || !errorType.MatchString(failed.ErrorType) {
		return errors.New("it answered with an error of no type")
	}

	return errors.New(failed.ErrorType)
}
