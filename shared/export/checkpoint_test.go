package export_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// interrupted is an export with three parts of five, left in good order.
func interrupted(t *testing.T) *world {
	t.Helper()

	w := newWorld(1, 2, 3, 4, 5)
	w.listing.Fault(3, exporttest.Refused(failure.Forbidden))
	wantKind(t, w.invoke(t.Context(), nil).err, failure.Forbidden)

	return w
}

// checkpoints returns every checkpoint that was written, the oldest first.
func (w *world) checkpoints() [][]byte {
	var written [][]byte
	for _, change := range w.store.Journal() {
		if change.Key == exporttest.DocumentKey(checkpointName) && !change.Deleted {
			written = append(written, change.Body)
		}
	}

	return written
}

// rollBack restores the last checkpoint that has that many parts.
func (w *world) rollBack(t *testing.T, parts int) {
	t.Helper()

	for _, body := range slices.Backward(w.checkpoints()) {
		var cp checkpointDocument
		if err := json.Unmarshal(body, &cp); err != nil {
			t.Fatal(err)
		}

		if len(cp.Parts) == parts {
			w.store.Edit(exporttest.DocumentKey(checkpointName), body)
			return
		}
	}

	t.Fatalf("no checkpoint had %d parts", parts)
}

func (w *world) partKey(n int) string {
	return w.store.Keys(exporttest.PartsFolder(exporttest.ListingName, exportID))[n]
}

func TestX17CheckpointThatContradictsTheStoreIsInvalidAndNothingIsWritten(t *testing.T) {
	t.Parallel()

	key := exporttest.DocumentKey(checkpointName)
	edit := func(old, replacement string) func(t *testing.T, w *world) {
		return func(t *testing.T, w *world) {
			body, _ := w.store.Object(key)
			if !bytes.Contains(body, []byte(old)) {
				t.Fatalf("the checkpoint has no %s", old)
			}

			w.store.Edit(key, bytes.Replace(body, []byte(old), []byte(replacement), 1))
		}
	}

	for name, test := range map[string]struct {
		breaks func(t *testing.T, w *world)
		says   string
	}{
		"a count was edited":          {edit(`"pages":3`, `"pages":2`), "was edited"},
		"the link was edited":         {edit(`"next":"/api`, `"next":"/evil`), "was edited"},
		"a field was added":           {edit(`"schema_version":1`, `"schema_version":1,"x":1`), "deploy the newer version"},
		"it was cut":                  {edit(`}`, ``), "no checkpoint document"},
		"it was emptied":              {func(_ *testing.T, w *world) { w.store.Edit(key, nil) }, "no checkpoint document"},
		"of no schema":                {edit(`"schema_version":1,`, ``), "no checkpoint document"},
		"of a newer schema":           {edit(`"schema_version":1`, `"schema_version":2,"x":{}`), "deploy the newer version"},
		"deleted":                     {func(_ *testing.T, w *world) { w.store.Remove(key) }, "is gone"},
		"rolled back by two":          {func(t *testing.T, w *world) { w.rollBack(t, 1) }, "rolled back"},
		"rolled back by three":        {func(t *testing.T, w *world) { w.rollBack(t, 0) }, "rolled back"},
		"a part was deleted":          {func(_ *testing.T, w *world) { w.store.Remove(w.partKey(1)) }, "is gone from the store"},
		"a part was cut":              {func(_ *testing.T, w *world) { w.store.Edit(w.partKey(1), []byte("x")) }, "another size"},
		"all but the manifest gone":   {onlyManifest, "is gone"},
		"it is another export's":      {borrow, "another export"},
		"a manifest, and it goes on":  {func(_ *testing.T, w *world) { w.store.Edit(exporttest.DocumentKey(manifestName), []byte("{}")) }, "rolled back"},
		"a part and a manifest stray": {func(t *testing.T, w *world) { onlyManifest(t, w); w.store.Edit("exports/users/export_id=e1/x", nil) }, "is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := interrupted(t)
				test.breaks(t, w)
				time.Sleep(w.timeout) // what was rolled back is busy until its lease ends
				before := len(w.store.Journal())

				for range 2 {
					did := w.invoke(t.Context(), nil)
					wantKind(t, did.err, failure.CheckpointInvalid)

					if !strings.Contains(did.err.Error(), test.says) {
						t.Errorf("the failure is %q, want it to say %q", did.err, test.says)
					}

					if did.count(exporttest.OpFetch) != 0 {
						t.Errorf("the calls were %v, want no page to be read", did.calls)
					}
				}

				if after := len(w.store.Journal()); after != before {
					t.Errorf("%d changes were made", after-before)
				}
			})
		})
	}
}

