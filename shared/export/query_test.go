package export_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

// storedQuery is the query in a document, byte for byte but for its white space.
func (w *world) storedQuery(t *testing.T, name string) string {
	t.Helper()

	body, _ := w.store.Object(exporttest.DocumentKey(name))

	var document struct {
		Query json.RawMessage `json:"query"`
	}
	if err := json.Unmarshal(body, &document); err != nil {
		t.Fatal(err)
	}

	var compact bytes.Buffer
	if err := json.Compact(&compact, document.Query); err != nil {
		t.Fatal(err)
	}

	return compact.String()
}

func TestQueryStandsInCheckpointAndManifestAsTheListingWritesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3)
		did := w.send(t.Context(), nil, export.Event{ExportID: exportID, Options: options(`{"expand":["skills","groups","skills"],"state":"any"}`)})

		if did.err != nil || did.Status != export.StatusComplete {
			t.Fatalf("got %+v and %v, want a complete export", did.Result, did.err)
		}

		const want = `{"method":"GET","page_size":100,"expand":["groups","skills"],"state":"any","sort_order":"ASC"}`
		for _, name := range []string{checkpointName, manifestName} {
			if got := w.storedQuery(t, name); got != want {
				t.Errorf("%s has the query %s, want %s", name, got, want)
			}
		}
	})
}

// An earlier version kept the order in which an event named the expands.
func TestQueryOfEarlierCodeStaysAsItIsAndIsComparedInTodaysForm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const earlier = `{"method":"GET","page_size":100,"expand":["skills","groups","groups"],"state":"any","sort_order":"ASC"}`

		w := interrupted(t)
		w.edit(t, func(cp *export.Checkpoint) { cp.Query.Canonical = json.RawMessage(earlier) })

		wantKind(t, w.send(t.Context(), nil, export.Event{ExportID: exportID, Options: options(`{"expand":["groups"]}`)}).err, failure.InvalidInput)

		did := w.send(t.Context(), nil, export.Event{ExportID: exportID, Options: options(`{"expand":["groups","skills"]}`)})
		if did.err != nil || did.Status != export.StatusComplete {
			t.Fatalf("got %+v and %v, want a complete export", did.Result, did.err)
		}

		for _, name := range []string{checkpointName, manifestName} {
			if got := w.storedQuery(t, name); got != earlier {
				t.Errorf("%s has the query %s, want %s", name, got, earlier)
			}
		}
	})
}

// edit changes the stored checkpoint and seals it again.
func (w *world) edit(t *testing.T, change func(*export.Checkpoint)) []byte {
	t.Helper()

	body, _ := w.store.Object(exporttest.DocumentKey(checkpointName))

	edited, err := reseal(body, change)
	if err != nil {
		t.Fatal(err)
	}

	w.store.Edit(exporttest.DocumentKey(checkpointName), edited)

	return edited
}

func TestCheckpointOfEarlierCodeIsWrittenAgainWithTheSameBytes(t *testing.T) {
	t.Parallel()

	for _, name := range []string{"stopped.json", "leased.json"} {
		body := bytes.TrimSpace(stored(t, filepath.Join("testdata/resumed", name)))

		again, err := reseal(body, func(*export.Checkpoint) {})
		if err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff(string(body), string(again)); diff != "" {
			t.Errorf("%s (-earlier +again):\n%s", name, diff)
		}
	}
}

func TestOptionOfNewerCodeInTheQueryIsToldAsSuchAndTheCheckpointStaysAsItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := interrupted(t)
		newer := w.edit(t, func(cp *export.Checkpoint) {
			cp.Query.Canonical = append([]byte(`{"windows":[{"from":1}],`), cp.Query.Canonical[1:]...)
		})

		did := w.invoke(t.Context(), nil)
		wantKind(t, did.err, failure.CheckpointInvalid)

		if !strings.Contains(did.err.Error(), "written by newer code: deploy the newer version") {
			t.Errorf("the failure is %q, want it to tell newer code from damage", did.err)
		}

		if left, _ := w.store.Object(exporttest.DocumentKey(checkpointName)); !bytes.Equal(left, newer) || did.writes() != 0 {
			t.Error("the checkpoint was written")
		}
	})
}

