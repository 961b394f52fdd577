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

func answering(err error) exporttest.Action {
	return exporttest.Action{Effect: exporttest.FailBefore, Err: err}
}

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
			if did.err != nil && (kindOf(did.err) == "" || strings.Contains(did.err.Error(), "canary")) {
				t.Errorf("got %v, want a failure with a kind, and without the text of its cause", did.err)
			}
		}

		time.Sleep(w.timeout)

		// An answer that is a lie about the checkpoint may be final; it is not about anything else.
		if did := w.invoke(t.Context(), w.lives(clean)); did.err == nil {
			s.hold(t, w, w.lives(clean))
		} else if kindOf(did.err) == "" {
			t.Errorf("afterwards: got %v, want a failure with a kind", did.err)
		}
	})
}

func TestStoreThatContradictsItselfIsUnavailableAndTheExportGoesOn(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		before func(t *testing.T, w *world)
		fault  exporttest.Fault
		says   string
	}{
		"the manifest is there and cannot be read": {
			func(t *testing.T, w *world) { w.complete(t, nil) },
			onEach(exporttest.OpRead, manifestName, func() exporttest.Action { return answering(export.ErrAbsent) }), "s3:GetObject",
		},
		"the checkpoint is there and cannot be read": {
			func(t *testing.T, w *world) { w.interrupt(t, 1); w.store.ListDenied = true },
			on(exporttest.OpRead, checkpointName, answering(export.ErrAbsent)), "s3:GetObject",
		},
		"a commit is refused though nobody wrote": {
			func(*testing.T, *world) {},
			onNth(exporttest.OpReplace, checkpointName, 2, func() exporttest.Action { return answering(export.ErrConflict) }), "ETag",
		},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)
			test.before(t, w)
			w.invoke(t.Context(), test.fault).wantFailure(t, failure.StorageUnavailable, test.says)
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

		w.invoke(t.Context(), onEach(exporttest.OpNames, "", func() exporttest.Action {
			w.store.Remove(exporttest.DocumentKey(checkpointName))
			return exporttest.Action{Meanwhile: func() { w.overwrite(checkpointName, body) }}
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
			meanwhile := onNth(exporttest.OpNames, "", 1, func() exporttest.Action {
				w.interrupt(t, 3)
				return exporttest.Action{}
			})
			again := onNth(exporttest.OpList, "", 2, func() exporttest.Action { return second })

			w.invoke(t.Context(), both(meanwhile, again)).wantComplete(t)
			w.mustHold(t)
		})
	}
}

func TestStoreWhoseTagsAreNotStableIsUnavailableAndNotBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		w.store.ShakyTags = true

		for range 3 {
			did := w.invoke(t.Context(), nil)
			did.wantFailure(t, failure.StorageUnavailable, "ETag")

			if did.stats.InvocationsBusy != 0 {
				t.Errorf("the numbers are %+v, want it not to count as busy", did.stats)
			}

			time.Sleep(w.timeout)
		}
	})
}

func TestX16WriteWhoseReplyWasLostIsRecognisedAsOnesOwn(t *testing.T) {
	t.Parallel()

	again := failing(exporttest.Resend)

	for name, fault := range map[string]exporttest.Fault{
		"the beginning": on(exporttest.OpCreate, checkpointName, again),
		"a commit":      on(exporttest.OpReplace, checkpointName, again),
		"the manifest":  on(exporttest.OpCreate, manifestName, again),
		"latest":        on(exporttest.OpCreate, latestName, again),
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2)
			w.invoke(t.Context(), fault).wantComplete(t)
			w.mustHold(t)
		})
	}
}

// A failed write leaves no lease behind where it can be helped: the export may be invoked again at once.
func TestX16WriteThatFailedLeavesTheExportFree(t *testing.T) {
	t.Parallel()

	create := func(effect exporttest.Effect) exporttest.Fault {
		return on(exporttest.OpCreate, checkpointName, failing(effect))
	}
	replace := func(number int, effect exporttest.Effect) exporttest.Fault {
		return onNth(exporttest.OpReplace, checkpointName, number, fate(effect))
	}
	part := func() exporttest.Fault { return on(exporttest.OpPut, "", failing(exporttest.FailBefore)) }

	for name, test := range map[string]struct {
		fault   exporttest.Fault
		resumed bool // whether the export was begun, and left, before
	}{
		"the beginning, not done":     {create(exporttest.FailBefore), false},
		"the beginning, reply lost":   {create(exporttest.FailAfter), false},
		"the lease, not done":         {replace(1, exporttest.FailBefore), true},
		"the lease, reply lost":       {replace(1, exporttest.FailAfter), true},
		"a commit, not done":          {replace(1, exporttest.FailBefore), false},
		"a commit, reply lost":        {replace(1, exporttest.FailAfter), false},
		"a commit, done later":        {replace(1, exporttest.FailLate), false},
		"the stop, not done":          {replace(3, exporttest.FailBefore), false},
		"the stop, reply lost":        {replace(3, exporttest.FailAfter), false},
		"a part":                      {part(), false},
		"the stop after a refusal":    {replace(2, exporttest.FailBefore), true},
		"the part before the refusal": {part(), true},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2, 4)

			if test.resumed {
				w.partBytes = 1 << 20
				w.interrupt(t, 1)
				w.listing.Fault(1, exporttest.PageFault{})
				w.listing.Fault(2, exporttest.Refused(failure.Forbidden))
			}

			did := w.invoke(t.Context(), w.lives(test.fault))
			if did.err == nil {
				t.Fatalf("got %+v, want a failure", did.Result)
			}

			w.store.Land()

			if next := w.invoke(t.Context(), nil); next.err != nil && kindOf(next.err) != failure.Forbidden || next.Reason == export.ReasonBusy {
				t.Errorf("at once afterwards: got %+v and %v, want the export to be free", next.Result, next.err)
			}

			w.mustComplete(t)
		})
	}
}
