package export_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
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

// latest is what the newest pointer says.
func (w *world) latest(t *testing.T) (id string) {
	t.Helper()

	var latest struct {
		ExportID string `json:"export_id"`
	}

	body, _ := w.store.Object(exporttest.DocumentKey(latestName))
	if err := json.Unmarshal(body, &latest); err != nil {
		t.Fatal(err)
	}

	return latest.ExportID
}

func TestLatestMovesForwardOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		older, newer := export.Event{ExportID: "older"}, export.Event{ExportID: "newer"}

		noLatest := exporttest.Action{Effect: exporttest.FailBefore}
		wantKind(t, w.send(t.Context(), on(exporttest.OpRead, latestName, noLatest), older).err, failure.StorageUnavailable)

		time.Sleep(time.Hour)

		for _, event := range []export.Event{newer, older} {
			if did := w.send(t.Context(), nil, event); did.err != nil || did.Status != export.StatusComplete {
				t.Fatalf("got %+v and %v, want a complete export", did.Result, did.err)
			}
		}

		if got := w.latest(t); got != "newer" {
			t.Errorf("latest is %s, want the one that was completed last", got)
		}
	})
}

func TestLatestThatOthersMoveMeanwhileIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		move := func(completedAt string) func() exporttest.Action {
			return func() exporttest.Action {
				w.store.Edit(exporttest.DocumentKey(latestName),
					[]byte(`{"schema_version":1,"export_id":"other","manifest":"","completed_at":"`+completedAt+`"}`))

				return exporttest.Action{}
			}
		}

		if did := w.invoke(t.Context(), onNth(exporttest.OpCreate, latestName, 1, move("1999-01-01T00:00:00Z"))); did.err != nil {
			t.Fatal(did.err)
		}

		w.mustHold(t)

		// One that is newer, or cannot be outrun.
		for at, fault := range map[string]exporttest.Fault{
			"2999-01-01T00:00:00Z": onNth(exporttest.OpReplace, latestName, 1, move("2999-01-01T00:00:00Z")),
		} {
			move("1999-01-01T00:00:00Z")()

			if did := w.invoke(t.Context(), fault); did.err != nil {
				t.Fatal(did.err)
			}

			if got := w.latest(t); got != "other" {
				t.Errorf("latest is %s, want the one of %s to stay", got, at)
			}
		}

		always := func(op, name string) exporttest.Action {
			if op == exporttest.OpReplace && name == latestName {
				return move("1999-01-01T00:00:00Z")()
			}

			return exporttest.Action{}
		}

		move("1999-01-01T00:00:00Z")()
		wantKind(t, w.invoke(t.Context(), always).err, failure.StorageUnavailable)
	})
}

func TestP03LatestOfANewerSchemaIsLeftAndAnUnreadableOneReplaced(t *testing.T) {
	t.Parallel()

	for body, kept := range map[string]bool{
		`{"schema_version":2,"newest":"x"}`: true,
		`not JSON`:                          false,
		``:                                  false,
		`{}`:                                false,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				w.store.Edit(exporttest.DocumentKey(latestName), []byte(body))
				w.complete(t, nil)

				got, _ := w.store.Object(exporttest.DocumentKey(latestName))
				if stayed := bytes.Equal(got, []byte(body)); stayed != kept {
					t.Errorf("latest %q stayed: %t, want %t", body, stayed, kept)
				}
			})
		})
	}
}

func TestManifestSaysWhatWasAskedAndIsFixedWhenTheExportBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3, 2)
		w.listing.Fault(1, exporttest.Refused(failure.Forbidden))

		size, state, expand := 40, "any", []string{"skills", "groups"}
		event := export.Event{ExportID: exportID, PageSize: &size, State: &state, Expand: &expand}
		began := time.Now().UTC()
		wantKind(t, w.send(t.Context(), nil, event).err, failure.Forbidden)

		time.Sleep(time.Hour)

		w.pageSize = 7 // a deployment in between
		w.complete(t, nil)
		w.mustHold(t)

		manifest, err := w.manifest()
		if err != nil {
			t.Fatal(err)
		}

		want := manifestDocument{
			SchemaVersion: 1, ExportID: exportID, Listing: "users", Environment: "mypurecloud.de", Records: 5, Pages: 2,
			Parts: manifest.Parts, StartedAt: began.Format(time.RFC3339Nano), CompletedAt: began.Add(time.Hour).Format(time.RFC3339Nano),
			Generator: "test",
		}
		want.Query.Method, want.Query.PageSize, want.Query.Expand = "GET", 40, expand
		want.Query.State, want.Query.SortOrder = "any", "ASC"

		if diff := cmp.Diff(want, manifest); diff != "" {
			t.Errorf("the manifest (-want +got):\n%s", diff)
		}
	})
}

func TestPartsAreClosedBySizeAndAtEachStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(slices.Repeat([]int{400}, 20)...)
		w.partBytes = 2 << 10
		w.complete(t, nil)
		w.mustHold(t)

		manifest, err := w.manifest()
		if err != nil {
			t.Fatal(err)
		}

		if parts := len(manifest.Parts); parts < 3 || parts >= 20 {
			t.Errorf("20 pages make %d parts, want several pages in several parts", parts)
		}

		for n, part := range manifest.Parts {
			if part.Records%400 != 0 {
				t.Errorf("%d records are in part %d, want whole pages", part.Records, n+1)
			}

			if part.Bytes < int64(w.partBytes) && n != len(manifest.Parts)-1 {
				t.Errorf("part %d has %d bytes, want no less than %d but at the end", n+1, part.Bytes, w.partBytes)
			}
		}

		if buffers := w.listing.Buffers(); buffers > 2 {
			t.Errorf("%d pages were in memory, want one that is fetched and one that is written", buffers)
		}
	})
}
