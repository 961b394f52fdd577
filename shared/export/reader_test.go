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
		SchemaVersion int    `json:"schema_version"`
		ExportID      string `json:"export_id"`
		Listing       string `json:"listing"`
		Environment   string `json:"environment"`
		Query         struct {
			Method    string   `json:"method"`
			PageSize  int      `json:"page_size"`
			Expand    []string `json:"expand"`
			State     string   `json:"state"`
			SortOrder string   `json:"sort_order"`
		} `json:"query"`
		Records     int64          `json:"records"`
		Pages       int64          `json:"pages"`
		Parts       []manifestPart `json:"parts"`
		StartedAt   string         `json:"started_at"`
		CompletedAt string         `json:"completed_at"`
		Generator   string         `json:"generator"`

		ReplacedSurrogates int64 `json:"replaced_surrogates"`
	}
	manifestPart struct {
		Key     string `json:"key"`
		Records int64  `json:"records"`
		Bytes   int64  `json:"bytes"`
		SHA256  string `json:"sha256"`
	}
	checkpointDocument struct {
		Generation int64  `json:"generation"`
		Owner      string `json:"owner"`
		NotBefore  string `json:"not_before"`
		Position   struct {
			Pages   int64 `json:"pages"`
			Records int64 `json:"records"`
			Done    bool  `json:"done"`
		} `json:"position"`
		Parts []struct {
			Name    string `json:"name"`
			Records int64  `json:"records"`
			Bytes   int64  `json:"bytes"`
			SHA256  string `json:"sha256"`
		} `json:"parts"`
	}
)

// check holds a complete export to invariants 1, 2 and 4, its history to 3 and 4, and the logs to 9.
func (w *world) check() error {
	return errors.Join(w.checkExport(), w.checkHistory(), w.checkLogs())
}

// mustHold ends the test where the export does not hold.
func (w *world) mustHold(t *testing.T) {
	t.Helper()

	if err := w.check(); err != nil {
		t.Fatalf("%v; the bucket holds:\n%s\nlogs:\n%s", err, strings.Join(w.store.Keys(""), "\n"), w.logs)
	}
}

func (w *world) manifest() (manifestDocument, error) {
	var manifest manifestDocument

	body, there := w.store.Object(exporttest.DocumentKey(manifestName))
	if !there {
		return manifest, errors.New("there is no manifest")
	}

	decoder := json.NewDecoder(bytes.NewReader(body))
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
			return err
		}

		lines = append(lines, unpacked...)
		records += part.Records
		keys = append(keys, part.Key)
	}

	stored := w.store.Keys(exporttest.PartsFolder(manifest.Listing, exportID))

	switch {
	case manifest.SchemaVersion != 1 || manifest.ExportID != exportID || manifest.Listing != exporttest.ListingName:
		return fmt.Errorf("the manifest is another's: %+v", manifest)
	case records != manifest.Records:
		return fmt.Errorf("the parts have %d records, the manifest says %d", records, manifest.Records)
	case !bytes.Equal(lines, w.listing.Truth()):
		return fmt.Errorf("the parts hold %d bytes that are not the %d of the listing", len(lines), len(w.listing.Truth()))
	case !slices.Equal(keys, stored):
		return fmt.Errorf("the manifest names %v, and there are %v", keys, stored)
	}

	return w.checkLatest(manifest)
}

func (w *world) readPart(part manifestPart) ([]byte, error) {
	body, there := w.store.Object(part.Key)
	sum := sha256.Sum256(body)

	if !there || int64(len(body)) != part.Bytes || hex.EncodeToString(sum[:]) != part.SHA256 {
		return nil, fmt.Errorf("%s: is not what the manifest says (there: %t, %d bytes)", part.Key, there, len(body))
	}

	from := bytes.NewReader(body)

	unpacking, err := gzip.NewReader(from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", part.Key, err)
	}

	unpacked, err := io.ReadAll(unpacking)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", part.Key, err)
	}

	if records := int64(bytes.Count(unpacked, []byte("\n"))); records != part.Records || records == 0 || from.Len() != 0 {
		return nil, fmt.Errorf("%s: has %d records, the manifest says %d", part.Key, records, part.Records)
	}

	return unpacked, nil
}

