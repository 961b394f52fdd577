package export_test

import (
	"testing"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
)

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
		return onNth(exporttest.OpReplace, checkpointName, number, func() exporttest.Action { return failing(effect) })
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
