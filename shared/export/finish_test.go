package export_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

func TestX18ExportWhoseFinishFailedIsOnlyFinishedByTheNextInvocation(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]exporttest.Fault{
		"the list of parts":      onNth(exporttest.OpList, "", 2, func() exporttest.Action { return exporttest.Action{Effect: exporttest.FailBefore} }),
		"the manifest, not done": on(exporttest.OpCreate, manifestName, exporttest.Action{Effect: exporttest.FailBefore}),
		"the manifest, done":     on(exporttest.OpCreate, manifestName, exporttest.Action{Effect: exporttest.FailAfter}),
		"the manifest, later":    on(exporttest.OpCreate, manifestName, exporttest.Action{Effect: exporttest.FailLate}),
		"latest, not done":       on(exporttest.OpCreate, latestName, exporttest.Action{Effect: exporttest.FailBefore}),
		"latest, done":           on(exporttest.OpCreate, latestName, exporttest.Action{Effect: exporttest.FailAfter}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				wantKind(t, w.invoke(t.Context(), fault).err, failure.StorageUnavailable)

				next := w.invoke(t.Context(), nil)
				if next.err != nil || next.Status != export.StatusComplete {
					t.Fatalf("got %+v and %v, want a complete export", next.Result, next.err)
				}

				if next.count(exporttest.OpFetch, exporttest.OpPut, exporttest.OpReplace) != 0 {
					t.Errorf("the calls were %v, want it to finish only", next.calls)
				}

				w.store.Land()
				w.mustHold(t)
			})
		})
	}
}

func TestX22InvocationThatWasThoughtDeadCannotTouchAFinishedExport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)

		var sealed []byte
		did := w.zombie(t.Context(), w.lives(onNth(exporttest.OpPut, "", 2, func() exporttest.Action {
			time.Sleep(w.timeout)
			w.complete(t, w.lives(clean))
			sealed, _ = w.store.Object(exporttest.DocumentKey(manifestName))

			// It writes its part, and is killed before it learns that it lost.
			return exporttest.Action{Effect: exporttest.KillAfter}
		})))
		if !did.killed {
			t.Fatal("the first invocation was not killed")
		}

		manifest, _ := w.store.Object(exporttest.DocumentKey(manifestName))
		if diff := cmp.Diff(string(sealed), string(manifest)); diff != "" {
			t.Errorf("the manifest was changed (-before +after):\n%s", diff)
		}

		if w.check() == nil {
			t.Error("the stranger is not there, so this test shows nothing")
		}

		again := w.complete(t, nil)
		if again.count(exporttest.OpDelete) != 1 || again.writes() != 1 {
			t.Errorf("the calls were %v, want the stranger to be deleted and nothing else to be written", again.calls)
		}

		w.mustHold(t)
	})
}

func TestX23FinishedExportIsToldAgainAndNothingIsFetchedOrWritten(t *testing.T) {
	t.Parallel()

	for name, denied := range map[string]bool{"a bucket that may be listed": false, "a bucket that may not": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				if denied {
					w.store.DenyList()
				}

				first := w.complete(t, nil)
				before := w.store.Journal()

				time.Sleep(240 * time.Hour)

				again := w.complete(t, nil)
				if diff := cmp.Diff(first.Result, again.Result); diff != "" {
					t.Errorf("the result (-first +again):\n%s", diff)
				}

				if got := w.store.Journal(); len(got) != len(before) {
					t.Errorf("%d changes were made", len(got)-len(before))
				}

				// Without a list only the attempt to create the checkpoint tells that it is there.
				if tries := again.writes(); again.count(exporttest.OpFetch) != 0 || tries != btoi(denied) {
					t.Errorf("the calls were %v, want to look only", again.calls)
				}

				w.mustHold(t)
			})
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}

	return 0
}

func TestP01RetryOfAnInvocationWhoseReplyWasLostGivesTheSameResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(6)...)
		w.timeout, w.partBytes = 45*time.Millisecond, 1<<20
		pace := w.lives(clean)

		// Every reply is thrown away once, the last one too.
		for range 10 {
			w.invoke(t.Context(), pace)

			if did := w.invoke(t.Context(), pace); did.err != nil {
				t.Fatal(did.err)
			}
		}

		last := w.invoke(t.Context(), pace)
		if last.Status != export.StatusComplete || last.Pages != 6 || last.Records != 6 {
			t.Errorf("got %+v and %v, want a complete export", last.Result, last.err)
		}

		w.mustHold(t)
	})
}

func TestX21BucketThatMayNotBeListedTakesNewExportsAndResumesOldOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.store.DenyList()
		w.listing.Fault(1, exporttest.Refused(failure.Forbidden))
		wantKind(t, w.invoke(t.Context(), nil).err, failure.Forbidden)

		resumed := w.invoke(t.Context(), nil)
		if resumed.err != nil || resumed.Status != export.StatusComplete || resumed.stats.PagesFetched != 2 {
			t.Errorf("got %+v and %v, want the other two pages alone", resumed.Result, resumed.err)
		}

		if !strings.Contains(w.logs.String(), "grant s3:ListBucket") {
			t.Errorf("the logs do not say what is to be granted:\n%s", w.logs)
		}

		w.mustHold(t)
	})
}