func (w *world) checkLatest(manifest manifestDocument) error {
	var latest struct {
		SchemaVersion int    `json:"schema_version"`
		ExportID      string `json:"export_id"`
		Manifest      string `json:"manifest"`
		CompletedAt   string `json:"completed_at"`
	}

	body, _ := w.store.Object(exporttest.DocumentKey(latestName))
	if err := json.Unmarshal(body, &latest); err != nil {
		return fmt.Errorf("latest: %w", err)
	}

	want := "s3://" + exporttest.Bucket + "/" + exporttest.DocumentKey(manifestName)
	if latest.SchemaVersion != 1 || latest.ExportID != exportID || latest.Manifest != want || latest.CompletedAt != manifest.CompletedAt {
		return fmt.Errorf("latest is %+v, and the manifest was completed at %s", latest, manifest.CompletedAt)
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
			if named(current, change.Key) {
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
			next, err := follows(current, change.Body, objects)
			if err != nil {
				return err
			}

			current = next
		}
	}

	if manifests > 1 {
		return fmt.Errorf("the manifest was written %d times", manifests)
	}

	return nil
}

func named(cp checkpointDocument, key string) bool {
	for _, part := range cp.Parts {
		if exporttest.PartsFolder(exporttest.ListingName, exportID)+part.Name == key {
			return true
		}
	}

	return false
}

func follows(before checkpointDocument, body []byte, objects map[string][]byte) (checkpointDocument, error) {
	var cp checkpointDocument
	if err := json.Unmarshal(body, &cp); err != nil {
		return cp, fmt.Errorf("the checkpoint: %w", err)
	}

	var records int64

	for n, part := range cp.Parts {
		stored, there := objects[exporttest.PartsFolder(exporttest.ListingName, exportID)+part.Name]
		sum := sha256.Sum256(stored)

		if !there || int64(len(stored)) != part.Bytes || hex.EncodeToString(sum[:]) != part.SHA256 {
			return cp, fmt.Errorf("generation %d points past %s, which is not there as it says", cp.Generation, part.Name)
		}

		if n < len(before.Parts) && before.Parts[n] != part {
			return cp, fmt.Errorf("generation %d has %s where the one before had %s", cp.Generation, part.Name, before.Parts[n].Name)
		}

		records += part.Records
	}

	switch {
	case before.Position.Done:
		return cp, fmt.Errorf("generation %d follows a checkpoint that was done", cp.Generation)
	case before.Generation != 0 && cp.Generation != before.Generation+1:
		return cp, fmt.Errorf("generation %d follows generation %d", cp.Generation, before.Generation)
	case len(cp.Parts) < len(before.Parts) || cp.Position.Pages < before.Position.Pages:
		return cp, fmt.Errorf("generation %d goes back", cp.Generation)
	case records != cp.Position.Records:
		return cp, fmt.Errorf("generation %d counts %d records, its parts %d", cp.Generation, cp.Position.Records, records)
	}

	return cp, nil
}

func (w *world) checkLogs() error {
	if strings.Contains(w.logs.String(), "jabberId") {
		return errors.New("an entity is in the logs")
	}

	return nil
}

func TestReaderSeesWhatIsWrongWithAnExport(t *testing.T) {
	t.Parallel()

	part := func(w *world, n int) string {
		return w.store.Keys(exporttest.PartsFolder(exporttest.ListingName, exportID))[n]
	}

	for name, breaks := range map[string]func(w *world){
		"a part is gone":            func(w *world) { w.store.Remove(part(w, 1)) },
		"a part was replaced":       func(w *world) { w.store.Edit(part(w, 0), []byte("x")) },
		"a stray part":              func(w *world) { w.store.Edit(part(w, 0)+"x", []byte("x")) },
		"the manifest is gone":      func(w *world) { w.store.Remove(exporttest.DocumentKey(manifestName)) },
		"latest is gone":            func(w *world) { w.store.Remove(exporttest.DocumentKey(latestName)) },
		"the listing has more":      func(w *world) { w.listing = exporttest.NewListing(3, 0, 3) },
		"the listing has others":    func(w *world) { w.listing.Repeat(2, 0) },
		"the manifest came again":   func(w *world) { again(w, manifestName) },
		"a checkpoint went back":    func(w *world) { again(w, checkpointName) },
		"an entity is in the logs":  func(w *world) { _, _ = w.logs.Write([]byte("jabberId")) },
		"the manifest is no JSON":   func(w *world) { w.store.Edit(exporttest.DocumentKey(manifestName), []byte("x")) },
		"the manifest is another's": func(w *world) { w.store.Edit(exporttest.DocumentKey(manifestName), []byte("{}")) },
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

func again(w *world, name string) {
	body, _ := w.store.Object(exporttest.DocumentKey(name))
	w.store.Edit(exporttest.DocumentKey(name), body)
}
