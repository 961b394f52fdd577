package export_test

import (
	"strconv"
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

	for until, wait := range map[time.Time]int64{ // 0: it counts as expired
		begun.Add(time.Second):                  1,
		begun.Add(15 * time.Minute):             900,
		begun.Add(20 * time.Minute):             900,
		begun.Add(20*time.Minute + time.Second): 0,
		begun.AddDate(10, 0, 0):                 0,
		begun.AddDate(500, 0, 0):                0,
	} {
		bubble(t, until.String(), func(t *testing.T) {
			w := interrupted(t)
			w.alter(t, func(cp *export.Checkpoint) { cp.Owner, cp.LeaseUntil = "0123456789abcdef", until })

			did := w.invoke(t.Context(), nil)
			if wait == 0 {
				did.wantComplete(t)
			} else {
				did.wantWait(t, export.ReasonBusy, wait, wait)
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

	for until, wait := range map[time.Time]int64{
		time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC):   3600,
		time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC):   day,
		time.Date(2000, 1, 2, 0, 0, 0, 1e6, time.UTC): day,
		time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC):   day,
		time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC): day,
		time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC):      0,
		{}:                                            0,
	} {
		bubble(t, until.String(), func(t *testing.T) {
			w := interrupted(t)
			w.alter(t, func(cp *export.Checkpoint) { cp.NotBefore = until })

			for range 3 {
				did := w.invoke(t.Context(), nil)
				if did.err != nil || did.WaitSeconds != wait || wait != 0 && did.count(exporttest.OpFetch) != 0 {
					t.Fatalf("got %+v and %v after the calls %v, want to wait for %d seconds", did.Result, did.err, did.calls, wait)
				}
			}

			time.Sleep(time.Duration(wait) * time.Second)
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

	type learned struct {
		limit int
		took  time.Duration // by the five pages that are left, at four fifths of the limit
	}

	for given, want := range map[int]learned{
		1: {10, 30 * time.Second}, 9: {10, 30 * time.Second}, 10: {10, 30 * time.Second}, 60: {60, 5 * time.Second}, 0: {}, -7: {},
	} {
		bubble(t, strconv.Itoa(given), func(t *testing.T) {
			w := newWorld(ones(6)...)
			w.timeout, w.perMinute = 10*time.Minute, 60_000
			w.listing.Fault(0, exporttest.Limited(given))
			w.listing.Fault(5, exporttest.Refused(failure.Forbidden))

			begun := time.Now()
			w.invoke(t.Context(), nil).wantFailure(t, failure.Forbidden)

			if took := time.Since(begun); took < want.took || took > want.took+10*time.Second {
				t.Errorf("it took %s, want about %s", took, want.took)
			}

			if got := w.checkpoint(t).Limit; got != want.limit {
				t.Errorf("the checkpoint has the limit %d, want %d", got, want.limit)
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
