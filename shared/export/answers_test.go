package export_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// Whatever a store or the API answers, and wherever, an invocation that fails says of what kind the failure is, and the
// export goes on.
func TestAnswerThatMakesNoSenseIsANamedFailureWhereverItComes(t *testing.T) {
	t.Parallel()

	type wrong func(operation int) exporttest.Fault

	ways := make(map[string]wrong)
	for name, answer := range map[string]error{
		"absent": export.ErrAbsent, "conflict": export.ErrConflict, "the list is denied": export.ErrListDenied,
		"an error of no kind": errors.New("canary"),
	} {
		ways[name+", once"] = func(operation int) exporttest.Fault { return at(operation, answering(answer)) }
		ways[name+", from then on"] = func(operation int) exporttest.Fault { return from(operation, answering(answer)) }
	}

	anywhere(t, []scenario{scenarios()[0], scenarios()[2]}, ways, func(t *testing.T, s scenario, w *world, operation int, way wrong) {
		fault := w.lives(way(operation))
		for range 2 {
			did := w.invoke(t.Context(), fault)
			if did.err != nil && (failure.KindOf(did.err) == "" || strings.Contains(did.err.Error(), "canary")) {
				t.Errorf("got %v, want a failure with a kind, and without the text of its cause", did.err)
			}
		}

		time.Sleep(w.timeout)

		// An answer that is a lie about the checkpoint may be final; it is not about anything else.
		if did := w.invoke(t.Context(), w.lives(nil)); did.err == nil {
			s.hold(t, w, w.lives(nil))
		} else if failure.KindOf(did.err) == "" {
			t.Errorf("afterwards: got %v, want a failure with a kind", did.err)
		}
	})
}

func TestStoreThatContradictsItselfIsUnavailableAndNotBusyAndTheExportGoesOn(t *testing.T) {
	t.Parallel()

	absent := answering(export.ErrAbsent)

	for name, test := range map[string]struct {
		before func(t *testing.T, w *world)
		fault  exporttest.Fault
		rounds int
		says   string
	}{
		"the manifest is there and cannot be read": {
			func(t *testing.T, w *world) { w.complete(t, nil) }, onEach(exporttest.OpRead, manifestName, absent), 3, "s3:GetObject",
		},
		"the checkpoint is there and cannot be read": {
			func(t *testing.T, w *world) { w.interrupt(t, 1); w.store.ListDenied = true },
			onEach(exporttest.OpRead, checkpointName, absent), 3, "s3:GetObject",
		},
		"a commit is refused though nobody wrote": {
			func(*testing.T, *world) {}, onNth(exporttest.OpReplace, "", 2, answering(export.ErrConflict)), 1, "ETag",
		},
		"an acquisition is refused though nobody wrote": {
			func(t *testing.T, w *world) { w.interrupt(t, 1) }, onEach(exporttest.OpReplace, "", answering(export.ErrConflict)), 3, "ETag",
		},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			test.before(t, w)

			for range test.rounds {
				did := w.invoke(t.Context(), test.fault)
				did.wantFailure(t, failure.StorageUnavailable, test.says)

				if did.stats.InvocationsBusy != 0 {
					t.Errorf("the numbers are %+v, want it not to count as busy", did.stats)
				}
			}

			w.mustComplete(t)
		})
	}
}

// A list that lacks the checkpoint is one sign; the checkpoint itself is the other.
func TestListThatLacksTheCheckpointOnceIsNotTheEndOfTheExport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		body := w.document(checkpointName)

		w.invoke(t.Context(), onEach(exporttest.OpNames, "", exporttest.Action{
			Before:    func() { w.store.Remove(exporttest.DocumentKey(checkpointName)) },
			Meanwhile: func() { w.overwrite(checkpointName, body) },
		})).wantComplete(t)
		w.mustBeWhole(t)
	})
}

// Another invocation works, and stops, between the list of the parts and the reading of the checkpoint.
func TestX17PartWrittenWhileTheCheckpointWasReadIsNoContradiction(t *testing.T) {
	t.Parallel()

	for name, second := range map[string]exporttest.Action{
		"the parts are listed again": {}, "listing them again is denied": answering(export.ErrListDenied),
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(ones(6)...)
			meanwhile := on(exporttest.OpNames, "", after(func() { w.interrupt(t, 3) }))
			w.invokeComplete(t, both(meanwhile, onNth(exporttest.OpList, "", 2, second)))
		})
	}
}

// Where the write fails that follows a failure, the lease is released all the same. That a single failure leaves the export
// free wherever it comes shows the crash matrix.
func TestX16WriteThatFailedAfterARefusedPageOrIsDoneLaterLeavesTheExportFree(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]exporttest.Fault{
		"the part before the refusal": on(exporttest.OpPut, "", failing(exporttest.FailBefore)),
		"the stop after a refusal":    onNth(exporttest.OpReplace, checkpointName, 2, failing(exporttest.FailBefore)),
		"the stop, done later":        onNth(exporttest.OpReplace, checkpointName, 2, failing(exporttest.FailLate)),
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			w.partBytes = 1 << 20
			w.interrupt(t, 1)
			w.listing.Fault(2, exporttest.Refused(failure.Forbidden))

			did := w.invoke(t.Context(), w.lives(fault))
			did.wantFailure(t, failure.Forbidden)
			w.store.Land()
			w.invokeComplete(t, nil)
		})
	}
}
