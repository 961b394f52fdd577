package export_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"genesys-cloud-export/shared/export/exporttest"
)

// The documents as a reader knows them from the contract. Nothing of the engine is used to read what it wrote.
type (
	manifestDocument struct {
		SchemaVersion      int             `json:"schema_version"`
		ExportID           string          `json:"export_id"`
		Listing            string          `json:"listing"`
		Environment        string          `json:"environment"`
		Query              json.RawMessage `json:"query"`
		Records            int64           `json:"records"`
		Pages              int64           `json:"pages"`
		Parts              []manifestPart  `json:"parts"`
		StartedAt          string          `json:"started_at"`
		CompletedAt        string          `json:"completed_at"`
		Generator          string          `json:"generator"`
		ReplacedSurrogates int64           `json:"replaced_surrogates"`
	}
	manifestPart struct {
		Key string `json:"key"`
		Described
	}
	checkpointDocument struct {
		Generation int64 `json:"generation"`
		Position   struct {
			Pages   int64 `json:"pages"`
			Records int64 `json:"records"`
			Done    bool  `json:"done"`
		} `json:"position"`
		Parts []struct {
			Name string `json:"name"`
			Described
		} `json:"parts"`
	}
	// Described is an object as a document describes it.
	Described struct {
		Records int64  `json:"records"`
		Bytes   int64  `json:"bytes"`
		SHA256  string `json:"sha256"`
	}
)

// is reports whether body is the object that the document describes.
func (d Described) is(body []byte) bool {
	sum := sha256.Sum256(body)
	return int64(len(body)) == d.Bytes && hex.EncodeToString(sum[:]) == d.SHA256
}

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
		t.Fatalf("%v; the bucket holds:\n%s\nlogs:\n%s", err, strings.Join(w.store.Keys(""), "\n"), w.logs)
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

func (w *world) partKey(n int) string { return w.partKeys()[n] }

func (w *world) partKeys() []string {
	return w.store.Keys(exporttest.PartsFolder(exporttest.ListingName, exportID))
}

func (w *world) manifest() (manifestDocument, error) {
	var manifest manifestDocument

	decoder := json.NewDecoder(bytes.NewReader(w.document(manifestName)))
	decoder.DisallowUnknownFields()

	return manifest, decoder.Decode(&manifest)
}

func (w *world) checkExport() error {
	manifest, err := w.manifest()
	if err != nil {
		return err
	}

	var (
		lines   []byte
		records int64
		keys    []string
	)

	for n, part := range manifest.Parts {
		if want := fmt.Sprintf("%spart-%06d-", exporttest.PartsFolder(manifest.Listing, exportID), n+1); !strings.HasPrefix(part.Key, want) {
			return fmt.Errorf("part %d is named %s", n+1, part.Key)
		}

		unpacked, err := w.readPart(part)
		if err != nil {
			return fmt.Errorf("%s: %w", part.Key, err)
		}

		lines = append(lines, unpacked...)
		records += part.Records
		keys = append(keys, part.Key)
	}

	switch {
	case manifest.SchemaVersion != 1 || manifest.ExportID != exportID || manifest.Listing != exporttest.ListingName:
		return fmt.Errorf("the manifest is another's: %+v", manifest)
	case records != manifest.Records:
		return fmt.Errorf("the parts have %d records, the manifest says %d", records, manifest.Records)
	case !bytes.Equal(lines, w.listing.Truth()):
		return fmt.Errorf("the parts hold %d bytes that are not the %d of the listing", len(lines), len(w.listing.Truth()))
	case !slices.Equal(keys, w.partKeys()):
		return fmt.Errorf("the manifest names %v, and there are %v", keys, w.partKeys())
	}

	return w.checkLatest(manifest)
}

func (w *world) readPart(part manifestPart) ([]byte, error) {
	body, there := w.store.Object(part.Key)
	if !there || !part.is(body) {
		return nil, fmt.Errorf("is not what the manifest says (there: %t, %d bytes)", there, len(body))
	}

	from := bytes.NewReader(body)

	unpacking, err := gzip.NewReader(from)
	if err != nil {
		return nil, err
	}

	unpacked, err := io.ReadAll(unpacking)
	if records := int64(bytes.Count(unpacked, []byte("\n"))); err == nil && (records != part.Records || records == 0 || from.Len() != 0) {
		err = fmt.Errorf("has %d records, the manifest says %d", records, part.Records)
	}

	return unpacked, err
}

// latestDocument names the newest complete export.
type latestDocument struct {
	SchemaVersion int    `json:"schema_version"`
	ExportID      string `json:"export_id"`
	Manifest      string `json:"manifest"`
	CompletedAt   string `json:"completed_at"`
}

