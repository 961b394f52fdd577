// Package awsapi is what the adapters share of the AWS SDK: how patiently its clients retry, and how its errors are told
// without what they may hold (ARNs, account numbers, request contents).
package awsapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

const (
	// maxAttempts is how often one call is sent at most. Nobody above the SDK sends it again. One more than the three
	// throttles in a row that Parameter Store is known for, at about three writes a second.
	maxAttempts = 5
	// firstBackoff and maxBackoff keep all attempts of a call within a stop's reserve: 1 + 2 + 2 + 2 seconds at most, half
	// on average. The SDK's own backoff waits the maximum, without jitter, from its second wait on.
	firstBackoff = time.Second
	maxBackoff   = 2 * time.Second
	// attemptTimeout ends an attempt that hangs. A part of 8 MB takes under a second inside a region.
	attemptTimeout = 20 * time.Second
	// conditionalConflict is S3's answer to conditional writes that cross; AWS asks to repeat the request.
	conditionalConflict = "ConditionalRequestConflict"
	// tooManyUpdates is Parameter Store's answer to writes that cross.
	tooManyUpdates = "TooManyUpdates"
)

// NewRetryer returns the retry policy of every store's client. It is the only place in which calls to AWS are repeated.
func NewRetryer() aws.Retryer {
	waits := retry.Policy{Base: firstBackoff, Cap: maxBackoff}
	standard := awsretry.NewStandard(func(o *awsretry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.Backoff = awsretry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			// The SDK counts from 1, or from 0 where AWS_NEW_RETRIES_2026 is set.
			return waits.Backoff(max(attempt, 1)), nil
		})
	})

	return awsretry.AddWithErrorCodes(standard, conditionalConflict, tooManyUpdates)
}

// NewHTTPClient returns the HTTP client of every store's client.
func NewHTTPClient() aws.HTTPClient {
	return awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
}

// Code is the error code that the service answered with, and "" where it did not answer.
func Code(err error) string {
	if answered, ok := errors.AsType[smithy.APIError](err); ok {
		return answered.ErrorCode()
	}

	return ""
}

// Status is the HTTP status that the service answered with, and 0 where it did not answer.
func Status(err error) int {
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return response.HTTPStatusCode()
	}

	return 0
}

// Denied reports whether the service refused for want of a permission.
func Denied(err error) bool {
	return Status(err) == http.StatusForbidden || Code(err) == "AccessDenied" || Code(err) == "AccessDeniedException"
}

// errorCode is what an error code looks like; what does not is not repeated.
var errorCode = regexp.MustCompile(`^[A-Za-z0-9._-]{1,80}$`)

// Describe says in a few words why a call failed: the service's error code, or that there was no answer. The text of the
// error itself is not used, since it may hold an ARN.
func Describe(err error) string {
	var timed net.Error

	code := Code(err)
	if code != "" && !errorCode.MatchString(code) {
		code = "an error without a name"
	}

	switch {
	case Denied(err):
		return "access was denied (" + code + "): check the function's role and the key's policy"
	case code != "":
		return "the service answered " + code
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &timed) && timed.Timeout():
		return "there was no answer in time"
	default:
		return "the service could not be reached"
	}
}

// ConfigFailure is the failure of loading the AWS configuration: the environment or a profile is wrong. The cause's text
// may repeat what stands in them.
func ConfigFailure(err error) error {
	return failure.Because(err, failure.InvalidConfiguration,
		"the AWS configuration cannot be loaded: check AWS_REGION and the other AWS_ variables")
}