func TestPageSizeIsBroughtIntoTheListingsBoundsBeforeItIsStoredOrCompared(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ function, event, want int }{
		"the event's is too large":    {50, 501, 200},
		"the event's is too small":    {50, 3, 10},
		"the event's fits":            {500, 200, 200},
		"the function's is too large": {500, 0, 200},
		"the function's is too small": {1, 0, 10},
		"the function's fits":         {200, 0, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(3, 2)
				w.pageSize, w.listing.LeastPage, w.listing.MostPage = test.function, 10, 200
				w.listing.Fault(1, exporttest.Refused(failure.Forbidden))
				wantKind(t, w.send(t.Context(), nil, export.Event{ExportID: exportID, PageSize: test.event}).err, failure.Forbidden)

				body, _ := w.store.Object(exporttest.DocumentKey(checkpointName))
				if cp, err := export.DecodeCheckpoint(body); err != nil || cp.Query.PageSize != test.want {
					t.Errorf("a page size of %d is stored (%v), want %d", cp.Query.PageSize, err, test.want)
				}

				outside := test.event != test.want && (test.event != 0 || test.function != test.want)
				if told := w.logs.with("listing's bounds"); len(told) == 1 != outside || outside && !strings.Contains(told[0], "page_size=") {
					t.Errorf("the log says %q", told)
				}

				// As it was asked, and as it is stored.
				for _, size := range []int{test.event, test.want} {
					if did := w.send(t.Context(), nil, export.Event{ExportID: exportID, PageSize: size}); did.err != nil {
						t.Errorf("page_size %d: %v", size, did.err)
					}
				}

				other := 210 - test.want
				wantKind(t, w.send(t.Context(), nil, export.Event{ExportID: exportID, PageSize: other}).err, failure.InvalidInput)
			})
		})
	}
}

func TestEventNamesOneOfTheFunctionsListings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3)
		queues := exporttest.NewListing(2, 1)
		queues.Called = "queues"
		w.others = append(w.others, queues)

		for _, name := range []string{"", "teams", "Users"} {
			did := w.send(t.Context(), nil, export.Event{ExportID: exportID, Listing: name})
			wantKind(t, did.err, failure.InvalidInput)

			if !strings.Contains(did.err.Error(), "listing must name one of this function's listings: users, queues") || len(did.calls) != 0 || did.stats != (export.Stats{}) {
				t.Errorf("%q: got %v and %+v after %v", name, did.err, did.stats, did.calls)
			}
		}

		// One id serves them all.
		for name, records := range map[string]int64{"users": 3, "queues": 3} {
			did := w.send(t.Context(), nil, export.Event{ExportID: exportID, Listing: name})
			if did.err != nil || did.Status != export.StatusComplete || did.Listing != name || did.Records != records || did.stats.Listing != name {
				t.Errorf("%s: got %+v, %+v and %v, want it to be complete", name, did.Result, did.stats, did.err)
			}

			refused := w.send(t.Context(), nil, export.Event{ExportID: exportID, Listing: name, Options: options(`{"interval":1}`)})
			wantKind(t, refused.err, failure.InvalidInput)

			const want = `unknown field "interval": an event may have export_id, listing, page_size, expand, state, sort_order`
			if !strings.Contains(refused.err.Error(), want) || refused.stats != (export.Stats{}) || len(refused.calls) != 0 {
				t.Errorf("%s: got %v and %+v after %v, want %q", name, refused.err, refused.stats, refused.calls, want)
			}
		}
	})
}

func TestPaceIsTheTokensAndALearnedLimitIsTheListings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(11)...)
		queues := exporttest.NewListing(ones(11)...)
		queues.Called = "queues"
		w.others = append(w.others, queues)
		w.perMinute, w.timeout = 75, time.Hour // a request a second

		engine := w.engine(nil)
		took := func(listing, id string) time.Duration {
			begun := time.Now()

			did, _, err := engine.Run(t.Context(), export.Event{ExportID: id, Listing: listing}, "")
			if err != nil || did.Status != export.StatusComplete {
				t.Fatalf("%s: got %+v and %v, want it to be complete", listing, did, err)
			}

			return time.Since(begun).Round(time.Second)
		}

		throttled := exporttest.ThrottledUntold()
		throttled.Limit = 15 // a request in five seconds

		w.listing.Fault(0, throttled)
		took("users", "learns")

		got := []time.Duration{took("users", "e1"), took("queues", "e1"), took("users", "e2")}
		// The first request waits for the pace after the last one of the other listing.
		if want := []time.Duration{55 * time.Second, 11 * time.Second, 55 * time.Second}; !cmp.Equal(want, got) {
			t.Errorf("users, queues and users again took %v, want %v", got, want)
		}
	})
}
