package export_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
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
