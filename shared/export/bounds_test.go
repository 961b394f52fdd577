package export_test

import (
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// alter changes the stored checkpoint as somebody does who knows its checksum.
func (w *world) alter(t *testing.T, change func(*export.Checkpoint)) {
	t.Helper()

	body, _ := w.store.Object(exporttest.DocumentKey(checkpointName))

	sealed, err := reseal(body, change)
	if err != nil {
		t.Fatal(err)
	}

	w.store.Edit(exporttest.DocumentKey(checkpointName), sealed)
}

// wholeExport wants the export itself to be right. Its history was changed by hand.
func (w *world) wholeExport(t *testing.T) {
	t.Helper()

	if err := w.checkExport(); err != nil {
		t.Error(err)
	}
}

func TestLeaseThatCannotBeMeantCountsAsExpired(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		ahead time.Duration
		busy  int64 // the wait; 0: it counts as expired
	}{
		"a second":           {time.Second, 1},
		"15 minutes":         {15 * time.Minute, 900},
		"20 minutes":         {20 * time.Minute, 900},
		"20 minutes and one": {20*time.Minute + time.Second, 0},
		"ten years":          {10 * 365 * 24 * time.Hour, 0},
		"the year 2500":      {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := interrupted(t)
				w.alter(t, func(cp *export.Checkpoint) {
					cp.Owner, cp.LeaseUntil = "0123456789abcdef", time.Now().UTC().Add(test.ahead)
					if test.ahead == 0 {
						cp.LeaseUntil = time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC)
					}
				})

				did := w.invoke(t.Context(), nil)
				if test.busy != 0 && (did.err != nil || did.Reason != export.ReasonBusy || did.WaitSeconds != test.busy) {
					t.Errorf("got %+v and %v, want busy for %d seconds", did.Result, did.err, test.busy)
				}

				if test.busy == 0 && (did.err != nil || did.Status != export.StatusComplete) {
					t.Errorf("got %+v and %v, want a complete export", did.Result, did.err)
				}
			})
		})
	}
}

func TestInvocationWithAllTheTimeInTheWorldGetsALeaseThatCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.timeout = 24 * time.Hour

		w.invoke(t.Context(), on(exporttest.OpFetch, "", exporttest.Action{Effect: exporttest.KillBefore}))

		if did := w.invoke(t.Context(), nil); did.err != nil || did.Reason != export.ReasonBusy || did.WaitSeconds != 900 {
			t.Errorf("got %+v and %v, want busy", did.Result, did.err)
		}
	})
}

func TestWaitOfMoreThanADayCountsAsADay(t *testing.T) {
	t.Parallel()

	const day = 86_400

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
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
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

				if did := w.invoke(t.Context(), nil); did.err != nil || did.Status != export.StatusComplete {
					t.Errorf("after the wait: got %+v and %v, want a complete export", did.Result, did.err)
				}

				w.wholeExport(t)
			})
		})
	}
}

func TestWaitThatTheAPIAsksForIsHandedOverUpToADay(t *testing.T) {
	t.Parallel()

	for _, after := range []time.Duration{24 * time.Hour, 365 * 24 * time.Hour, 100 * 365 * 24 * time.Hour} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				w.listing.Fault(0, exporttest.Throttled(after))

				did := w.invoke(t.Context(), nil)
				if did.err != nil || did.Reason != export.ReasonRateLimited || did.WaitSeconds != 86_400 {
					t.Errorf("got %+v and %v, want to wait for a day", did.Result, did.err)
				}

				time.Sleep(24*time.Hour + time.Millisecond)

				if did := w.invoke(t.Context(), nil); did.err != nil || did.Status != export.StatusComplete {
					t.Errorf("a day later: got %+v and %v, want a complete export", did.Result, did.err)
				}
			})
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
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(ones(6)...)
				w.timeout, w.perMinute = 10*time.Minute, 60_000
				w.listing.Fault(0, exporttest.PageFault{Limit: test.limit})
				w.listing.Fault(5, exporttest.Refused(failure.Forbidden))

				begun := time.Now()
				wantKind(t, w.invoke(t.Context(), nil).err, failure.Forbidden)

				if took := time.Since(begun); took < test.took || took > test.took+10*time.Second {
					t.Errorf("it took %s, want about %s", took, test.took)
				}

				body, _ := w.store.Object(exporttest.DocumentKey(checkpointName))

				cp, err := export.DecodeCheckpoint(body)
				if err != nil || cp.Limit != test.learned {
					t.Errorf("the checkpoint has the limit %d (%v), want %d", cp.Limit, err, test.learned)
				}
			})
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

func TestLatestThatWasCompletedMoreThanADayAheadCountsAsNone(t *testing.T) {
	t.Parallel()

	for completedAt, kept := range map[string]bool{
		"2000-01-01T12:00:00Z": true,
		"2000-01-02T00:00:00Z": true,
		"2000-01-02T00:00:01Z": false,
		"2099-01-01T00:00:00Z": false,
	} {
		t.Run(completedAt, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				w.store.Edit(exporttest.DocumentKey(latestName),
					[]byte(`{"schema_version":1,"export_id":"other","manifest":"","completed_at":"`+completedAt+`"}`))
				w.complete(t, nil)

				if got := w.latest(t); (got == "other") != kept {
					t.Errorf("latest is %s, want the other one to stay: %t", got, kept)
				}
			})
		})
	}
}
