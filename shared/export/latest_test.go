package export_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

// latest is what the newest pointer says.
func (w *world) latest(t *testing.T) (id string) {
	t.Helper()

	var latest struct {
		ExportID string `json:"export_id"`
	}

	body, _ := w.store.Object(exporttest.DocumentKey(latestName))
	if err := json.Unmarshal(body, &latest); err != nil {
		t.Fatal(err)
	}

	return latest.ExportID
}

func TestLatestMovesForwardOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		older, newer := export.Event{ExportID: "older"}, export.Event{ExportID: "newer"}

		noLatest := exporttest.Action{Effect: exporttest.FailBefore}
		wantKind(t, w.send(t.Context(), on(exporttest.OpRead, latestName, noLatest), older).err, failure.StorageUnavailable)

		time.Sleep(time.Hour)

		for _, event := range []export.Event{newer, older} {
			if did := w.send(t.Context(), nil, event); did.err != nil || did.Status != export.StatusComplete {
				t.Fatalf("got %+v and %v, want a complete export", did.Result, did.err)
			}
		}

		if got := w.latest(t); got != "newer" {
			t.Errorf("latest is %s, want the one that was completed last", got)
		}
	})
}

func TestLatestThatOthersMoveMeanwhileIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		move := func(completedAt string) func() exporttest.Action {
			return func() exporttest.Action {
				w.store.Edit(exporttest.DocumentKey(latestName),
					[]byte(`{"schema_version":1,"export_id":"other","manifest":"","completed_at":"`+completedAt+`"}`))

				return exporttest.Action{}
			}
		}

		if did := w.invoke(t.Context(), onNth(exporttest.OpCreate, latestName, 1, move("1999-01-01T00:00:00Z"))); did.err != nil {
			t.Fatal(did.err)
		}

		w.mustHold(t)

		// One that is newer stays.
		move("1999-01-01T00:00:00Z")()

		if did := w.invoke(t.Context(), onNth(exporttest.OpReplace, latestName, 1, move("2000-01-01T23:00:00Z"))); did.err != nil {
			t.Fatal(did.err)
		}

		if got := w.latest(t); got != "other" {
			t.Errorf("latest is %s, want the newer one to stay", got)
		}

		// Others that never stop are a failure.
		always := func(op, name string) exporttest.Action {
			if op == exporttest.OpReplace && name == latestName {
				return move("1999-01-01T00:00:00Z")()
			}

			return exporttest.Action{}
		}

		move("1999-01-01T00:00:00Z")()
		wantKind(t, w.invoke(t.Context(), always).err, failure.StorageUnavailable)
	})
}

func TestP03LatestOfANewerSchemaIsLeftAndAnUnreadableOneReplaced(t *testing.T) {
	t.Parallel()

	for body, kept := range map[string]bool{
		`{"schema_version":2,"newest":"x"}`: true,
		`not JSON`:                          false,
		``:                                  false,
		`{}`:                                false,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				w.store.Edit(exporttest.DocumentKey(latestName), []byte(body))
				w.complete(t, nil)

				got, _ := w.store.Object(exporttest.DocumentKey(latestName))
				if stayed := bytes.Equal(got, []byte(body)); stayed != kept {
					t.Errorf("latest %q stayed: %t, want %t", body, stayed, kept)
				}
			})
		})
	}
}

func TestManifestSaysWhatWasAskedAndIsFixedWhenTheExportBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.listing.Fault(1, exporttest.Refused(failure.Forbidden))

		event := export.Event{ExportID: exportID, PageSize: 40, Options: export.Options{
			"state": json.RawMessage(`"any"`), "expand": json.RawMessage(`["skills","groups"]`),
		}}
		began := time.Now().UTC()
		wantKind(t, w.send(t.Context(), nil, event).err, failure.Forbidden)

		time.Sleep(time.Hour)

		w.pageSize = 7 // a deployment in between
		w.complete(t, nil)
		w.mustHold(t)

		manifest, err := w.manifest()
		if err != nil {
			t.Fatal(err)
		}

		want := manifestDocument{
			SchemaVersion: 1, ExportID: exportID, Listing: "users", Environment: "mypurecloud.de", Records: 5, Pages: 2,
			Parts: manifest.Parts, StartedAt: began.Format(time.RFC3339Nano), CompletedAt: began.Add(time.Hour).Format(time.RFC3339Nano),
			Generator: "test",
		}
		want.Query.Method, want.Query.PageSize, want.Query.Expand = "GET", 40, []string{"groups", "skills"}
		want.Query.State, want.Query.SortOrder = "any", "ASC"

		if diff := cmp.Diff(want, manifest); diff != "" {
			t.Errorf("the manifest (-want +got):\n%s", diff)
		}
	})
}

func TestPartsAreClosedBySizeAndAtEachStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(slices.Repeat([]int{400}, 20)...)
		w.partBytes = 2 << 10
		w.complete(t, nil)
		w.mustHold(t)

		manifest, err := w.manifest()
		if err != nil {
			t.Fatal(err)
		}

		if parts := len(manifest.Parts); parts < 3 || parts >= 20 {
			t.Errorf("20 pages make %d parts, want several pages in several parts", parts)
		}

		for n, part := range manifest.Parts {
			if part.Records%400 != 0 {
				t.Errorf("%d records are in part %d, want whole pages", part.Records, n+1)
			}

			if part.Bytes < int64(w.partBytes) && n != len(manifest.Parts)-1 {
				t.Errorf("part %d has %d bytes, want no less than %d but at the end", n+1, part.Bytes, w.partBytes)
			}
		}

		if buffers := w.listing.Buffers(); buffers > 2 {
			t.Errorf("%d pages were in memory, want one that is fetched and one that is written", buffers)
		}
	})
}
