package export_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

func TestX19EventsThatAreTaken(t *testing.T) {
	t.Parallel()

	size := func(n int) *int { return &n }
	text := func(s string) *string { return &s }
	list := func(s ...string) *[]string { s = append([]string{}, s...); return &s }

	for payload, want := range map[string]export.Event{
		`{}`:                   {},
		" \n{ }\t":             {},
		`{"export_id":"a"}`:    {ExportID: "a"},
		`{"export_id":"0_-Z"}`: {ExportID: "0_-Z"},
		`{"export_id":"` + strings.Repeat("x", 80) + `"}`: {ExportID: strings.Repeat("x", 80)},
		`{"page_size":1}`:                           {PageSize: size(1)},
		`{"page_size":500}`:                         {PageSize: size(500)},
		`{"expand":[]}`:                             {Expand: list()},
		`{"expand":["groups", "skills"]}`:           {Expand: list("groups", "skills")},
		`{"expand":["routingStatus.status"]}`:       {Expand: list("routingStatus.status")},
		`{"state":"active"}`:                        {State: text("active")},
		`{"state":"any","sort_order":"DESC"}`:       {State: text("any"), SortOrder: text("DESC")},
		`{"state":"inactive","sort_order":"ASC"}`:   {State: text("inactive"), SortOrder: text("ASC")},
		`{"state":"deleted","export_id":"2026-11"}`: {State: text("deleted"), ExportID: "2026-11"},
	} {
		t.Run(payload, func(t *testing.T) {
			t.Parallel()

			got, err := export.ParseEvent([]byte(payload))
			if err != nil {
				t.Fatal(err)
			}

			if got.Expand != nil && *got.Expand == nil {
				t.Error("an empty expand was taken for none")
			}

			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the event (-want +got):\n%s", diff)
			}
		})
	}
}

func TestX19EventsThatAreRefusedByTheNameOfTheField(t *testing.T) {
	t.Parallel()

	megabyte := strings.Repeat("x", 1<<20)

	for name, test := range map[string]struct{ payload, field string }{
		"nothing":                 {"", "empty"},
		"null":                    {"null", "not a JSON object"},
		"an array":                {"[]", "not a JSON object"},
		"a string":                {`"{}"`, "not a JSON object"},
		"cut":                     {`{"export_id":"a"`, "not valid JSON"},
		"two objects":             {`{}{}`, "not valid JSON"},
		"an unknown field":        {`{"exportId":"a"}`, "exportId"},
		"another's case":          {`{"Export_ID":"a"}`, "Export_ID"},
		"a long unknown field":    {`{"` + megabyte + `":1}`, "unknown field"},
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
		"page size 501":           {`{"page_size":501}`, "page_size"},
		"page size -1":            {`{"page_size":-1}`, "page_size"},
		"page size 1.5":           {`{"page_size":1.5}`, "page_size"},
		"page size 1e99":          {`{"page_size":1e99}`, "page_size"},
		"a string for a size":     {`{"page_size":"100"}`, "page_size"},
		"null for a size":         {`{"page_size":null}`, "page_size"},
		"an object for a size":    {`{"page_size":{}}`, "page_size"},
		"a string for expand":     {`{"expand":"groups"}`, "expand"},
		"null for expand":         {`{"expand":null}`, "expand"},
		"null in expand":          {`{"expand":[null]}`, "expand"},
		"a number in expand":      {`{"expand":[1]}`, "expand"},
		"a comma in expand":       {`{"expand":["groups,skills"]}`, "expand"},
		"a query in expand":       {`{"expand":["a&state=any"]}`, "expand"},
		"a long name in expand":   {`{"expand":["` + megabyte + `"]}`, "expand"},
		"too many names":          {`{"expand":["a"` + strings.Repeat(`,"a"`, 50) + `]}`, "expand"},
		"1 MB of names":           {`{"expand":["a"` + strings.Repeat(`,"a"`, 1<<18) + `]}`, "expand"},
		"an unknown state":        {`{"state":"gone"}`, "state"},
		"a state's case":          {`{"state":"ACTIVE"}`, "state"},
		"1 MB of state":           {`{"state":"` + megabyte + `"}`, "state"},
		"an array for a state":    {`{"state":["any"]}`, "state"},
		"an unknown order":        {`{"sort_order":"asc"}`, "sort_order"},
		"a bool for an order":     {`{"sort_order":true}`, "sort_order"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := export.ParseEvent([]byte(test.payload))
			wantKind(t, err, failure.InvalidInput)

			if !strings.Contains(err.Error(), test.field) || len(err.Error()) > 300 {
				t.Errorf("the failure is %.400q, want it to name %q, and to be short", err, test.field)
			}
		})
	}
}

func TestX19OptionsMayBeLeftOutOrRepeatedAndNotChanged(t *testing.T) {
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
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
						if did.err != nil || did.Status != export.StatusComplete {
							t.Fatalf("got %+v and %v, want a complete export", did.Result, did.err)
						}

						continue
					}

					wantKind(t, did.err, failure.InvalidInput)

					if !strings.Contains(did.err.Error(), test.field) || did.writes() != 0 || did.count(exporttest.OpFetch) != 0 {
						t.Errorf("got %v after %v, want it to name %s and to have written nothing", did.err, did.calls, test.field)
					}

					w.complete(t, nil)
				}
			})
		})
	}
}

func TestEventWithoutAnIDBeginsAnExportUnderTheRequestsID(t *testing.T) {
	t.Parallel()

	w := newWorld(3)
	did := w.send(t.Context(), nil, export.Event{})

	if did.err != nil || did.ExportID != requestID || did.Status != export.StatusComplete {
		t.Errorf("got %+v and %v, want the export %s to be complete", did.Result, did.err, requestID)
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `{"export_id":"a","page_size":5,"expand":["groups"],"state":"any","sort_order":"ASC"}`,
		`{"expand":[]}`, `{"page_size":1e2}`, `{"page_size":1.0}`, `{"export_id":"\u0061"}`, "{\"state\":\"\xff\"}", `{"state":"any"} x`,
	} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, payload []byte) {
		event, err := export.ParseEvent(payload)
		if err != nil {
			if !failure.Is(err, failure.InvalidInput) {
				t.Fatalf("got %v, want %s", err, failure.InvalidInput)
			}

			return
		}

		encoded, err := encodeEvent(event)
		if err != nil {
			t.Fatal(err)
		}

		again, err := export.ParseEvent(encoded)
		if err != nil {
			t.Fatalf("%s was accepted, and %s is not: %v", payload, encoded, err)
		}

		if diff := cmp.Diff(event, again); diff != "" {
			t.Fatalf("the event (-first +again):\n%s", diff)
		}
	})
}

func encodeEvent(event export.Event) ([]byte, error) {
	fields := make(map[string]any)
	for name, value := range map[string]any{"page_size": event.PageSize, "expand": event.Expand, "state": event.State, "sort_order": event.SortOrder} {
		if !slices.Contains([]any{(*int)(nil), (*[]string)(nil), (*string)(nil)}, value) {
			fields[name] = value
		}
	}

	if event.ExportID != "" {
		fields["export_id"] = event.ExportID
	}

	return json.Marshal(fields)
}
