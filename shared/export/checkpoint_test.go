package export_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

// checkpoints returns every checkpoint that was written, the oldest first.
func (w *world) checkpoints() [][]byte {
	var written [][]byte
	for _, change := range w.store.Journal() {
		if change.Key == exporttest.DocumentKey(checkpointName) && change.Body != nil {
			written = append(written, change.Body)
		}
	}

	return written
}

// rollBack restores the last checkpoint that has that many parts.
func (w *world) rollBack(t *testing.T, parts int) {
	t.Helper()

	for _, body := range slices.Backward(w.checkpoints()) {
		if cp, err := export.DecodeCheckpoint(body); err == nil && len(cp.Parts) == parts {
			w.overwrite(checkpointName, body)
			return
		}
	}

	t.Fatalf("no checkpoint had %d parts", parts)
}

// onlyManifest leaves a manifest and nothing else.
func (w *world) onlyManifest() {
	for _, key := range w.store.Keys("") {
		w.store.Remove(key)
	}

	w.overwrite(manifestName, []byte("{}"))
}

// borrow puts another export's checkpoint where this one's is.
func (w *world) borrow(t *testing.T) {
	t.Helper()

	w.send(t.Context(), nil, export.Event{ExportID: "other"})
	w.overwrite(checkpointName, w.document("users/other/checkpoint.json"))
}

// rollBackComplete completes the export and puts back one of its last checkpoints.
func (w *world) rollBackComplete(t *testing.T, back int) {
	t.Helper()

	w.complete(t, nil)
	bodies := w.checkpoints()
	w.overwrite(checkpointName, bodies[len(bodies)-1-back])
}

// newerOption adds an option to the query that its listing does not know.
func newerOption(cp *export.Checkpoint) {
	cp.Query.Canonical = append([]byte(`{"windows":[],`), cp.Query.Canonical[1:]...)
}

func TestX17CheckpointThatContradictsTheStoreOrTheFunctionIsRefusedAndNothingIsWritten(t *testing.T) {
	t.Parallel()

	type breaks func(t *testing.T, w *world)

	edit := func(old, replacement string) breaks {
		return func(t *testing.T, w *world) {
			body := w.document(checkpointName)
			if !bytes.Contains(body, []byte(old)) {
				t.Fatalf("the checkpoint has no %s", old)
			}

			w.overwrite(checkpointName, bytes.Replace(body, []byte(old), []byte(replacement), 1))
		}
	}

	alter := func(change func(cp *export.Checkpoint)) breaks {
		return func(t *testing.T, w *world) { w.alter(t, change) }
	}

	for name, test := range map[string]struct {
		breaks breaks
		says   string
	}{
		"a count was edited":          {edit(`"pages":3`, `"pages":2`), "was edited"},
		"the link was edited":         {edit(`"next":"/api`, `"next":"/evil`), "was edited"},
		"a field was added":           {edit(`"schema_version":1`, `"schema_version":1,"x":1`), "deploy the newer version"},
		"it was cut":                  {edit(`}`, ``), "no checkpoint document"},
		"it was emptied":              {func(_ *testing.T, w *world) { w.overwrite(checkpointName, nil) }, "no checkpoint document"},
		"a field in the position":     {edit(`"next":`, `"x":[],"next":`), "deploy the newer version"},
		"a field in a part":           {edit(`"name":`, `"x":1,"name":`), "deploy the newer version"},
		"an option in the query":      {alter(newerOption), "deploy the newer version"},
		"of no schema":                {edit(`"schema_version":1,`, ``), "no checkpoint document"},
		"of a newer schema":           {edit(`"schema_version":1`, `"schema_version":2,"x":{}`), "deploy the newer version"},
		"deleted":                     {func(_ *testing.T, w *world) { w.store.Remove(exporttest.DocumentKey(checkpointName)) }, "is gone"},
		"rolled back by two":          {func(t *testing.T, w *world) { w.rollBack(t, 1) }, "rolled back"},
		"rolled back by three":        {func(t *testing.T, w *world) { w.rollBack(t, 0) }, "rolled back"},
		"a part was deleted":          {func(_ *testing.T, w *world) { w.store.Remove(w.partKeys()[1]) }, "is gone from the store"},
		"a part was cut":              {func(_ *testing.T, w *world) { w.store.Edit(w.partKeys()[1], []byte("x")) }, "another size"},
		"all but the manifest gone":   {func(_ *testing.T, w *world) { w.onlyManifest() }, "is gone"},
		"it is another export's":      {func(t *testing.T, w *world) { w.borrow(t) }, "another export"},
		"a manifest, and it goes on":  {func(_ *testing.T, w *world) { w.overwrite(manifestName, []byte("{}")) }, "rolled back"},
		"a part and a manifest stray": {func(_ *testing.T, w *world) { w.onlyManifest(); w.store.Edit(partsFolder+"x", nil) }, "is gone"},
		// A complete export is not taken apart, and not changed.
		"complete, rolled back by one": {func(t *testing.T, w *world) { w.rollBackComplete(t, 1) }, "rolled back"},
		"complete, rolled back by two": {func(t *testing.T, w *world) { w.rollBackComplete(t, 2) }, "rolled back"},
		"complete, and the manifest is of newer code": {
			func(t *testing.T, w *world) {
				w.complete(t, nil)
				w.overwrite(manifestName, []byte(`{"schema_version":2}`))
			}, "contradicts the checkpoint",
		},
		"a part went before the manifest was written": {func(t *testing.T, w *world) {
			w.invoke(t.Context(), on(exporttest.OpCreate, manifestName, failing(exporttest.FailBefore))).wantFailure(t, failure.StorageUnavailable)
			w.store.Remove(w.partKeys()[0])
		}, "is gone from the store"},
		"X19 it is of another environment": {alter(func(cp *export.Checkpoint) { cp.Environment = "mypurecloud.ie" }), "environment mypurecloud.ie"},
		"X19 it is of another listing":     {alter(func(cp *export.Checkpoint) { cp.Listing = "queues" }), "listing queues"},
	} {
		bubble(t, name, func(t *testing.T) {
			w := interrupted(t)
			test.breaks(t, w)
			time.Sleep(w.timeout) // what was rolled back is busy until its lease ends
			before := len(w.store.Journal())

			kind, says := failure.CheckpointInvalid, []string{test.says}
			if strings.HasPrefix(name, "X19") {
				kind, says = failure.InvalidInput, append(says, "export_id names")
			}

			for range 2 {
				did := w.invoke(t.Context(), nil)
				did.wantFailure(t, kind, says...)
				did.wantNoRequest(t)
			}

			if after := len(w.store.Journal()); after != before {
				t.Errorf("%d changes were made", after-before)
			}
		})
	}
}

