package export_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// toLast is the link to the last of four pages.
const toLast = "/api/v2/users/query?cursor=3.&pageSize=100"

func TestNextPageIsAskedForWhileAPageIsSplitAndWhateverThatShowsThePagesAreWhole(t *testing.T) {
	t.Parallel()

	const page, splitting = time.Second, 300 * time.Millisecond

	slow := exporttest.PageFault{Splitting: splitting}
	noPage, elsewhere := exporttest.NoPage(), exporttest.PageFault{Splitting: splitting, Seems: toLast}

	for name, test := range map[string]struct {
		fault    exporttest.PageFault // of the second and third pages of four
		requests int
		took     time.Duration // without a backoff and the spread of a wait
	}{
		"pages":                            {slow, 4, 4*page + splitting},
		"some that turn out to be none":    {noPage, 6, 5*page + 2*splitting}, // the third one is asked for once in vain, and not again before the second is split
		"some whose requests meet a 429":   {exporttest.Throttled(3 * time.Second), 6, 6*page + splitting + 6*time.Second},
		"some that break off":              {exporttest.Broken(), 6, 6*page + splitting},
		"some that seem to link elsewhere": {elsewhere, 5, 4*page + 3*splitting}, // after the first none is asked for ahead
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4, 1)
			w.listing.Latency = page
			w.listing.Fault(1, test.fault)
			w.listing.Fault(2, test.fault)
			for page := range 4 {
				w.listing.Fault(page, slow, slow)
			}

			begun := time.Now()
			w.mustComplete(t)

			if took := time.Since(begun); took < test.took || took > test.took+page {
				t.Errorf("it took %s, want no less than %s and little more", took, test.took)
			}

			if seen := w.listing.Seen(); seen.Requests != test.requests || seen.AtOnce+seen.Early != 0 {
				t.Errorf("the API saw %+v, want %d requests, one after the other", seen, test.requests)
			}
		})
	}
}

func TestPageThatIsNoneAgainAndAgainIsAskedForAsOftenAsOneThatBreaksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for ahead, fault := range []exporttest.PageFault{exporttest.Broken(), exporttest.NoPage()} {
			w := newWorld(3, 2, 4)
			w.listing.Fault(1, slices.Repeat([]exporttest.PageFault{fault}, 9)...)
			w.invoke(t.Context(), nil).wantFailure(t, failure.UpstreamUnavailable)
			w.wantRequests(t, 1+w.attempts+ahead)
		}
	})
}

func TestWhatARequestAheadMeetsBindsTheNextOneAlsoWhereItsPageIsDropped(t *testing.T) {
	t.Parallel()

	noPage := exporttest.NoPage()
	noPage.Splitting = 2 * time.Second

	for name, test := range map[string]struct {
		fault     exporttest.PageFault // of the second page
		throttled int                  // the page that is asked for meanwhile
		stops     time.Duration        // when the process is asked to end; 0: it is not
	}{
		"it is asked for again": {noPage, 2, 0},
		"it links elsewhere":    {exporttest.PageFault{Splitting: 2 * time.Second, Seems: toLast}, 3, 0},
		"the budget is spent":   {exporttest.PageFault{Latency: 20 * time.Second, Splitting: 28 * time.Second}, 2, 0},
		"the process is to end": {exporttest.PageFault{Splitting: 5 * time.Second}, 2, 3 * time.Second},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(1, 1, 1, 1)
			w.listing.Fault(1, test.fault)
			w.listing.Fault(test.throttled, exporttest.Throttled(10*time.Minute))

			if test.stops > 0 {
				w.stopping = make(chan struct{})
				time.AfterFunc(test.stops, func() { close(w.stopping) })
			}

			did := w.invoke(t.Context(), nil)
			if w.stopping = nil; did.WaitSeconds < 500 || did.stats.RequestsThrottled != 1 {
				t.Errorf("got %+v and %+v, want it to wait", did.Result, did.stats)
			}

			w.invoke(t.Context(), nil).wantNoRequest(t)
			w.mustComplete(t)
		})
	}
}
