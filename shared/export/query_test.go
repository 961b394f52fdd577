package export_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

// asking is an event that asks for these options, and page size where it is not 0.
func asking(pageSize int, json string) export.Event {
	return export.Event{ExportID: exportID, PageSize: pageSize, Options: options(json)}
}

// An earlier version kept the order in which an event named the expands.
func TestQueryOfEarlierCodeStaysAsItIsAndIsComparedInTodaysForm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const earlier = `{"method":"GET","page_size":100,"expand":["skills","groups","groups"],"state":"any","sort_order":"ASC"}`

		w := interrupted(t)
		w.alter(t, func(cp *export.Checkpoint) { cp.Query.Canonical = json.RawMessage(earlier) })

		w.send(t.Context(), nil, asking(0, `{"expand":["groups"]}`)).wantFailure(t, failure.InvalidInput)
		w.send(t.Context(), nil, asking(0, `{"expand":["groups","skills"]}`)).wantComplete(t)

		var manifest bytes.Buffer
		if err := json.Compact(&manifest, w.mustManifest(t).Query.Canonical); err != nil || manifest.String() != earlier {
			t.Errorf("the manifest has the query %s (%v), want %s", manifest.String(), err, earlier)
		}

		if stored := string(w.checkpoint(t).Query.Canonical); stored != earlier {
			t.Errorf("the checkpoint has the query %s, want %s", stored, earlier)
		}
	})
}

func TestPageSizeIsBroughtIntoTheListingsBoundsBeforeItIsStoredOrCompared(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		function, event, want int
		logged                bool
	}{
		"the event's is too large":    {50, 501, 200, true},
		"the event's is too small":    {50, 3, 10, true},
		"the event's fits":            {500, 200, 200, false},
		"the function's is too large": {500, 0, 200, true},
		"the function's is too small": {1, 0, 10, true},
		"the function's fits":         {200, 0, 200, false},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2)
			w.pageSize, w.listing.LeastPage, w.listing.MostPage = test.function, 10, 200
			w.listing.Fault(1, exporttest.Refused(failure.Forbidden))
			w.send(t.Context(), nil, asking(test.event, "{}")).wantFailure(t, failure.Forbidden)

			if got := w.checkpoint(t).Query.PageSize; got != test.want {
				t.Errorf("a page size of %d is stored, want %d", got, test.want)
			}

			if lines := w.logged("listing's bounds"); len(lines) == 1 != test.logged || test.logged && !strings.Contains(lines[0], "page_size=") {
				t.Errorf("the log says %q", lines)
			}

			// As it was asked, and as it is stored.
			w.send(t.Context(), nil, asking(test.event, "{}")).wantComplete(t)
			w.send(t.Context(), nil, asking(test.want, "{}")).wantComplete(t)
			w.send(t.Context(), nil, asking(210-test.want, "{}")).wantFailure(t, failure.InvalidInput)
		})
	}
}

// withQueues makes the world one whose function has a second listing.
func (w *world) withQueues(sizes ...int) *world {
	queues := exporttest.NewListing(sizes...)
	queues.Called = "queues"
	w.others = append(w.others, queues)

	return w
}

func TestEventNamesOneOfTheFunctionsListings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(3).withQueues(2, 1)

		refused := func(event export.Event, says string) {
			t.Helper()

			did := w.send(t.Context(), nil, event)
			did.wantFailure(t, failure.InvalidInput, says)

			if len(did.calls) != 0 || did.stats != (export.Stats{}) {
				t.Errorf("got %+v after the calls %v, want none", did.stats, did.calls)
			}
		}

		for _, name := range []string{"", "teams", "Users"} {
			refused(export.Event{ExportID: exportID, Listing: name}, "listing must name one of this function's listings: users, queues")
		}

		// One id serves them all.
		for _, name := range []string{"users", "queues"} {
			did := w.send(t.Context(), nil, export.Event{ExportID: exportID, Listing: name})
			did.wantComplete(t)

			if did.Listing != name || did.Records != 3 || did.stats.Listing != name {
				t.Errorf("%s: got %+v and %+v", name, did.Result, did.stats)
			}

			refused(export.Event{ExportID: exportID, Listing: name, Options: options(`{"interval":1}`)},
				`unknown field "interval": an event may have export_id, listing, page_size, expand, state, sort_order`)
		}
	})
}

func TestPaceIsTheTokensAndALearnedLimitIsTheListings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(ones(11)...).withQueues(ones(11)...)
		w.perMinute, w.timeout = 75, time.Hour // a request a second

		engine := w.engine(nil)
		took := func(listing, id string) time.Duration {
			begun := time.Now()

			did, _, err := engine.Run(t.Context(), export.Event{ExportID: id, Listing: listing}, "")
			outcome{Result: did, err: err}.wantComplete(t)

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
