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

// jsonText generates JSON as text, with white space wherever the grammar has it.
type jsonText struct{ t *rapid.T }

func (g jsonText) space() string { return rapid.StringMatching(`[ \t\r\n]{0,3}`).Draw(g.t, "space") }

func (g jsonText) word() string {
	pieces := rapid.SliceOfN(rapid.OneOf(
		rapid.SampledFrom([]string{
			`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0000`, `\u00e9`, `\uD83D\uDE00`, `\u2028`, " ", "  ", "{", "}", "[", "]", ",", ":",
			"<", ">", "&", "é", "😀", "\u2028", "\u2029", "\u007f", "\u00a0", "\ufeff", "/", "null",
		}),
		rapid.StringMatching(`[a-z ]{0,8}`),
	), 0, 6).Draw(g.t, "string")

	return `"` + strings.Join(pieces, "") + `"`
}

func (g jsonText) value(depth int) string {
	kinds := 6
	if depth <= 0 {
		kinds = 4
	}

	switch rapid.IntRange(0, kinds-1).Draw(g.t, "kind") {
	case 0:
		return rapid.SampledFrom([]string{"null", "true", "false", "{}", "[]"}).Draw(g.t, "word")
	case 1:
		return rapid.StringMatching(`-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?`).Draw(g.t, "number")
	case 2, 3:
		return g.word()
	case 4:
		return g.list("[", "]", func() string { return g.value(depth - 1) })
	default:
		return g.object(depth - 1)
	}
}

func (g jsonText) object(depth int) string {
	return g.list("{", "}", func() string { return g.word() + g.space() + ":" + g.space() + g.value(depth) })
}

func (g jsonText) list(open, closing string, item func() string) string {
	items := make([]string, rapid.IntRange(0, 3).Draw(g.t, "items"))
	for i := range items {
		items[i] = g.space() + item() + g.space()
	}

	return open + g.space() + strings.Join(items, ",") + g.space() + closing
}

// others are fields of the envelope that are nobody's business.
func (g jsonText) others() string {
	if !rapid.Bool().Draw(g.t, "other fields") {
		return ""
	}

	return `"other-` + strings.TrimPrefix(g.word(), `"`) + ":" + g.value(2) + ","
}

func TestLinesAreTheEntitiesWithoutTheirWhiteSpace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := jsonText{t}
		list := g.list("[", "]", func() string { return g.object(3) })
		body := g.space() + "{" + g.others() + g.space() + `"entities"` + g.space() + ":" + g.space() + list + g.space() + "}" + g.space()

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
