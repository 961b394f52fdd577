package export_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"

	"github.com/google/go-cmp/cmp"
)

func TestResultDescribesTheWholeExportSoFarAndAlwaysHasEveryField(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		sizes []int
		want  string
	}{
		"to be continued": {[]int{3, 2, 1}, `{"export_id":"e1","listing":"users","status":"continue","reason":"rate_limited","wait_seconds":3601,` +
			`"pages":1,"records":3,"parts":1,"next_page_uri":"/api/v2/users/query?cursor=1.\u0026pageSize=100",` +
			`"location":"s3://bucket/exports/users/export_id=e1/","manifest":""}`},
		"complete": {[]int{3}, `{"export_id":"e1","listing":"users","status":"complete","reason":"end","wait_seconds":0,` +
			`"pages":1,"records":3,"parts":1,"next_page_uri":"",` +
			`"location":"s3://bucket/exports/users/export_id=e1/","manifest":"s3://bucket/exports/_state/users/e1/manifest.json"}`},
		"complete without records": {[]int{0}, `{"export_id":"e1","listing":"users","status":"complete","reason":"end","wait_seconds":0,` +
			`"pages":1,"records":0,"parts":0,"next_page_uri":"",` +
			`"location":"s3://bucket/exports/users/export_id=e1/","manifest":"s3://bucket/exports/_state/users/e1/manifest.json"}`},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(test.sizes...)
			w.listing.Fault(1, exporttest.Throttled(time.Hour))

			result := w.invoke(t.Context(), nil).Result
			if result.WaitSeconds != 0 {
				result.WaitSeconds = 3601 // its bounds are another test's
			}

			got, err := json.Marshal(result)
			if diff := cmp.Diff(test.want, string(got)); diff != "" || err != nil {
				t.Errorf("the result (-want +got), %v:\n%s", err, diff)
			}
		})
	}
}

func TestWaitSecondsAreRoundedUp(t *testing.T) {
	t.Parallel()

	for passed, want := range map[time.Duration]int64{
		0: 60, time.Nanosecond: 60, time.Second: 59, 1500 * time.Millisecond: 59, 59*time.Second + 1: 1, 59*time.Second + 999*time.Millisecond: 1,
	} {
		bubble(t, passed.String(), func(t *testing.T) {
			w := newWorld(3)

			// Killed at once, the export is busy for a minute.
			w.invoke(t.Context(), on(exporttest.OpFetch, "", failing(exporttest.KillBefore)))
			time.Sleep(passed)

			did := w.invoke(t.Context(), nil)
			did.wantWait(t, export.ReasonBusy, want, want)
			did.wait()
			w.invokeComplete(t, nil)
		})
	}
}

func TestP02NextPageURIThatIsTooLongIsLeftOutAndTheStateStaysSmall(t *testing.T) {
	t.Parallel()

	for length, shown := range map[int]bool{1024: true, 1025: false, 100_000: false} {
		bubble(t, strconv.Itoa(length), func(t *testing.T) {
			w := interrupted(t)
			w.alter(t, func(cp *export.Checkpoint) {
				cp.Position.Next, cp.NotBefore = strings.Repeat("/", length), time.Now().Add(time.Hour)
			})

			did := w.invoke(t.Context(), nil)
			if got := len(did.NextPageURI); got != length && shown || got != 0 && !shown {
				t.Errorf("a link of %d bytes is shown in %d bytes", length, got)
			}

			if encoded, err := json.Marshal(did.Result); err != nil || len(encoded) > 2048 {
				t.Errorf("the result has %d bytes (%v), want at most 2,048", len(encoded), err)
			}
		})
	}
}

func TestReplacedSurrogatesAreWarnedOfAndCountedInCheckpointAndManifest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.listing.Replace(1, 3, 2)
		w.listing.Replace(2, 1, 4)
		// The last page is read twice, and counted once.
		w.listing.Fault(2, exporttest.Throttled(time.Hour), exporttest.PageFault{})

		for _, want := range []int64{3, 4} {
			w.invoke(t.Context(), nil)

			if got := w.checkpoint(t).Position.Replaced; got != want {
				t.Errorf("the checkpoint counts %d, want %d", got, want)
			}

			time.Sleep(2 * time.Hour)
		}

		// The listing's own list has no surrogates, so that the independent check says how many the manifest counts.
		if err := w.checkExport(); err == nil || !strings.Contains(err.Error(), "that 4 surrogates were replaced") {
			t.Errorf("got %v, want the manifest to count 4", err)
		}

		w.wantLogged(t, "unpaired surrogate", "WARN", "export_id=e1 page=2 entity=2 replaced=3", "export_id=e1 page=3 entity=4 replaced=1")
	})
}

func TestReadingIsLoggedAtMostEveryFiveSecondsWithWhatIsNotCommittedYet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(slices.Repeat([]int{2}, 16)...)
		w.partBytes = 1 << 20
		w.listing.Latency = time.Second
		w.complete(t, nil)

		w.wantLogged(t, "msg=reading", "INFO",
			"export_id=e1 pages=5 records=10", "export_id=e1 pages=10 records=20", "export_id=e1 pages=15 records=30")
	})
}

// wantLogged wants the log lines that contain text to be of that level and to end so.
func (w *world) wantLogged(t *testing.T, text, level string, ends ...string) {
	t.Helper()

	lines := w.logged(text)
	if !slices.EqualFunc(lines, ends, strings.HasSuffix) || slices.ContainsFunc(lines, func(line string) bool { return !strings.Contains(line, "level="+level) }) {
		t.Errorf("the log says %q, want %s and %q", lines, level, ends)
	}
}
