package exporttest

import (
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// Broken is a request that breaks off with half a page, or that the API fails on its side: a later attempt may get it.
func Broken() PageFault {
	return PageFault{Err: &retry.TransientError{Err: failure.New(failure.UpstreamUnavailable, "the connection broke")}}
}

// Throttled is a 429 with a Retry-After.
func Throttled(after time.Duration) PageFault {
	return PageFault{Err: &retry.TransientError{
		Err: failure.New(failure.RateLimited, "a rate limit is reached"), Throttled: true, Told: true, After: after,
	}}
}

// ThrottledUntold is a 429 without a Retry-After.
func ThrottledUntold() PageFault {
	return PageFault{Err: &retry.TransientError{Err: failure.New(failure.RateLimited, "a rate limit is reached"), Throttled: true}}
}

// Busy is a server that fails on its side and says, with a Retry-After, when it will be back.
func Busy(after time.Duration) PageFault {
	return PageFault{Err: &retry.TransientError{
		Err: failure.New(failure.UpstreamUnavailable, "the API is busy"), Told: true, After: after,
	}}
}

// Tokenless is a request that waits for a token until its time ends.
func Tokenless() PageFault {
	return PageFault{Latency: 24 * time.Hour, Named: failure.TokenUnavailable}
}

// Refused is a failure that no later attempt changes.
func Refused(kind failure.Kind) PageFault {
	return PageFault{Err: failure.New(kind, "the API refused the page")}
}