func (w *world) latest() (latest latestDocument, err error) {
	err = json.Unmarshal(w.document(latestName), &latest)
	return latest, err
}

func (w *world) checkLatest(manifest manifestDocument) error {
	want := latestDocument{1, exportID, "s3://" + exporttest.Bucket + "/" + exporttest.DocumentKey(manifestName), manifest.CompletedAt}

	if latest, err := w.latest(); err != nil || latest != want {
		return fmt.Errorf("latest is %+v (%w), want %+v", latest, err, want)
	}

	return nil
}

// checkHistory replays every change of the bucket. No checkpoint may ever have named a part that was not there as it says,
// each must follow from the one before it, and the manifest is written once.
func (w *world) checkHistory() error {
	objects := make(map[string][]byte)
	manifests := 0

	var current checkpointDocument

	for _, change := range w.store.Journal() {
		if change.Deleted {
			if current.names(change.Key) {
				return fmt.Errorf("%s was deleted while the checkpoint named it", change.Key)
			}

			delete(objects, change.Key)

			continue
		}

		objects[change.Key] = change.Body

		switch change.Key {
		case exporttest.DocumentKey(manifestName):
			manifests++
		case exporttest.DocumentKey(checkpointName):
			next, err := current.next(change.Body, objects)
			if err != nil {
				return fmt.Errorf("generation %d %w", next.Generation, err)
			}

			current = next
		}
	}

	if manifests > 1 {
		return fmt.Errorf("the manifest was written %d times", manifests)
	}

	return nil
}

func (cp checkpointDocument) names(key string) bool {
	for _, part := range cp.Parts {
		if exporttest.PartsFolder(exporttest.ListingName, exportID)+part.Name == key {
			return true
		}
	}

	return false
}

// next is the checkpoint that was written over cp, and what is wrong with it.
func (cp checkpointDocument) next(body []byte, objects map[string][]byte) (next checkpointDocument, err error) {
	if err := json.Unmarshal(body, &next); err != nil {
		return next, err
	}

	var records int64

	for n, part := range next.Parts {
		stored, there := objects[exporttest.PartsFolder(exporttest.ListingName, exportID)+part.Name]
		if !there || !part.is(stored) {
			return next, fmt.Errorf("points past %s, which is not there as it says", part.Name)
		}

		if n < len(cp.Parts) && cp.Parts[n] != part {
			return next, fmt.Errorf("has %s where the one before had %s", part.Name, cp.Parts[n].Name)
		}

		records += part.Records
	}

	switch {
	case cp.Position.Done:
		return next, errors.New("follows a checkpoint that was done")
	case cp.Generation != 0 && next.Generation != cp.Generation+1:
		return next, fmt.Errorf("follows generation %d", cp.Generation)
	case len(next.Parts) < len(cp.Parts) || next.Position.Pages < cp.Position.Pages:
		return next, errors.New("goes back")
	case records != next.Position.Records:
		return next, fmt.Errorf("counts %d records, its parts %d", next.Position.Records, records)
	}

	return next, nil
}

func TestReaderSeesWhatIsWrongWithAnExport(t *testing.T) {
	t.Parallel()

	again := func(w *world, name string) { w.overwrite(name, w.document(name)) }

	for name, breaks := range map[string]func(w *world){
		"a part is gone":            func(w *world) { w.store.Remove(w.partKey(1)) },
		"a part was replaced":       func(w *world) { w.store.Edit(w.partKey(0), []byte("x")) },
		"a stray part":              func(w *world) { w.store.Edit(w.partKey(0)+"x", []byte("x")) },
		"the manifest is gone":      func(w *world) { w.store.Remove(exporttest.DocumentKey(manifestName)) },
		"latest is gone":            func(w *world) { w.store.Remove(exporttest.DocumentKey(latestName)) },
		"the listing has more":      func(w *world) { w.listing = exporttest.NewListing(3, 0, 3) },
		"the listing has others":    func(w *world) { w.listing.Repeat(2, 0) },
		"the manifest came again":   func(w *world) { again(w, manifestName) },
		"a checkpoint went back":    func(w *world) { again(w, checkpointName) },
		"an entity is in the logs":  func(w *world) { _, _ = w.logs.Write([]byte("jabberId")) },
		"the manifest is no JSON":   func(w *world) { w.overwrite(manifestName, []byte("x")) },
		"the manifest is another's": func(w *world) { w.overwrite(manifestName, []byte("{}")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			w := newWorld(3, 0, 2)
			w.complete(t, clean)
			w.mustHold(t)

			breaks(w)

			if w.check() == nil {
				t.Error("nothing is wrong, says the reader")
			}
		})
	}
}
