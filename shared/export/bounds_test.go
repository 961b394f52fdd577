package export_test

import (
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

func TestLeaseThatCannotBeMeantCountsAsExpired(t *testing.T) {
	t.Parallel()

	begun := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // in a bubble

	for name, test := range map[string]struct {
		until time.Time
		busy  int64 // the wait; 0: it counts as expired
	}{
		"a second":           {begun.Add(time.Second), 1},
		"15 minutes":         {begun.Add(15 * time.Minute), 900},
		"20 minutes":         {begun.Add(20 * time.Minute), 900},
		"20 minutes and one": {begun.Add(20*time.Minute + time.Second), 0},
		"ten years":          {begun.AddDate(10, 0, 0), 0},
		"the year 2500":      {begun.AddDate(500, 0, 0), 0},
	} {
		bubble(t, name, func(t *testing.T) {
			w := interrupted(t)
			w.alter(t, func(cp *export.Checkpoint) { cp.Owner, cp.LeaseUntil = "0123456789abcdef", test.until })

			did := w.invoke(t.Context(), nil)
			if test.busy == 0 {
				did.wantComplete(t)
			} else {
				did.wantWait(t, export.ReasonBusy, test.busy, test.busy)
			}
		})
	}
}

func TestInvocationWithAllTheTimeInTheWorldGetsALeaseThatCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.timeout = 24 * time.Hour

		w.invoke(t.Context(), on(exporttest.OpFetch, "", failing(exporttest.KillBefore)))
		w.invoke(t.Context(), nil).wantWait(t, export.ReasonBusy, 900, 900)
	})
}

const day = 86_400

func TestWaitOfMoreThanADayCountsAsADay(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		until time.Time
		wait  int64
	}{
		"an hour":           {time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC), 3600},
		"a day":             {time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC), day},
		"a day and a bit":   {time.Date(2000, 1, 2, 0, 0, 0, 1e6, time.UTC), day},
		"ten years":         {time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC), day},
		"the year 9999":     {time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), day},
		"a time long ago":   {time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), 0},
		"no wait, long ago": {time.Time{}, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			w := interrupted(t)
			w.alter(t, func(cp *export.Checkpoint) { cp.NotBefore = test.until })

			for range 3 {
				did := w.invoke(t.Context(), nil)
				if did.err != nil || did.WaitSeconds != test.wait {
					t.Fatalf("got %+v and %v, want to wait for %d seconds", did.Result, did.err, test.wait)
				}

				if test.wait != 0 && did.count(exporttest.OpFetch) != 0 {
					t.Errorf("the calls were %v, want no page to be read", did.calls)
				}
			}

			time.Sleep(time.Duration(test.wait) * time.Second)
			w.invoke(t.Context(), nil).wantComplete(t)
			w.mustBeWhole(t)
		})
	}
}

func TestWaitThatTheAPIAsksForIsHandedOverUpToADay(t *testing.T) {
	t.Parallel()

	for _, after := range []time.Duration{24 * time.Hour, 365 * 24 * time.Hour, 100 * 365 * 24 * time.Hour} {
		bubble(t, after.String(), func(t *testing.T) {
			w := newWorld(3, 2)
			w.listing.Fault(0, exporttest.Throttled(after))
			w.invoke(t.Context(), nil).wantWait(t, export.ReasonRateLimited, day, day)

			time.Sleep(24*time.Hour + time.Millisecond)
			w.invoke(t.Context(), nil).wantComplete(t)
		})
	}
}

func TestLimitBelowTenIsLearnedAsTen(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		limit   int
		learned int
		took    time.Duration // of the five pages that are left, at four fifths of the limit
	}{
		"one":          {1, 10, 30 * time.Second},
		"nine":         {9, 10, 30 * time.Second},
		"ten":          {10, 10, 30 * time.Second},
		"sixty":        {60, 60, 5 * time.Second},
		"none":         {0, 0, 0},
		"less than no": {-7, 0, 0},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(ones(6)...)
			w.timeout, w.perMinute = 10*time.Minute, 60_000
			w.listing.Fault(0, exporttest.PageFault{Limit: test.limit})
			w.listing.Fault(5, exporttest.Refused(failure.Forbidden))

			begun := time.Now()
			wantKind(t, w.invoke(t.Context(), nil).err, failure.Forbidden)

			if took := time.Since(begun); took < test.took || took > test.took+10*time.Second {
				t.Errorf("it took %s, want about %s", took, test.took)
			}

			if got := w.checkpoint(t).Limit; got != test.learned {
				t.Errorf("the checkpoint has the limit %d, want %d", got, test.learned)
			}
		})
	}
}

func TestLimitBelowTenInACheckpointCountsAsTen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		w.timeout, w.perMinute = 10*time.Minute, 300
		w.alter(t, func(cp *export.Checkpoint) { cp.Limit = 1 })

		begun := time.Now()
		w.complete(t, nil)

		if took := time.Since(begun); took > time.Minute {
			t.Errorf("two pages took %s", took)
		}
	})
}
