package export_test

import (
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export/exporttest"
)

// peak is the most that the heap holds during an export of that many pages of 1,000 users, in bytes.
func peak(t *testing.T, pages int) uint64 {
	t.Helper()

	w := newWorld(slices.Repeat([]int{1000}, pages)...)
	w.store.Forgetful, w.partBytes, w.timeout = true, 256<<10, time.Hour

	var (
		most  uint64
		stats runtime.MemStats
	)

	requests := 0
	did := w.invoke(t.Context(), onEach(exporttest.OpFetch, "", after(func() {
		if requests++; requests%10 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			most = max(most, stats.HeapAlloc)
		}
	})))
	did.wantComplete(t)

	return most
}

//nolint:paralleltest // it measures the heap of the whole process; no other test may run meanwhile
func TestX20MemoryDoesNotGrowWithTheExport(t *testing.T) {
	const few, many = 50, 500

	small, large := peak(t, few), peak(t, many)

	// Three pages of 90 KB, a part and a compressor are about 2 MB; the larger export has 450,000 users more, which are 40 MB.
	if bound := small + small/4 + 1<<20; large > bound || large > 16<<20 {
		t.Errorf("the heap holds up to %d bytes in an export of %d pages and up to %d in one of %d, want at most %d and 16 MB",
			small, few, large, many, bound)
	}
}

func TestPartsAreClosedBySizeAndAtEachStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(slices.Repeat([]int{400}, 20)...)
		w.partBytes = 2 << 10
		w.mustComplete(t)

		parts := w.mustManifest(t).Parts
		if len(parts) < 3 || len(parts) >= 20 {
			t.Errorf("20 pages make %d parts, want several pages in several parts", len(parts))
		}

		for n, part := range parts {
			if last := n == len(parts)-1; part.Records%400 != 0 || part.Bytes < int64(w.partBytes) && !last {
				t.Errorf("part %d of %d has %d records in %d bytes, want whole pages, and no less than %d but at the end",
					n+1, len(parts), part.Records, part.Bytes, w.partBytes)
			}
		}

		if buffers := w.listing.Seen().Buffers; buffers > 3 {
			t.Errorf("%d pages were in memory, want one that is asked for, one that is split and one that is written", buffers)
		}
	})
}
