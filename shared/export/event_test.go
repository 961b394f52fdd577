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
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestEventsThatAreTaken(t *testing.T) {
	t.Parallel()

	for payload, want := range map[string]export.Event{
		`{}`:                   {},
		" \n{ }\t":             {},
		`{"export_id":"a"}`:    {ExportID: "a"},
		`{"export_id":"0_-Z"}`: {ExportID: "0_-Z"},
		`{"export_id":"` + strings.Repeat("x", 80) + `"}`: {ExportID: strings.Repeat("x", 80)},
		`{"page_size":1}`:                    {PageSize: 1},
		`{"page_size":10000}`:                {PageSize: 10_000},
		`{"listing":"queues"}`:               {Listing: "queues"},
		`{"state":"any","a b":[1, {"c":2}]}`: {Options: options(`{"state":"any"}`, `{"a b":[1, {"c":2}]}`)},
		`{"export_id":"2026-11","listing":"users","page_size":7,"expand":null}`: {
			ExportID: "2026-11", Listing: "users", PageSize: 7, Options: options(`{"expand":null}`),
		},
	} {
		got, err := export.ParseEvent([]byte(payload))
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%s is read as (-want +got), %v:\n%s", payload, err, diff)
		}
	}
}

// options are those of JSON objects.
func options(objects ...string) export.Options {
	all := make(export.Options)
	for _, object := range objects {
		if err := json.Unmarshal([]byte(object), &all); err != nil {
			panic(err)
		}
	}

	return all
}

func TestEventsThatAreRefusedByTheNameOfTheField(t *testing.T) {
	t.Parallel()

	id := func(id string) string { return `{"export_id":"` + id + `"}` }

	for says, payloads := range map[string][]string{
		`field "state" stands twice`: {`{"state":"any","state":"any"}`}, // what else is no event is shared/event's to show
		"export_id must be ": {
			id("../x"), id("a/b"), id("-a"), id(`a\n`), id(""), id(strings.Repeat("x", 81)), id(strings.Repeat("x", 1<<20)),
			id("ехроrt"), // letters that look alike
			`{"export_id":1}`, `{"export_id":null}`,
		},
		"page_size must be ": {
			`{"page_size":0}`, `{"page_size":-1}`, `{"page_size":1.5}`, `{"page_size":1e99}`, `{"page_size":9223372036854775808}`,
			`{"page_size":"100"}`, `{"page_size":null}`, `{"page_size":{}}`,
		},
		"listing must be ": {`{"listing":""}`, `{"listing":null}`, `{"listing":1}`, `{"listing":["users"]}`},
	} {
		for _, payload := range payloads {
			_, err := export.ParseEvent([]byte(payload))
			if !failure.Is(err, failure.InvalidInput) || !strings.HasPrefix(err.Error(), says) || len(err.Error()) > 300 {
				t.Errorf("%.100s: the failure is %.400v, want it to begin with %q, and to be short", payload, err, says)
			}
		}
	}
}

func TestOptionsMayBeLeftOutOrRepeatedAndNotChanged(t *testing.T) {
	t.Parallel()

	const begun = `{"export_id":"e1","page_size":40,"expand":["skills","groups"],"state":"any","sort_order":"DESC"}`

	for name, test := range map[string]struct{ payload, field string }{
		"left out":                {`{"export_id":"e1"}`, ""},
		"repeated":                {begun, ""},
		"in another order":        {`{"export_id":"e1","expand":["groups","skills","groups"]}`, ""},
		"another page size":       {`{"export_id":"e1","page_size":41}`, "page_size"},
		"another state":           {`{"export_id":"e1","state":"active"}`, "state"},
		"another order":           {`{"export_id":"e1","sort_order":"ASC"}`, "sort_order"},
		"one expand less":         {`{"export_id":"e1","expand":["skills"]}`, "expand"},
		"no expand":               {`{"export_id":"e1","expand":[]}`, "expand"},
		"one expand more":         {`{"export_id":"e1","expand":["skills","groups","chat"]}`, "expand"},
		"one right and one wrong": {`{"export_id":"e1","state":"any","page_size":100}`, "page_size"},
		"a type that is wrong":    {`{"export_id":"e1","state":1}`, "state"},
		"an option nobody knows":  {`{"export_id":"e1","states":"any"}`, "states"},
		"the listing, by name":    {`{"export_id":"e1","listing":"users","state":"any"}`, ""},
		"another listing":         {`{"export_id":"e1","listing":"queues"}`, "listing"},
	} {
		bubble(t, name, func(t *testing.T) {
			w := newWorld(3, 2)
			send := func(payload string) outcome {
				event, err := export.ParseEvent([]byte(payload))
				if err != nil {
					t.Fatal(err)
				}

				return w.send(t.Context(), nil, event)
			}

			w.listing.Fault(1, exporttest.Refused(failure.Forbidden))
			wantKind(t, send(begun).err, failure.Forbidden)

			// It holds for a running export and for a finished one.
			for range 2 {
				did := send(test.payload)

				if test.field == "" {
					did.wantComplete(t)
					continue
				}

				did.wantFailure(t, failure.InvalidInput, test.field)

				if did.writes() != 0 || did.count(exporttest.OpFetch) != 0 {
					t.Errorf("the calls were %v, want nothing to be read or written", did.calls)
				}

				w.complete(t, nil)
			}
		})
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `{"export_id":"a","page_size":5,"expand":["groups"],"state":"any","sort_order":"ASC"}`,
		`{"listing":"users","expand":[ 1 , 2.50e3]}`, `{"page_size":1e2}`, `{"page_size":1.0}`, `{"export_id":"\u0061"}`, "{\"state\":\"\xff\"}", `{"state":"any"} x`,
	} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, payload []byte) {
		event, err := export.ParseEvent(payload)
		if err != nil {
			wantKind(t, err, failure.InvalidInput)
			return
		}

		for _, field := range []string{"export_id", "listing", "page_size"} {
			if _, left := event.Options[field]; left {
				t.Errorf("%s: %s is read as an option", payload, field)
			}
		}

		if event.ExportID != "" && !export.ValidID(event.ExportID) || event.PageSize < 0 {
			t.Errorf("%s was read as %+v", payload, event)
		}
	})
}

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
		w.warm = w.engine(nil)
		took := func(listing, id string) time.Duration {
			begun := time.Now()
			w.send(t.Context(), nil, export.Event{ExportID: id, Listing: listing}).wantComplete(t)

			return time.Since(begun).Round(time.Second)
		}

		w.listing.Fault(0, exporttest.Limited(15)) // a request in five seconds
		took("users", "learns")

		got := []time.Duration{took("users", "e1"), took("queues", "e1"), took("users", "e2")}
		// The first request waits for the pace after the last one of the other listing.
		if want := []time.Duration{55 * time.Second, 11 * time.Second, 55 * time.Second}; !cmp.Equal(want, got) {
			t.Errorf("users, queues and users again took %v, want %v", got, want)
		}
	})
}
