package awsapi

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/transport"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
)

const (
	// maxAttempts is how often one call is sent at most. Parameter Store is known for three throttles in a row.
	maxAttempts = 5
	// firstBackoff and maxBackoff keep a call within a stop's reserve: 1 + 2 + 2 + 2 seconds at most, half on average. The SDK's
	// own backoff waits the maximum, without jitter, from its second wait on.
	firstBackoff = time.Second
	maxBackoff   = 2 * time.Second
	// attemptTimeout ends an attempt that hangs. A part of 8 MB takes under a second inside a region.
	attemptTimeout = 20 * time.Second
	// MaxReply bounds what is taken of one reply, in bytes, whatever service it comes from. The longest that is rightly sent
	// is a document of an export, at some 200 bytes a part: 80,000 parts. A list of 1,000 keys has 2 MB at most.
	MaxReply = 16 << 20
)

// NewRetryer returns the retry policy of every store's client. It is the only place in which calls to AWS are repeated.
func NewRetryer() aws.Retryer { return newRetryer(nil) }

// newRetryer has the credentials fetched anew, where they are cached, before a call that was refused for theirs is repeated.
func newRetryer(credentials *aws.CredentialsCache) aws.Retryer {
	waits := retry.Policy{Base: firstBackoff, Cap: maxBackoff}

	return awsretry.NewStandard(func(o *awsretry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		// The SDK's quota of retries lives as long as its client, so after an outage the first 503 would be fatal.
		o.RateLimiter = ratelimit.None
		o.Backoff = awsretry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			// The SDK counts from 1, or from 0 where AWS_NEW_RETRIES_2026 is set.
			return waits.Backoff(max(attempt, 1)), nil
		})
		o.Retryables = slices.Insert(o.Retryables, 0, awsretry.IsErrorRetryable(awsretry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if credentials != nil && RefusesCredentials(err) {
				credentials.Invalidate()
			}

			return passes(err)
		})))
	})
}

// passes corrects the SDK on which errors pass. It signs each attempt anew, by the server's clock where ours is off.
func passes(err error) aws.Ternary {
	if refused, ok := errors.AsType[transport.RefusedError](err); ok && refused.TooLong {
		return aws.FalseTernary
	}

	if crosses(err) || refusesSignature(err) || RefusesCredentials(err) || Foreign(err) {
		return aws.TrueTernary
	}

	return aws.UnknownTernary
}

// NewHTTPClient returns the HTTP client of every store's client. It reads each reply whole, in bounded memory and time.
func NewHTTPClient() *http.Client {
	bounded := transport.New()
	bounded.MaxReply, bounded.Timeout = MaxReply, attemptTimeout

	return bounded.Client()
}

// Patient returns cloud without the bound on an attempt's time, over the same connections: for a call that takes as long as the
// function that it invokes. The call's context has to bound it.
func Patient(cloud aws.Config) aws.Config {
	patient := cloud.Copy()

	if client, ok := cloud.HTTPClient.(*http.Client); ok {
		if own, ok := client.Transport.(*transport.Transport); ok {
			unbounded := *own
			unbounded.Timeout = 0
			patient.HTTPClient = unbounded.Client()
		}
	}

	return patient
}
