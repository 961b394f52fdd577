package event_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"genesys-cloud-export/shared/event"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
)

func known() []string { return []string{"force", "rejected_version"} }

func TestAnEventIsSplitIntoItsFieldsWhichOutliveIt(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		payload string
		want    map[string]string
	}{
		"an empty object":      {`{}`, map[string]string{}},
		"white space around":   {" \r\n\t{ \"force\" : true } \n", map[string]string{"force": "true"}},
		"values as they stand": {`{"force": {"a" : [1, 2.50e3]},"rejected_version":9007199254740993}`, map[string]string{"force": `{"a" : [1, 2.50e3]}`, "rejected_version": "9007199254740993"}},
		"null is a value":      {`{"force":null}`, map[string]string{"force": "null"}},
		"an escaped name":      {`{"f\u006frce":true}`, map[string]string{"force": "true"}},
		"any field":            {`{"source":"aws.scheduler","detail":"{}","":1}`, map[string]string{"source": `"aws.scheduler"`, "detail": `"{}"`, "": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			payload := []byte(test.payload)

			fields, err := event.Fields(payload)
			if err != nil {
				t.Fatalf("Fields: %v", err)
			}

			clear(payload) // the fields outlive it

			got := make(map[string]string, len(fields))
			for field, value := range fields {
				got[field] = string(value)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoEventIsRefusedByName(t *testing.T) {
	t.Parallel()

	const (
		empty     = "the event is empty: send a JSON object, {} at least"
		notObject = "the event is not a JSON object: send {} or an object of fields"
		notJSON   = "the event is not valid JSON"
	)

	for name, test := range map[string]struct{ payload, want string }{
		"nothing":                       {"", empty},
		"white space":                   {" \n\t", empty},
		"null":                          {"null", notObject},
		"an array":                      {`[{"force":true}]`, notObject},
		"a string":                      {`"{}"`, notObject},
		"a number":                      {"7", notObject},
		"text":                          {"force", notObject},
		"a byte order mark":             {"\ufeff{}", notObject},
		"a cut object":                  {`{"force":tr`, notJSON},
		"an open object":                {`{"force":true`, notJSON},
		"a comma too many":              {`{"force":true,}`, notJSON},
		"a comma too few":               {`{"force":true "rejected_version":1}`, notJSON},
		"no value":                      {`{"force":}`, notJSON},
		"no name":                       {`{true}`, notJSON},
		"a comment":                     {`{/**/}`, notJSON},
		"something behind":              {`{} {}`, notJSON},
		"a brace behind":                {`{}}`, notJSON},
		"a zero behind":                 {"{}\x00", notJSON},
		"invalid UTF-8":                 {"{\"force\":\"\xff\"}", notJSON},
		"a raw newline in a string":     {"{\"force\":\"\n\"}", notJSON},
		"too deep":                      {`{"force":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, notJSON},
		"a misspelt field":              {`{"forse":true}`, `unknown field "forse": an event may have force, rejected_version`},
		"a field of another case":       {`{"Force":true}`, `unknown field "Force": an event may have force, rejected_version`},
		"a field that stands twice":     {`{"force":true,"force":true}`, `field "force" stands twice in the event`},
		"twice, once of them escaped":   {`{"force":true,"\u0066orce":false}`, `field "force" stands twice in the event`},
		"a name twice further down":     {`{"force":{"a":1,"a":2}}`, `field "a" stands twice in the event`},
		"a field of a megabyte":         {`{"` + strings.Repeat("x", 1<<20) + `":1}`, `unknown field "` + strings.Repeat("x", 40) + `…": an event may have force, rejected_version`},
		"a field that would break logs": {`{"a\nb\"":1}`, `unknown field "a\nb\"": an event may have force, rejected_version`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			fields, err := event.Fields([]byte(test.payload))
			if err == nil {
				err = event.Known(fields, known())
			}
			if !failure.Is(err, failure.InvalidInput) {
				t.Fatalf("got %v and error %v, want %s", fields, err, failure.InvalidInput)
			}
			if got := err.Error(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzFields(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"force":true}`, `{"rejected_version":7}`, `{"force":true,"force":false}`, `{"forse":true}`, ``, `null`, `[]`, `"{}"`,
		`{"force":{"a":1,"a":2}} `, `{} {}`, `{"force":`, "{\"force\":\"\xff\"}", `{"\ud800":1}`, `{"":0}`, "\ufeff{}",
		`{"version":"0","source":"aws.scheduler","detail-type":"Scheduled Event","detail":"{}"}`,
	} {
		f.Add([]byte(seed))
	}

	f.Fuzz(func(t *testing.T, payload []byte) {
		before := bytes.Clone(payload)
		fields, err := event.Fields(payload)

		if !bytes.Equal(before, payload) {
			t.Fatal("the payload was changed")
		}

		if err != nil {
			requirePrintable(t, err)
			return
		}

		requireSame(t, payload, fields)

		unknown := len(fields)
		for _, name := range known() {
			if _, given := fields[name]; given {
				unknown--
			}
		}

		if err := event.Known(fields, known()); (err != nil) != (unknown > 0) {
			t.Errorf("%d fields are unknown, and the error is %v", unknown, err)
		} else if err != nil {
			requirePrintable(t, err)
		}
	})
}

func requirePrintable(t *testing.T, err error) {
	t.Helper()

	if text := err.Error(); !failure.Is(err, failure.InvalidInput) || len(text) > 400 || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00") {
		t.Errorf("got error %q of kind %q, want a short line of kind %s", text, failure.KindOf(err), failure.InvalidInput)
	}
}

// requireSame compares what was accepted with another decoder's view.
func requireSame(t *testing.T, payload []byte, fields map[string]json.RawMessage) {
	t.Helper()

	var want map[string]json.RawMessage
	if err := json.Unmarshal(payload, &want); err != nil {
		t.Fatalf("accepted what encoding/json refuses: %v", err)
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("fields (-encoding/json +Fields):\n%s", diff)
	}
}
