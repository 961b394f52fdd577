package export_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"

	"github.com/google/go-cmp/cmp"
)

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
