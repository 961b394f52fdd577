package export_test

import (
	"context"
	"sync"
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

func TestTwoExportsInTurnInOneProcessThatBothWaitAsToldComplete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(8)...)
		w.perMinute, w.timeout = 6, 20*time.Second
		engine := w.engine(nil)

		var running sync.WaitGroup

		process := make(chan struct{}, 1) // one invocation at a time

		for _, id := range []string{exportID, "e2"} {
			running.Go(func() {
				for range 100 {
					process <- struct{}{}
					did := w.warm(t.Context(), engine, id)
					<-process

					if did.err != nil {
						t.Errorf("%s: %v", id, did.err)
						return
					}

					if did.Status == export.StatusComplete {
						return
					}

					if did.Reason == export.ReasonRateLimited && (did.WaitSeconds < 1 || did.WaitSeconds > 13 || did.stats.InvocationsWithoutProgress != 0) {
						t.Errorf("%s: got %+v and %+v, want to wait for the pace, and not to count", id, did.Result, did.stats)
					}

					time.Sleep(time.Duration(did.WaitSeconds) * time.Second)
				}

				t.Errorf("%s is not complete after 100 invocations", id)
			})
		}

		running.Wait()
	})
}

func TestWaitForTheExportsOwnPaceIsKeptInTheCheckpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(3)...)
		w.perMinute, w.timeout, w.reserve = 6, 12*time.Second, time.Second
		engine := w.engine(nil)

		did := w.warm(t.Context(), engine, exportID)
		if did.err != nil || did.Reason != export.ReasonRateLimited || did.Pages != 1 || did.WaitSeconds != 13 {
			t.Fatalf("got %+v and %v, want one page, and to wait for the next one's turn", did.Result, did.err)
		}

		// A process that knows nothing of the pace obeys the checkpoint.
		early := w.invoke(t.Context(), nil)
		if early.err != nil || early.Reason != export.ReasonRateLimited || early.WaitSeconds != 13 || early.count(exporttest.OpFetch) != 0 {
			t.Errorf("invoked early: got %+v and %v, want to be told to wait", early.Result, early.err)
		}
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
				return exporttest.Action{Effect: exporttest.FailBefore}
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
		if did.err != nil || did.Status != export.StatusComplete || did.stats.RequestsRetried != 4 {
			t.Errorf("got %+v, %+v and %v, want a complete export", did.Result, did.stats, did.err)
		}

		w.mustHold(t)
	})
}
