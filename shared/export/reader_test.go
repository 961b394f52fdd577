package export_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
)

// check checks a complete export for invariants 1, 2 and 4, its history for 3 and 4, and the logs for 9.
func (w *world) check() error {
	if strings.Contains(w.logs.String(), "jabberId") {
		return errors.New("an entity is in the logs")
	}

	return errors.Join(w.checkExport(), w.checkHistory())
}

// mustHold ends the test where check finds something wrong, or a request was sent before a wait was over (invariant 7).
func (w *world) mustHold(t *testing.T) {
	t.Helper()

	if err := w.check(); err != nil {
		t.Fatalf("%v; the bucket holds:\n%s\nlogs:\n%s", err, strings.Join(w.store.Keys(""), "\n"), w.logs.String())
	}

	if early := w.listing.Seen().Early; early != 0 {
		t.Fatalf("%d requests were sent too early", early)
	}
}

// mustBeWhole is mustHold for an export whose history was changed by hand.
func (w *world) mustBeWhole(t *testing.T) {
	t.Helper()

	if err := w.checkExport(); err != nil {
		t.Error(err)
	}
}

func (w *world) partKeys() []string { return w.store.Keys(partsFolder) }

func (w *world) manifest() (manifest export.Manifest, err error) {
	err = json.Unmarshal(w.document(manifestName), &manifest)
	return manifest, err
}

func (w *world) mustManifest(t *testing.T) export.Manifest {
	t.Helper()

	manifest, err := w.manifest()
	if err != nil {
		t.Fatal(err)
	}

	return manifest
}

func (w *world) latest() (latest export.Latest, err error) {
	err = json.Unmarshal(w.document(latestName), &latest)
	return latest, err
}

// checkExport has the independent check compare the export with the listing.
func (w *world) checkExport() error {
	bucket := make(fstest.MapFS)

	for _, key := range w.store.Keys("") {
		body, _ := w.store.Object(key)
		bucket[key] = &fstest.MapFile{Data: body}
	}

	_, err := verify.Export(context.Background(), verify.Config{
		Bucket: bucket, BucketName: exporttest.Bucket, Prefix: "exports", Listing: exporttest.ListingName, ExportID: exportID,
		Truth: func(list io.Writer) error {
			_, err := list.Write(w.listing.Truth())
			return err
		},
	})

	return err
}

// is reports whether body is the object that a document describes so.
func is(body []byte, size int64, sum string) bool {
	computed := sha256.Sum256(body)
	return int64(len(body)) == size && hex.EncodeToString(computed[:]) == sum
}

// checkHistory replays every change of the bucket. No checkpoint may ever have named a part that was not there as it says,
// each must follow from the one before it, and the manifest is written once.
func (w *world) checkHistory() error {
	objects := make(map[string][]byte)

	var current export.Checkpoint

	for _, change := range w.store.Journal() {
		key := change.Key
		named := slices.ContainsFunc(current.Parts, func(part export.Part) bool { return partsFolder+part.Name == key })

		switch _, there := objects[key]; {
		case named:
			return fmt.Errorf("%s was deleted or written again while the checkpoint named it", key)
		case key == exporttest.DocumentKey(manifestName) && there:
			return errors.New("the manifest was written again")
		case key == exporttest.DocumentKey(checkpointName):
			next, err := export.DecodeCheckpoint(change.Body)
			if err = errors.Join(err, follows(current, next, objects)); err != nil {
				return fmt.Errorf("generation %d: %w", next.Generation, err)
			}

			current = next
		}

		objects[key] = change.Body
	}

	return nil
}

// follows says what is wrong with the checkpoint that was written over another one.
func follows(before, next export.Checkpoint, objects map[string][]byte) error {
	var records int64

	for _, part := range next.Parts {
		if !is(objects[partsFolder+part.Name], part.Bytes, part.SHA256) {
			return fmt.Errorf("it points past %s, which is not there as it says", part.Name)
		}

		records += part.Records
	}

	kept := next.Parts[:min(len(before.Parts), len(next.Parts))]

	switch {
	case before.Position.Done:
		return errors.New("it follows a checkpoint that was done")
	case before.Generation != 0 && next.Generation != before.Generation+1:
		return fmt.Errorf("it follows generation %d", before.Generation)
	case !slices.Equal(kept, before.Parts) || next.Position.Pages < before.Position.Pages:
		return errors.New("it goes back")
	case records != next.Position.Records:
		return fmt.Errorf("it counts %d records, its parts %d", next.Position.Records, records)
	}

	return nil
}

func TestReaderSeesWhatIsWrongWithAnExport(t *testing.T) {
	t.Parallel()

	again := func(w *world, name string) { w.overwrite(name, w.document(name)) }

	for name, breaks := range map[string]func(w *world){
		"a part is gone":           func(w *world) { w.store.Remove(w.partKeys()[1]) },
		"a stray part":             func(w *world) { w.store.Edit(w.partKeys()[0]+"x", []byte("x")) },
		"the listing has others":   func(w *world) { w.listing.Repeat(2, 0) },
		"the manifest came again":  func(w *world) { again(w, manifestName) },
		"a checkpoint went back":   func(w *world) { again(w, checkpointName) },
		"an entity is in the logs": func(w *world) { w.logs.WriteString("jabberId") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(3, 0, 2)
			w.mustComplete(t)
			breaks(w)

			if w.check() == nil {
				t.Error("nothing is wrong, says the reader")
			}
		})
	}
}
