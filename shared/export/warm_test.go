package export_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// warm runs an invocation in a process that has run others.
func (w *world) warm(ctx context.Context, engine *export.Engine, id string) outcome {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()

	result, stats, err := engine.Run(ctx, export.Event{ExportID: id}, requestID)

	return outcome{Result: result, stats: stats, err: err}
}

// The first export always comes a moment before the second one, and uses up the request that both wait for.
func TestTwoExportsInTurnInOneProcessThatBothWaitAsLongAsTheyShouldComplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(8)...)
		w.perMinute, w.timeout = 6, 15*time.Second
		engine := w.engine(nil)

		waiting := []string{exportID, "e2"}
		for range 100 {
			var wait int64

			for _, id := range slices.Clone(waiting) {
				did := w.warm(t.Context(), engine, id)
				if did.err != nil || did.stats.InvocationsWithoutProgress != 0 {
					t.Fatalf("%s: got %+v, %+v and %v, want to wait for the pace, and not to count", id, did.Result, did.stats, did.err)
				}

				if did.Status == export.StatusComplete {
					waiting = slices.DeleteFunc(waiting, func(other string) bool { return other == id })
				}

				wait = max(wait, did.WaitSeconds)
			}

			time.Sleep(time.Duration(wait) * time.Second)
		}

		if len(waiting) != 0 {
			t.Errorf("%v are not complete after 100 rounds", waiting)
		}
	})
}

func TestWaitForTheExportsOwnPaceIsKeptInTheCheckpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(3)...)
		w.perMinute, w.timeout, w.reserve = 6, 12*time.Second, time.Second
		engine := w.engine(nil)

		did := w.warm(t.Context(), engine, exportID)
		did.wantWait(t, export.ReasonRateLimited, 13, 13)

		if did.Pages != 1 {
			t.Errorf("got %+v, want one page, and to wait for the next one's turn", did.Result)
		}

		// A process that knows nothing of the pace obeys the checkpoint.
		early := w.invoke(t.Context(), nil)
		early.wantWait(t, export.ReasonRateLimited, 13, 13)
		early.wantNoRequest(t)
	})
}

// Two minutes of a store that fails, invocation after invocation in one process; then one failure more.
func TestProcessThatMetAnOutageRetriesAfterwardsAsAtFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(4)...)
		begun := time.Now()
		broken := exporttest.Broken()

		ctx, process := exporttest.NewProcess(t.Context(), func(op, _ string) exporttest.Action {
			if op != exporttest.OpFetch && time.Since(begun) < 2*time.Minute {
				return failing(exporttest.FailBefore)
			}

			return exporttest.Action{}
		})
		defer process.Kill()

		engine := w.engine(process)

		for time.Since(begun) < 2*time.Minute {
			wantKind(t, w.warm(ctx, engine, exportID).err, failure.StorageUnavailable)
			time.Sleep(10 * time.Second)
		}

		w.listing.Fault(1, broken, broken, broken, broken) // one less than the attempts

		did := w.warm(ctx, engine, exportID)
		did.wantComplete(t)

		if did.stats.RequestsRetried != 4 {
			t.Errorf("%d requests were sent again, want 4", did.stats.RequestsRetried)
		}

		w.mustHold(t)
	})
}
