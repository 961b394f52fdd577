package export_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/export/exporttest"
)

// The checkpoints in testdata/resumed were written by earlier code, one by an invocation that stopped and one by an
// invocation that was killed. Both name the two parts that lie beside them.
func TestCheckpointThatEarlierCodeWroteIsResumed(t *testing.T) {
	t.Parallel()

	for _, name := range []string{"stopped.json", "leased.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2, 4, 0, 1)

				parts, err := filepath.Glob("testdata/resumed/*.gz")
				if err != nil || len(parts) != 2 {
					t.Fatalf("there are the parts %v (%v), want two", parts, err)
				}

				for _, part := range parts {
					w.store.Edit(exporttest.PartsFolder(exporttest.ListingName, exportID)+filepath.Base(part), stored(t, part))
				}

				w.store.Edit(exporttest.DocumentKey(checkpointName), stored(t, filepath.Join("testdata/resumed", name)))

				if did := w.complete(t, nil); did.Pages != 5 || len(w.listing.Requests()) != 3 {
					t.Errorf("got %+v after %d requests, want the three pages that were left", did.Result, len(w.listing.Requests()))
				}

				w.mustHold(t)
			})
		})
	}
}

func stored(t *testing.T, file string) []byte {
	t.Helper()

	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}

	return body
}
