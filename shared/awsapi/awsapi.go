// Package awsapi is what the adapters share of the AWS SDK: how its clients are configured, how they retry, and how its errors
// are described without what they may contain (ARNs, account numbers, request contents).
package awsapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/transport"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

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

// Denied reports whether a permission is missing. Refused credentials, times and signatures may have the same status.
func Denied(err error) bool {
	forbidden := Status(err) == http.StatusForbidden || Code(err) == "AccessDenied" || Code(err) == "AccessDeniedException"

	return forbidden && !refusesSignature(err) && !RefusesCredentials(err) && !Foreign(err)
}

// crosses reports whether a write met another, in S3 (conditional or not) or Parameter Store; AWS asks to repeat it.
func crosses(err error) bool {
	return slices.Contains([]string{"ConditionalRequestConflict", "OperationAborted", "TooManyUpdates"}, Code(err))
}

// refusesSignature reports whether the service refused the request's time or signature. Behind most is a clock that is off.
func refusesSignature(err error) bool {
	return slices.Contains([]string{
		"InvalidSignatureException", "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
	}, Code(err))
}

// RefusesCredentials reports whether the service refused credentials that have expired, or are not known, or not yet.
func RefusesCredentials(err error) bool {
	return slices.Contains([]string{
		"ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken",
		"TokenRefreshRequired", "UnrecognizedClientException",
	}, Code(err))
}

// Foreign reports whether what answered was not the service: a reply that cannot be read, or a web page.
func Foreign(err error) bool {
	if _, unread := errors.AsType[*smithy.DeserializationError](err); unread {
		return true
	}

	response, answered := errors.AsType[*awshttp.ResponseError](err)

	return answered && response.Response != nil && WebPage(response.Response.Header.Get("Content-Type"))
}

// WebPage reports whether a reply of that content type is a web page, which no service sends: something in between does.
func WebPage(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(contentType), "text/html")
}

// Describe says in a few words why a call failed, and what to do. It does not use the error's text, which may contain an ARN.
func Describe(err error) string {
	refused, unwanted := errors.AsType[transport.RefusedError](err)

	code := Code(err)
	if code != "" && (len(code) > 80 || !charset.Only(code, charset.Alphanumeric+"._-")) {
		code = "an error without a name" // what does not look like one is not repeated
	}

	switch {
	case RefusesCredentials(err):
		return "the credentials have expired or are not known (" + code + "): invoke again, and check the AWS_ variables where it stays"
	case refusesSignature(err):
		return "the request's time or signature was refused (" + code + "): check the clock, and the credentials"
	case Foreign(err):
		return "the answer was not the service's: check what is in between, and AWS_ENDPOINT_URL"
	case Denied(err):
		return "access was denied (" + code + "): check the function's role and the key's policy"
	case code != "":
		return "the service answered " + code
	case errors.Is(err, context.Canceled), transport.TimedOut(err):
		return "there was no answer in time"
	case unwanted:
		return refused.Error()
	default:
		return "the service could not be reached: " + transport.Describe(err)
	}
}