func TestX17CheckpointThatWasRolledBackByOneGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		w.rollBack(t, 2)
		w.complete(t, nil)
		w.mustBeWhole(t)
	})
}

func TestCheckpointThatIsDeletedDuringAnInvocationIsInvalid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, 2, 3)
		remove := onNth(exporttest.OpReplace, checkpointName, 2, after(func() { w.store.Remove(exporttest.DocumentKey(checkpointName)) }))

		for _, fault := range []exporttest.Fault{remove, nil} {
			w.invoke(t.Context(), fault).wantFailure(t, failure.CheckpointInvalid)
		}
	})
}

// The checkpoints in testdata/resumed were written by earlier code, one by an invocation that stopped and one by an
// invocation that was killed. Both name the two parts that lie beside them.
func TestCheckpointThatEarlierCodeWroteIsWrittenAgainWithTheSameBytesAndResumed(t *testing.T) {
	t.Parallel()

	for _, name := range []string{"stopped.json", "leased.json"} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4, 0, 1)

			for _, part := range []string{"part-000001-8af868beea1fbe47.jsonl.gz", "part-000002-8af868beea1fbe47.jsonl.gz"} {
				w.store.Edit(partsFolder+part, golden(t, part))
			}

			earlier := golden(t, name)
			w.overwrite(checkpointName, earlier)

			again, err := reseal(earlier, func(*export.Checkpoint) {})
			if diff := cmp.Diff(string(bytes.TrimSpace(earlier)), string(again)); diff != "" {
				t.Errorf("(-earlier +again), %v:\n%s", err, diff)
			}

			if did := w.mustComplete(t); did.Pages != 5 || w.listing.Seen().Requests != 3 {
				t.Errorf("got %+v after %d requests, want the three pages that were left", did.Result, w.listing.Seen().Requests)
			}
		})
	}
}

func golden(t *testing.T, name string) []byte {
	t.Helper()

	body, err := os.ReadFile(filepath.Join("testdata/resumed", name))
	if err != nil {
		t.Fatal(err)
	}

	return body
}

func FuzzDecodeCheckpoint(f *testing.F) {
	w := newWorld(1, 2)
	w.partBytes = 1 << 20

	if did := w.invoke(f.Context(), nil); did.err != nil {
		f.Fatal(did.err)
	}

	for _, body := range []string{"", "null", `{"schema_version":1}`, `{"schema_version":9}`, `{"schema_version":1,"parts":null,"checksum":""}{}`} {
		f.Add([]byte(body))
	}

	for _, body := range w.checkpoints() {
		f.Add(body)
		f.Add(bytes.ToUpper(body))
		f.Add(append(bytes.Clone(body), "{}"...))

		strange, err := reseal(body, func(cp *export.Checkpoint) { cp.Position.Next, cp.Generator = "/\u2028\ufffd<&>", "\x00" })
		if err != nil {
			f.Fatal(err)
		}

		f.Add(strange)
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		cp, err := export.DecodeCheckpoint(body)
		if err != nil {
			wantKind(t, err, failure.CheckpointInvalid)
			return
		}

		if cp.SchemaVersion != export.SchemaVersion {
			t.Fatalf("schema version %d was accepted", cp.SchemaVersion)
		}

		// What is accepted is what its checksum was made of, so that it can be sealed again.
		again, err := reseal(body, func(*export.Checkpoint) {})
		if _, refused := export.DecodeCheckpoint(again); err != nil || refused != nil {
			t.Fatalf("what was accepted cannot be sealed again, or is refused then: %v, %v", err, refused)
		}
	})
}
