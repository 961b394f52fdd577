package export_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

// reseal changes a checkpoint and gives it the checksum that its documentation describes.
func reseal(body []byte, change func(*export.Checkpoint)) ([]byte, error) {
	cp, err := export.DecodeCheckpoint(body)
	if err != nil {
		return nil, err
	}

	change(&cp)
	cp.Checksum = ""

	unsealed, err := json.Marshal(cp)
	if err != nil {
		return nil, err
	}

	sum := sha256.Sum256(unsealed)
	cp.Checksum = hex.EncodeToString(sum[:])

	return json.Marshal(cp)
}

func FuzzDecodeCheckpoint(f *testing.F) {
	w := newWorld(1, 2)
	w.partBytes = 1 << 20

	f.Add([]byte(""))
	f.Add([]byte("null"))
	f.Add([]byte(`{"schema_version":1}`))
	f.Add([]byte(`{"schema_version":9}`))
	f.Add([]byte(`{"schema_version":1,"parts":null,"checksum":""}{}`))

	did := w.invoke(f.Context(), nil)
	if did.err != nil {
		f.Fatal(did.err)
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
			if !failure.Is(err, failure.CheckpointInvalid) {
				t.Fatalf("got %v, want %s", err, failure.CheckpointInvalid)
			}

			return
		}

		if cp.SchemaVersion != export.SchemaVersion {
			t.Fatalf("schema version %d was accepted", cp.SchemaVersion)
		}

		// What is accepted is what its checksum was made of, so that it can be sealed again.
		again, err := reseal(body, func(*export.Checkpoint) {})
		if err != nil {
			t.Fatalf("what was accepted cannot be sealed again: %v", err)
		}

		if _, err := export.DecodeCheckpoint(again); err != nil {
			t.Fatalf("what was sealed again is refused: %v", err)
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

			parts, err := filepath.Glob("testdata/resumed/*.gz")
			if err != nil || len(parts) != 2 {
				t.Fatalf("there are the parts %v (%v), want two", parts, err)
			}

			for _, part := range parts {
				w.store.Edit(exporttest.PartsFolder(exporttest.ListingName, exportID)+filepath.Base(part), golden(t, part))
			}

			earlier := golden(t, filepath.Join("testdata/resumed", name))
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

func golden(t *testing.T, file string) []byte {
	t.Helper()

	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	return body
}

func TestWhatNewerCodeWroteIsReportedAsSuchAndTheCheckpointStaysAsItIs(t *testing.T) {
	t.Parallel()

	const field = `"windows":[{"from":1}],`

	inText := func(before string) func(t *testing.T, w *world) {
		return func(_ *testing.T, w *world) {
			w.overwrite(checkpointName, bytes.Replace(w.document(checkpointName), []byte(before), []byte(field+before), 1))
		}
	}

	for name, write := range map[string]func(t *testing.T, w *world){
		"a field at the top":      inText(`"schema_version":1`),
		"a field in the position": inText(`"next":`),
		"a field in a part":       inText(`"name":`),
		"an option in the query": func(t *testing.T, w *world) {
			w.alter(t, func(cp *export.Checkpoint) { cp.Query.Canonical = append([]byte("{"+field), cp.Query.Canonical[1:]...) })
		},
	} {
		bubble(t, name, func(t *testing.T) {
			w := interrupted(t)
			write(t, w)
			newer := w.document(checkpointName)

			did := w.invoke(t.Context(), nil)
			did.wantFailure(t, failure.CheckpointInvalid, "written by newer code: deploy the newer version")

			if left := w.document(checkpointName); !bytes.Equal(left, newer) || did.writes() != 0 {
				t.Error("the checkpoint was written")
			}
		})
	}
}
