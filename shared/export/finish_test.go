package export_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

func TestX18ExportWhoseFinishFailedIsOnlyFinishedByTheNextInvocation(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]exporttest.Fault{
		"the list of parts":      onNth(exporttest.OpList, "", 2, fate(exporttest.FailBefore)),
		"the manifest, not done": on(exporttest.OpCreate, manifestName, failing(exporttest.FailBefore)),
		"the manifest, done":     on(exporttest.OpCreate, manifestName, failing(exporttest.FailAfter)),
		"the manifest, later":    on(exporttest.OpCreate, manifestName, failing(exporttest.FailLate)),
		"latest, not done":       on(exporttest.OpCreate, latestName, failing(exporttest.FailBefore)),
		"latest, done":           on(exporttest.OpCreate, latestName, failing(exporttest.FailAfter)),
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2)
			wantKind(t, w.invoke(t.Context(), fault).err, failure.StorageUnavailable)

			next := w.invoke(t.Context(), nil)
			next.wantComplete(t)

			if next.count(exporttest.OpFetch, exporttest.OpPut, exporttest.OpReplace) != 0 {
				t.Errorf("the calls were %v, want it to finish only", next.calls)
			}

			w.store.Land()
			w.mustHold(t)
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
			sealed = w.document(manifestName)

			// It writes its part, and is killed before it learns that it lost.
			return failing(exporttest.KillAfter)
		})))
		if !did.killed {
			t.Fatal("the first invocation was not killed")
		}

		if diff := cmp.Diff(string(sealed), string(w.document(manifestName))); diff != "" {
			t.Errorf("the manifest was changed (-before +after):\n%s", diff)
		}

		if w.check() == nil {
			t.Error("the stray part is not there, so this test shows nothing")
		}

		again := w.mustComplete(t)
		if again.count(exporttest.OpDelete) != 1 || again.writes() != 1 {
			t.Errorf("the calls were %v, want the stray part to be deleted and nothing else to be written", again.calls)
		}
	})
}

func TestX23FinishedExportGivesItsResultAgainAndFetchesAndWritesNothing(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		denied bool
		writes int // without a list only the attempt to create the checkpoint shows that it is there
	}{"a bucket that may be listed": {false, 0}, "a bucket that may not": {true, 1}} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2)
			w.store.ListDenied = test.denied

			first := w.complete(t, nil)
			before := w.store.Journal()

			time.Sleep(240 * time.Hour)

			again := w.mustComplete(t)
			if diff := cmp.Diff(first.Result, again.Result); diff != "" {
				t.Errorf("the result (-first +again):\n%s", diff)
			}

			if got := w.store.Journal(); len(got) != len(before) {
				t.Errorf("%d changes were made", len(got)-len(before))
			}

			if again.count(exporttest.OpFetch) != 0 || again.writes() != test.writes {
				t.Errorf("the calls were %v, want to look only", again.calls)
			}
		})
	}
}

func TestX21BucketThatMayNotBeListedTakesNewExportsAndResumesOldOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2, 4)
		w.store.ListDenied = true
		w.interrupt(t, 1)

		resumed := w.invoke(t.Context(), nil)
		resumed.wantComplete(t)

		if resumed.stats.PagesFetched != 2 {
			t.Errorf("%d pages were read, want the other two alone", resumed.stats.PagesFetched)
		}

		if !strings.Contains(w.logs.String(), "grant s3:ListBucket") {
			t.Errorf("the logs do not say what is to be granted:\n%s", w.logs)
		}

		w.mustHold(t)
	})
}

func TestFinishingLeavesWhatIsNoPartWhereItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3)
		w.complete(t, nil)

		folder := exporttest.PartsFolder(exporttest.ListingName, exportID)
		want := append([]string{folder + "_SUCCESS"}, w.partKeys()...)

		w.store.Edit(folder+"_SUCCESS", []byte("x"))
		w.store.Edit(folder+"part-000009-stray.jsonl.gz", []byte("x"))
		w.invoke(t.Context(), nil)

		if diff := cmp.Diff(want, w.partKeys()); diff != "" {
			t.Errorf("in the folder lie (-want +got):\n%s", diff)
		}
	})
}

func TestManifestSaysWhatWasAskedAsTheListingWritesItAndIsFixedWhenTheExportBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.listing.Fault(1, exporttest.Refused(failure.Forbidden))

		began := time.Now().UTC()
		wantKind(t, w.send(t.Context(), nil, asking(40, `{"expand":["skills","groups","skills"],"state":"any"}`)).err, failure.Forbidden)

		time.Sleep(time.Hour)

		w.pageSize = 7 // a deployment in between
		w.mustComplete(t)

		manifest, err := w.manifest()
		if err != nil {
			t.Fatal(err)
		}

		want := manifestDocument{
			SchemaVersion: 1, ExportID: exportID, Listing: "users", Environment: "mypurecloud.de", Records: 5, Pages: 2,
			Query: manifest.Query, Parts: manifest.Parts, Generator: "test",
			StartedAt: began.Format(time.RFC3339Nano), CompletedAt: began.Add(time.Hour).Format(time.RFC3339Nano),
		}
		w.wantQuery(t, `{"method":"GET","page_size":40,"expand":["groups","skills"],"state":"any","sort_order":"ASC"}`)

		if diff := cmp.Diff(want, manifest); diff != "" {
			t.Errorf("the manifest (-want +got):\n%s", diff)
		}
	})
}

func TestP03ManifestThatIsAnotherIsNotRewritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, 2)
		w.complete(t, nil)

		const another = `{"schema_version":2}`
		w.overwrite(manifestName, []byte(another))
		wantKind(t, w.invoke(t.Context(), nil).err, failure.CheckpointInvalid)

		if body := w.document(manifestName); string(body) != another {
			t.Errorf("the manifest is %q now", body)
		}
	})
}
