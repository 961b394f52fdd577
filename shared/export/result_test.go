package export_test

import (
	"encoding/json"
	"strings"
	"testing"
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
			w.invoke(t.Context(), nil).wantComplete(t)
		})
	}
}

func TestP02NextPageURIThatIsTooLongIsLeftOutAndTheStateStaysSmall(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		length int
		shown  bool
	}{
		"1,024 bytes": {1024, true}, "1,025 bytes": {1025, false}, "100,000 bytes": {100_000, false},
	} {
		bubble(t, name, func(t *testing.T) {
			const bare = len("/api/v2/users/query?cursor=1.&pageSize=100")

			w := newWorld(3, 2)
			w.listing.Filler = strings.Repeat("x", test.length-bare)
			w.listing.Fault(1, exporttest.Throttled(time.Hour))

			did := w.invoke(t.Context(), nil)
			if shown := len(did.NextPageURI) == test.length; shown != test.shown || !shown && did.NextPageURI != "" {
				t.Errorf("a link of %d bytes is shown in %d bytes", test.length, len(did.NextPageURI))
			}

			encoded, err := json.Marshal(did.Result)
			if err != nil || len(encoded) > 2048 {
				t.Errorf("the result has %d bytes (%v), want at most 2,048", len(encoded), err)
			}

			w.mustComplete(t)
		})
	}
}
