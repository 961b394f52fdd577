package export_test

import (
	"encoding/json"
	"strings"
	"testing"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
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
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
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

	megabyte := strings.Repeat("x", 1<<20)

	for name, test := range map[string]struct{ payload, field string }{
		"an array":                {"[]", "not a JSON object"},
		"cut":                     {`{"export_id":"a"`, "not valid JSON"},
		"a field twice":           {`{"state":"any","state":"any"}`, "state"},
		"a path":                  {`{"export_id":"../x"}`, "export_id"},
		"a slash":                 {`{"export_id":"a/b"}`, "export_id"},
		"a leading hyphen":        {`{"export_id":"-a"}`, "export_id"},
		"a trailing new line":     {`{"export_id":"a\n"}`, "export_id"},
		"an empty id":             {`{"export_id":""}`, "export_id"},
		"81 characters":           {`{"export_id":"` + strings.Repeat("x", 81) + `"}`, "export_id"},
		"1 MB of id":              {`{"export_id":"` + megabyte + `"}`, "export_id"},
		"letters that look alike": {`{"export_id":"ехроrt"}`, "export_id"},
		"a number for an id":      {`{"export_id":1}`, "export_id"},
		"null for an id":          {`{"export_id":null}`, "export_id"},
		"page size 0":             {`{"page_size":0}`, "page_size"},
		"page size -1":            {`{"page_size":-1}`, "page_size"},
		"page size 1.5":           {`{"page_size":1.5}`, "page_size"},
		"page size 1e99":          {`{"page_size":1e99}`, "page_size"},
		"a string for a size":     {`{"page_size":"100"}`, "page_size"},
		"null for a size":         {`{"page_size":null}`, "page_size"},
		"an object for a size":    {`{"page_size":{}}`, "page_size"},
		"an empty listing":        {`{"listing":""}`, "listing"},
		"null for a listing":      {`{"listing":null}`, "listing"},
		"a number for a listing":  {`{"listing":1}`, "listing"},
		"a list of listings":      {`{"listing":["users"]}`, "listing"},
		"a size over 64 bits":     {`{"page_size":9223372036854775808}`, "page_size"},
	} {
		_, err := export.ParseEvent([]byte(test.payload))
		if !failure.Is(err, failure.InvalidInput) || !strings.Contains(err.Error(), test.field) || len(err.Error()) > 300 {
			t.Errorf("%s: the failure is %.400v, want it to name %q, and to be short", name, err, test.field)
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
