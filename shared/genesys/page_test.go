package genesys_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/genesys"

	"pgregory.net/rapid"
)

// lists generates JSON lists of objects as text, with white space wherever the grammar has it.
func lists() *rapid.Generator[string] {
	space := rapid.StringMatching(`[ \t\r\n]{0,3}`)
	list := func(open, closing string, item *rapid.Generator[string]) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
				return space.Draw(t, "before") + item.Draw(t, "item") + space.Draw(t, "after")
			}), 0, 3).Draw(t, "items")

			return open + space.Draw(t, "space") + strings.Join(items, ",") + closing
		})
	}

	piece := rapid.OneOf(rapid.StringMatching(`[a-z ]{0,8}`), rapid.SampledFrom([]string{
		`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0000`, `\u00e9`, `\uD83D\uDE00`, `\u2028`, " ", "  ", "{", "}", "[", "]", ",", ":",
		"<", ">", "&", "é", "😀", "\u2028", "\u2029", "\u007f", "\u00a0", "\ufeff", "/", "null",
	}))
	text := rapid.Map(rapid.SliceOfN(piece, 0, 6), func(pieces []string) string { return `"` + strings.Join(pieces, "") + `"` })
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?`)
	word := rapid.SampledFrom([]string{"null", "true", "false", "{}", "[]"})

	var value, object *rapid.Generator[string]
	deferred := rapid.Deferred(func() *rapid.Generator[string] { return value })
	object = list("{", "}", rapid.Custom(func(t *rapid.T) string {
		return text.Draw(t, "name") + space.Draw(t, "before") + ":" + space.Draw(t, "after") + deferred.Draw(t, "value")
	}))
	value = rapid.OneOf(text, number, word, text, list("[", "]", deferred), object)

	return list("[", "]", object)
}

func TestLinesAreTheEntitiesWithoutTheirWhiteSpace(t *testing.T) {
	t.Parallel()

	generated := lists()
	rapid.Check(t, func(t *rapid.T) {
		body := ` { "other" : ` + generated.Draw(t, "another field") + ` , "entities" : ` + generated.Draw(t, "entities") + " }\n"

		inPieces := rapid.SampledFrom([]func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader}).Draw(t, "reads")
		if err := read(t, []byte(body), inPieces(strings.NewReader(body))); err != nil {
			t.Fatalf("read %q: %v", body, err)
		}
	})
}

func nested(depth int) string {
	return strings.Repeat(`{"manager":`, depth) + "null" + strings.Repeat("}", depth)
}

// goodPages are pages that are read, however odd.
func goodPages() []string {
	return []string{
		`{"entities":[]}`, twoUsers, " {\n\t\"entities\" : [ { \"id\" : \"1\" ,\r\n \"a\" : [ 1 , 2 ] } ] }\n", `{"entities":[{"a b":" c\t \" d "}]}`,
		`{"entities":[{"id":"1", "id":"2","a":{"b":1, "b":2}}]}`, `{"entities":[{"n":1.00, "m":12345678901234567890123, "e":-0.0E+00}]}`,
		`{"entities":[{"t":"\u00e9\/\\\"\b\ud83d\ude00<&>é😀` + "\u2028\u007f" + `"}]}`, `{"entities":[{"t":"a\nb"}]}`, "{\"entities\":[{\"id\":\n\"1\"}]}",
		`{"entities":[` + nested(9000) + `]}`, `{"entities":[{},{}]}`, `{"Entities":null,"NEXTURI":7,"entities":[{"id":"1"}]}`, `{"entit\u0069es":[{"id":"1"}]}`,
		`{"a":[{"entities":null}],"entities":[{"id":"1"}],"results":1,"results":1,"b":{"nextUri":7}}`,
		`{"nextUri":"/a?b=\u0026","entities":[],"cursor":"c\n","nextPageUri":"\/d"}`, `{"nextUri":null,"nextPageUri":"","cursor":null,"entities":[]}`,
		`{"entities":[{"nextUri":"/inner","cursor":"inner"}]}`, `{"x":{"nextUri":"/inner"},"entities":[],"self":["cursor"]}`,
		`{"entities":[{"a":"\ud83d"},{"\ude00\ud83d\ude00":"\\\ud83d"}]}`,
	}
}

func TestAnEntityIsOneLineAsTheAPIGaveIt(t *testing.T) {
	t.Parallel()

	for _, body := range goodPages() {
		if err := read(t, []byte(body), strings.NewReader(body)); err != nil {
			t.Errorf("read %s: %v", cut(body), err)
		}
	}
}

// read reads a page from reader. One that is read is what encoding/json says of its body; else it returns the error.
func read(t rapid.TB, body []byte, reader io.Reader) error {
	t.Helper()

	page := export.Page{Lines: []byte("old\n"), Records: 7, Next: "/old", Replaced: 1, ReplacedIn: 1} // it held another one before
	page.Reset()

	links, err := genesys.ReadPage(reader, &page)
	if err != nil {
		return err
	}

	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatalf("accepted what encoding/json refuses: %v", err)
	}
	var entities []json.RawMessage
	if err := json.Unmarshal(fields["entities"], &entities); err != nil {
		t.Fatalf("entities: %v", err)
	}

	var want bytes.Buffer
	for _, entity := range entities {
		if err := json.Compact(&want, entity); err != nil {
			t.Fatalf("compact: %v", err)
		}
		want.WriteByte('\n')
	}
	if page.Replaced > 0 {
		requireReplaced(t, want.Bytes(), &page)
		want = *bytes.NewBuffer(page.Lines)
	}
	if !bytes.Equal(page.Lines, want.Bytes()) || page.Records != len(entities) || bytes.Count(page.Lines, []byte("\n")) != page.Records || !utf8.Valid(page.Lines) {
		t.Errorf("got %d records in %q, want %d in %q", page.Records, page.Lines, len(entities), want.Bytes())
	}

	for name, got := range map[string]string{"nextUri": links.NextURI, "nextPageUri": links.NextPageURI, "cursor": links.Cursor} {
		var want string
		if raw, given := fields[name]; given && json.Unmarshal(raw, &want) != nil || got != want {
			t.Errorf("%s: got %q, want %q", name, got, fields[name])
		}
	}

	return nil
}

// requireReplaced holds a page to differ from what was sent in escapes alone, and to mean the same: encoding/json reads an
// unpaired surrogate as U+FFFD.
func requireReplaced(t rapid.TB, sent []byte, page *export.Page) {
	t.Helper()

	first := 0
	got := bytes.Split(page.Lines, []byte("\n"))
	for i, line := range bytes.Split(sent, []byte("\n")) {
		if first == 0 && !bytes.Equal(line, got[i]) {
			first = i + 1
		}

		var before, after any
		if len(line) > 0 && (json.Unmarshal(line, &before) != nil || json.Unmarshal(got[i], &after) != nil || !reflect.DeepEqual(before, after)) {
			t.Errorf("got %q, want %q but for its unpaired surrogates", got[i], line)
		}
	}

	if len(page.Lines) != len(sent) || page.ReplacedIn < 1 || page.ReplacedIn > page.Records || first != 0 && page.ReplacedIn > first {
		t.Errorf("the first of %d was replaced in entity %d, want %d", page.Replaced, page.ReplacedIn, first)
	}
}

func TestAPageCutAnywhereIsNoPage(t *testing.T) {
	t.Parallel()

	const body = `{"results":2, "entities":[{"id":"1","a":[1.5,null,true]},{"id":"\u00e9é"}],"nextUri":"/a","cursor":null}`

	for end := range len(body) {
		if _, err := genesys.ReadPage(strings.NewReader(body[:end]), &export.Page{}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d, after %q: got %v, want %v", end, body[:end], err, io.ErrUnexpectedEOF)
		}
	}
}
