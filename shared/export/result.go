package export

import "time"

// maxLinkShown is the longest next page URI that a result repeats, in bytes: a state machine's state stays small.
const maxLinkShown = 1024

// Result is what an exporter answers. Every field is always there; counts are totals of the whole export so far.
type Result struct {
	ExportID    string `json:"export_id"`
	Listing     string `json:"listing"`
	Status      string `json:"status"`
	Reason      string `json:"reason"`
	WaitSeconds int64  `json:"wait_seconds"`
	Pages       int64  `json:"pages"`
	Records     int64  `json:"records"`
	Parts       int    `json:"parts"`
	NextPageURI string `json:"next_page_uri"`
	Location    string `json:"location"`
	Manifest    string `json:"manifest"`
}

// Stats is what one invocation did, for metrics. It is given after failures too.
type Stats struct {
	Listing string

	PagesFetched      int64
	RecordsExported   int64 // committed by this invocation
	PartsWritten      int64
	RequestsThrottled int64 // requests that were throttled
	RequestsRetried   int64 // requests sent again
	WaitHandedOver    time.Duration
	ExportsCompleted  int64
	ListingsDrifted   int64 // 1: the export is complete, and the listing's total moved or is not what was read

	InvocationsContinued       int64 // 1: ended as continue, for another reason than busy
	InvocationsBusy            int64 // 1: another invocation has the lease
	InvocationsWithoutProgress int64 // 1: committed no page, and counts towards the three in a row that are an error
}

// result describes cp as it is stored.
func (e *Engine) result(cp Checkpoint, status, reason string, wait time.Duration) Result {
	r := Result{
		ExportID: cp.ExportID, Listing: cp.Listing, Status: status, Reason: reason, WaitSeconds: seconds(wait),
		Pages: cp.Position.Pages, Records: cp.Position.Records, Parts: len(cp.Parts),
		Location: e.Parts.Location(cp.Listing, cp.ExportID),
	}

	if len(cp.Position.Next) <= maxLinkShown {
		r.NextPageURI = cp.Position.Next
	}

	if status == StatusComplete {
		r.Manifest = e.Documents.URI(manifestName(cp.Listing, cp.ExportID))
	}

	return r
}
