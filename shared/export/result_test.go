package export_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"

	"github.com/google/go-cmp/cmp"
)

func TestResultAlwaysHasEveryField(t *testing.T) {
	t.Parallel()

	want := []string{
		"export_id", "listing", "location", "manifest", "next_page_uri", "pages", "parts", "reason", "records", "status", "wait_seconds",
	}

	encoded, err := json.Marshal(export.Result{})
	if err != nil {
		t.Fatal(err)
	}

	var fields map[string]any
	if err := json.Unmarshal(encoded, &fields); err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(fields))); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestResultTellsTheWholeExportSoFar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 1)
		w.listing.Fault(1, exporttest.Throttled(time.Hour))

		want := export.Result{
			ExportID: "e1", Listing: "users", Status: "continue", Reason: "rate_limited", Pages: 1, Records: 3, Parts: 1,
			NextPageURI: "/api/v2/users/query?cursor=1.&pageSize=100", Location: "s3://bucket/exports/users/export_id=e1/",
		}

		got := w.invoke(t.Context(), nil).Result
		want.WaitSeconds = got.WaitSeconds // its bounds are another test's

		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("to be continued (-want +got):\n%s", diff)
		}

		want = export.Result{
			ExportID: "e1", Listing: "users", Status: "complete", Reason: "end", Pages: 3, Records: 6, Parts: 3,
			Location: "s3://bucket/exports/users/export_id=e1/", Manifest: "s3://bucket/exports/_state/users/e1/manifest.json",
		}

		if diff := cmp.Diff(want, w.complete(t, nil).Result); diff != "" {
			t.Errorf("complete (-want +got):\n%s", diff)
		}
	})
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
