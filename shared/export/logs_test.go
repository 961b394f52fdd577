package export_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export/exporttest"
)

func TestReplacedSurrogatesAreWarnedOfAndCountedInCheckpointAndManifest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.listing.Replace(1, 3, 2)
		w.listing.Replace(2, 1, 4)
		// The last page is read twice, and counted once.
		w.listing.Fault(2, exporttest.Throttled(time.Hour), exporttest.PageFault{})

		for _, want := range []int64{3, 4} {
			w.invoke(t.Context(), nil)

			if got := w.checkpoint(t).Position.Replaced; got != want {
				t.Errorf("the checkpoint counts %d, want %d", got, want)
			}

			time.Sleep(2 * time.Hour)
		}

		w.mustHold(t)

		if manifest, err := w.manifest(); err != nil || manifest.ReplacedSurrogates != 4 {
			t.Errorf("the manifest counts %d (%v), want 4", manifest.ReplacedSurrogates, err)
		}

		warnings := w.logs.with(`unpaired surrogate`)
		if len(warnings) != 2 || !strings.Contains(warnings[0], "level=WARN") || !strings.Contains(warnings[0], "export_id=e1 page=2 entity=2 replaced=3") ||
			!strings.Contains(warnings[1], "page=3 entity=4 replaced=1") {
			t.Errorf("the warnings are %q", warnings)
		}
	})
}

func TestReadingIsLoggedAtMostEveryFiveSecondsWithWhatIsNotCommittedYet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(slices.Repeat([]int{2}, 16)...)
		w.partBytes = 1 << 20
		w.listing.Latency = time.Second
		w.complete(t, nil)

		want := []string{"export_id=e1 pages=5 records=10", "export_id=e1 pages=10 records=20", "export_id=e1 pages=15 records=30"}

		reading := w.logs.with("msg=reading")
		if len(reading) != len(want) {
			t.Fatalf("the log says %q, want %q", reading, want)
		}

		for n, line := range reading {
			if !strings.Contains(line, "level=INFO") || !strings.HasSuffix(line, want[n]) {
				t.Errorf("line %d is %q, want it to end as %q", n+1, line, want[n])
			}
		}
	})
}
