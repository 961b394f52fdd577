package exporttest

import (
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// PageFault is what becomes of one request for a page.
type PageFault struct {
	// Err is returned; nil lets the page through.
	Err error
	// Splitting is how long the page takes to split, and Split is what becomes of that; nil lets the page through.
	Splitting time.Duration
	Split     error
	// Seems is where the page seems to link to before it is split; "": where it does.
	Seems string
	// Latency is added to the listing's.
	Latency time.Duration
	// Named is the kind of failure that the end of the request's time is; "": its cause is returned. Who waits for a token is named.
	Named failure.Kind
}

// Broken is a request that breaks off with half a page, or that the API fails on its side: a later attempt may get it.
func Broken() PageFault { return passing(failure.UpstreamUnavailable, retry.TransientError{}) }

// NoPage is a reply that turns out to be no page when it is split: a later attempt may get it.
func NoPage() PageFault { return PageFault{Split: Broken().Err} }

// Throttled is a 429 with a Retry-After; 0: without one.
func Throttled(after time.Duration) PageFault {
	return passing(failure.RateLimited, retry.TransientError{Throttled: true, After: after})
}

// Limited is a 429 that names a rate limit, in requests a minute.
func Limited(limit int) PageFault {
	return passing(failure.RateLimited, retry.TransientError{Throttled: true, Limit: limit})
}

// Busy is a server that fails on its side and says, with a Retry-After, when it will be back.
func Busy(after time.Duration) PageFault {
	return passing(failure.UpstreamUnavailable, retry.TransientError{After: after})
}

// Tokenless is a request that waits for a token until its time ends.
func Tokenless() PageFault {
	return PageFault{Latency: 24 * time.Hour, Named: failure.TokenUnavailable}
}

// Refused is a failure that no later attempt changes.
func Refused(kind failure.Kind) PageFault {
	return PageFault{Err: failure.New(kind, "the API refused the page")}
}

func passing(kind failure.Kind, as retry.TransientError) PageFault {
	as.Err = failure.New(kind, "the request failed")
	return PageFault{Err: &as}
}
