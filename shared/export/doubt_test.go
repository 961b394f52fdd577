package export_test

import (
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

// The stop of the first invocation was written and its reply lost; before the client sent it again a second invocation had
// taken the export over, and has built on the part that the first one wrote.
func TestX16CommitThatWasSentAgainAfterASuccessorTookOverKeepsItsPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(4)...)
		w.timeout, w.partBytes = 45*time.Millisecond, 1<<20

		stop := exporttest.Action{Effect: exporttest.Resend, Meanwhile: func() {
			if did := w.invoke(t.Context(), w.lives(clean)); did.err != nil || did.Parts != 2 {
				t.Errorf("the successor: got %+v and %v, want a second part", did.Result, did.err)
			}
		}}

		did := w.zombie(t.Context(), w.lives(on(exporttest.OpReplace, checkpointName, stop)))
		if did.err != nil || did.Reason != export.ReasonBusy {
			t.Errorf("the first: got %+v and %v, want busy", did.Result, did.err)
		}

		w.complete(t, w.lives(clean))
		w.mustHold(t)
	})
}

func TestX16WriteWhoseReplyWasLostIsRecognisedAsOnesOwn(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]exporttest.Fault{
		"the beginning": on(exporttest.OpCreate, checkpointName, exporttest.Action{Effect: exporttest.Resend}),
		"a commit":      on(exporttest.OpReplace, checkpointName, exporttest.Action{Effect: exporttest.Resend}),
		"the manifest":  on(exporttest.OpCreate, manifestName, exporttest.Action{Effect: exporttest.Resend}),
		"latest":        on(exporttest.OpCreate, latestName, exporttest.Action{Effect: exporttest.Resend}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				if did := w.invoke(t.Context(), fault); did.err != nil || did.Status != export.StatusComplete {
					t.Errorf("got %+v and %v, want a complete export", did.Result, did.err)
				}

				w.mustHold(t)
			})
		})
	}
}

// A failed write leaves no lease behind where it can be helped: the export may be invoked again at once.
func TestX16WriteThatFailedLeavesTheExportFree(t *testing.T) {
	t.Parallel()

	replace := func(number int, effect exporttest.Effect) exporttest.Fault {
		return onNth(exporttest.OpReplace, checkpointName, number, func() exporttest.Action { return exporttest.Action{Effect: effect} })
	}

	for name, test := range map[string]struct {
		fault   exporttest.Fault
		resumed bool // whether the export was begun, and left, before
	}{
		"the beginning, not done":     {on(exporttest.OpCreate, checkpointName, exporttest.Action{Effect: exporttest.FailBefore}), false},
		"the beginning, reply lost":   {on(exporttest.OpCreate, checkpointName, exporttest.Action{Effect: exporttest.FailAfter}), false},
		"the claim, not done":         {replace(1, exporttest.FailBefore), true},
		"the claim, reply lost":       {replace(1, exporttest.FailAfter), true},
		"a commit, not done":          {replace(1, exporttest.FailBefore), false},
		"a commit, reply lost":        {replace(1, exporttest.FailAfter), false},
		"a commit, done later":        {replace(1, exporttest.FailLate), false},
		"the stop, not done":          {replace(3, exporttest.FailBefore), false},
		"the stop, reply lost":        {replace(3, exporttest.FailAfter), false},
		"a part":                      {on(exporttest.OpPut, "", exporttest.Action{Effect: exporttest.FailBefore}), false},
		"the stop after a refusal":    {replace(2, exporttest.FailBefore), true},
		"the part before the refusal": {on(exporttest.OpPut, "", exporttest.Action{Effect: exporttest.FailBefore}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2, 4)

				if test.resumed {
					w.partBytes = 1 << 20
					w.listing.Fault(1, exporttest.Refused(failure.Forbidden), exporttest.PageFault{})
					w.listing.Fault(2, exporttest.Refused(failure.Forbidden))
					wantKind(t, w.invoke(t.Context(), nil).err, failure.Forbidden)
				}

				did := w.invoke(t.Context(), w.lives(test.fault))
				if did.err == nil {
					t.Fatalf("got %+v, want a failure", did.Result)
				}

				w.store.Land()

				if next := w.invoke(t.Context(), nil); next.err != nil && kindOf(next.err) != failure.Forbidden || next.Reason == export.ReasonBusy {
					t.Errorf("at once afterwards: got %+v and %v, want the export to be free", next.Result, next.err)
				}

				w.complete(t, nil)
				w.mustHold(t)
			})
		})
	}
}
