package export

import (
	"time"

	"genesys-cloud-export/shared/failure"
)

// What an invocation ended as.
const (
	StatusComplete = "complete"
	StatusContinue = "continue"
)

// Why it ended so.
const (
	ReasonEnd              = "end"                 // complete: the last page links to no other
	ReasonEndAfterFullPage = "end_after_full_page" // complete, and the last page was full, which is worth a look

	ReasonBudget      = "budget"       // continue: the next page does not fit into the invocation's time
	ReasonRateLimited = "rate_limited" // continue: throttling, or the export's own pace, asks for a longer wait
	ReasonPending     = "pending"      // continue: a job of the API is not ready yet
	ReasonBusy        = "busy"         // continue: another invocation works on this export
)

// maxStalled is how many invocations in a row may end without a committed page; the last of them is an error.
const maxStalled = 3

// stop is why an invocation reads no further page. The zero value: the last page was read.
type stop struct {
	reason    string       // of a continue
	notBefore time.Time    // no request is to be sent until then; zero: none has to wait
	blames    failure.Kind // what the third such stop in a row without a committed page is; "": it does not count
	err       error        // a failure, which is no continue
}

// none reports whether s is the zero value.
func (s stop) none() bool { return s.reason == "" && s.err == nil }

// judge counts a stop of an invocation that committed no page: it returns how many there are in a row now, whether this one
// counted, and the failure that the last one allowed is. After that the count begins anew.
func (s stop) judge(stalled int) (now int, counted bool, err error) {
	if s.err != nil || s.blames == "" {
		return stalled, false, nil //nolint:nilerr // the failure ends the invocation by itself
	}

	if stalled++; stalled < maxStalled {
		return stalled, true, nil
	}

	return 0, true, s.verdict()
}

func (s stop) verdict() error {
	advice := "spent most of their time before they could ask for a page: look at how long the store takes, or give the function more time"

	switch s.blames { //nolint:exhaustive // the others are never blamed
	case failure.RateLimited:
		advice = "were throttled before they read a page: lower RATE_SHARE_PERCENT or the load of the token's other users, then invoke again"
	case failure.UpstreamUnavailable:
		advice = "got no page from the API in their time: invoke again later; where it stays, give the function more time, or ask for a smaller page_size in a new export"
	}

	return failure.New(s.blames, "%d invocations in a row %s", maxStalled, advice)
}