func onlyManifest(_ *testing.T, w *world) {
	for _, key := range w.store.Keys("") {
		w.store.Remove(key)
	}

	w.store.Edit(exporttest.DocumentKey(manifestName), []byte("{}"))
}

// borrow puts another export's checkpoint where this one's is.
func borrow(t *testing.T, w *world) {
	t.Helper()

	w.send(t.Context(), nil, export.Event{ExportID: "other"})
	body, _ := w.store.Object(exporttest.DocumentKey("users/other/checkpoint.json"))
	w.store.Edit(exporttest.DocumentKey(checkpointName), body)
}

func TestX17CheckpointThatWasRolledBackByOneGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		w.rollBack(t, 2)
		w.complete(t, nil)

		// The history goes back by hand, so only the export itself is held to its invariants.
		if err := w.checkExport(); err != nil {
			t.Error(err)
		}
	})
}

// A complete export is not taken apart: its manifest shows that the checkpoint is too old, by however little.
func TestX17CheckpointOfACompleteExportThatWasRolledBackIsInvalidAndTheExportStays(t *testing.T) {
	t.Parallel()

	for back := 1; back <= 2; back++ {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(1, 2)
			w.complete(t, nil)

			bodies := w.checkpoints()
			w.store.Edit(exporttest.DocumentKey(checkpointName), bodies[len(bodies)-1-back])
			time.Sleep(w.timeout)
			wantKind(t, w.invoke(t.Context(), nil).err, failure.CheckpointInvalid)

			if err := w.checkExport(); err != nil {
				t.Errorf("rolled back by %d: %v", back, err)
			}
		})
	}
}

func TestX17PartThatIsGoneFromACompletedExportIsToldBeforeTheManifestIsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, 2)
		fault := on(exporttest.OpCreate, manifestName, exporttest.Action{Effect: exporttest.FailBefore})
		wantKind(t, w.invoke(t.Context(), fault).err, failure.StorageUnavailable)

		w.store.Remove(w.partKey(0))
		wantKind(t, w.invoke(t.Context(), nil).err, failure.CheckpointInvalid)

		if _, err := w.manifest(); err == nil {
			t.Error("there is a manifest of an export that lacks a part")
		}
	})
}

func TestCheckpointThatIsDeletedDuringAnInvocationIsInvalid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, 2, 3)
		remove := onNth(exporttest.OpReplace, checkpointName, 2, func() exporttest.Action {
			w.store.Remove(exporttest.DocumentKey(checkpointName))
			return exporttest.Action{}
		})

		for _, fault := range []exporttest.Fault{remove, nil} {
			wantKind(t, w.invoke(t.Context(), fault).err, failure.CheckpointInvalid)
		}
	})
}

func TestX17PartWrittenWhileTheCheckpointWasReadIsNoContradiction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(6)...)
		// Another one works, and stops, between the list of the parts and the reading of the checkpoint.
		w.listing.Fault(3, exporttest.Refused(failure.Forbidden))
		did := w.invoke(t.Context(), onNth(exporttest.OpNames, "", 1, func() exporttest.Action {
			wantKind(t, w.invoke(t.Context(), nil).err, failure.Forbidden)
			return exporttest.Action{}
		}))

		if did.err != nil || did.Status != export.StatusComplete {
			t.Errorf("got %+v and %v, want a complete export", did.Result, did.err)
		}

		w.mustHold(t)
	})
}

func TestP03ManifestThatIsAnotherIsNotRewritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, 2)
		w.complete(t, nil)

		key := exporttest.DocumentKey(manifestName)
		w.store.Edit(key, []byte(`{"schema_version":2}`))
		wantKind(t, w.invoke(t.Context(), nil).err, failure.CheckpointInvalid)

		if body, _ := w.store.Object(key); string(body) != `{"schema_version":2}` {
			t.Errorf("the manifest is %q now", body)
		}
	})
}

func TestX19CheckpointOfAnotherListingOrEnvironmentIsInvalidInputThatNamesTheID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		w.environment = "mypurecloud.ie"

		did := w.invoke(t.Context(), nil)
		wantKind(t, did.err, failure.InvalidInput)

		if !strings.Contains(did.err.Error(), "export_id") || !strings.Contains(did.err.Error(), "mypurecloud.ie") {
			t.Errorf("the failure is %q, want it to name export_id and both environments", did.err)
		}

		body, _ := w.store.Object(exporttest.DocumentKey(checkpointName))
		sealed, err := reseal(body, func(cp *export.Checkpoint) { cp.Listing, cp.Environment = "queues", "mypurecloud.ie" })
		if err != nil {
			t.Fatal(err)
		}

		w.store.Edit(exporttest.DocumentKey(checkpointName), sealed)
		wantKind(t, w.invoke(t.Context(), nil).err, failure.InvalidInput)
	})
}
