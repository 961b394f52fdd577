package operator

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"genesys-cloud-export/shared/awsapi"
)

// refusal is a call to AWS that failed. The cause is kept for errors.As and never printed.
type refusal struct {
	text  string
	cause error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.cause }

// explained says in a line why a call to AWS failed while something was done, and what an operator can do about it. Where ctx
// has ended it is the cause of that.
func explained(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}

	return &refusal{text: doing + ": " + why(err), cause: err}
}

func why(err error) string {
	code := awsapi.Code(err)

	switch {
	case awsapi.RefusesCredentials(err):
		return "AWS does not take the credentials (" + code + "): log in again (aws sso login) or set AWS_PROFILE"
	case awsapi.Denied(err):
		return "access was denied: your AWS role needs " + permission(err)
	case code == "TooManyRequestsException":
		return "it is busy: try again in a minute, or look at its log"
	case code == "" && !sent(err):
		return "the request could not be signed: log in again (aws sso login) or set AWS_PROFILE"
	case code == "" && !awsapi.Foreign(err):
		return awsapi.Describe(err) + ": check the network, and AWS_ENDPOINT_URL where it is set"
	default:
		return awsapi.Describe(err)
	}
}

// repeated makes so many attempts of a call, where what fails may pass.
func repeated(every time.Duration, attempts int) aws.Retryer {
	return awsretry.NewStandard(func(o *awsretry.StandardOptions) {
		o.MaxAttempts, o.RateLimiter = attempts, ratelimit.None
		o.Backoff = awsretry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return every, nil })
	})
}

// sent reports whether the request left this machine, or tried to.
func sent(err error) bool {
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, answered := errors.AsType[*awshttp.ResponseError](err)

	return unsent || answered || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// permission is the IAM action of the call that failed.
func permission(err error) string {
	call, ok := errors.AsType[*smithy.OperationError](err)
	if !ok {
		return "a permission for it"
	}

	service := strings.ToLower(strings.ReplaceAll(call.Service(), " ", ""))
	action := service + ":" + call.Operation()

	switch {
	case service == "ssm" || service == "secretsmanager":
		action += ", and the use of the key that KmsKeyArn names, if any"
	case service == "sfn":
		action = "states:" + call.Operation()
	case action == "lambda:Invoke":
		action = "lambda:InvokeFunction"
	}

	return action
}

// arnShape is an ARN up to the name that it ends with.
var arnShape = regexp.MustCompile(`arn:[a-z0-9-]+:[^\s"',()]*[:/]`)

// withoutARNs leaves of every ARN in a text the name that it ends with, and nothing of what could steer a terminal.
func withoutARNs(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}

		return ' '
	}, text)

	return arnShape.ReplaceAllString(text, "")
}
