package export_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

func TestNextPageIsAskedForWhileAPageIsSplitAndWhateverThatShowsThePagesAreWhole(t *testing.T) {
	t.Parallel()

	const page, splitting = time.Second, 300 * time.Millisecond

	slow := exporttest.PageFault{Splitting: splitting}
	noPage, elsewhere := exporttest.NoPage(), exporttest.PageFault{Splitting: splitting, Seems: "/elsewhere"}

	for name, test := range map[string]struct {
		fault    exporttest.PageFault // of the second page of four
		requests int
		took     time.Duration // without a backoff and the spread of a wait
	}{
		"a page":                           {slow, 4, 4*page + splitting},
		"one that turns out to be none":    {noPage, 6, 5*page + splitting}, // the third one is asked for again, too
		"one whose request meets a 429":    {exporttest.Throttled(3 * time.Second), 5, 5*page + splitting + 3*time.Second},
		"one that breaks off":              {exporttest.Broken(), 5, 5*page + splitting},
		"one that seems to link elsewhere": {elsewhere, 4, 4*page + 2*splitting},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4, 1)
			w.listing.Latency = page
			w.listing.Fault(1, test.fault)
			for page := range 4 {
				w.listing.Fault(page, slow, slow)
			}

			begun := time.Now()
			w.mustComplete(t)

			if took := time.Since(begun); took < test.took || took > test.took+page/2 {
				t.Errorf("it took %s, want no less than %s and little more", took, test.took)
			}

			if seen := w.listing.Seen(); seen.Requests != test.requests || seen.AtOnce+seen.Early != 0 {
				t.Errorf("the API saw %+v, want %d requests, one after the other", seen, test.requests)
			}
		})
	}
}

func TestPageThatIsNoneAgainAndAgainIsAskedForNoOftenerThanOneThatBreaksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, fault := range []exporttest.PageFault{exporttest.NoPage(), exporttest.Broken()} {
			w := newWorld(3, 2)
			w.listing.Fault(1, slices.Repeat([]exporttest.PageFault{fault}, 9)...)
			w.invoke(t.Context(), nil).wantFailure(t, failure.UpstreamUnavailable)
			w.wantRequests(t, 1+w.attempts)
		}
	})
}
