package genesys_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
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

		if err := read(t, []byte(body)); err != nil {
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
		// Surrogates without their other half.
		`{"entities":[{},{"t":"a\ud83d"},{},{"t":"\ude00a\uD83D \uDE00"}]}`, `{"entities":[{"t":"\ude00\ud83d"},{"t":"\ud83d\ud83d\ude00"}]}`,
		`{"entities":[{"t":"\uD83d\uDe00\ude00"},{"t":"\ud83d\n\ud83d\u0041"},{"t":"\ud83d","u":"\ude00"}]}`, "{\"entities\":[{ \"t\" :\n\"\\ud83d \" }]}",
		`{"entities":[{"\ud83d":1},{"t":"\\ud83d\\\ud83d"},{"t":"\ud83d\ude00\u00e9\\\"\/\ufffd😀"}]}`,
		`{"entities":[{"t":"\ud7ff\ud800\udbff\udc00\udfff\ue000"}]}`,
	}
}

func TestAnEntityIsOneLineAsTheAPIGaveIt(t *testing.T) {
	t.Parallel()

	for _, body := range goodPages() {
		if err := read(t, []byte(body)); err != nil {
			t.Errorf("read %s: %v", cut(body), err)
		}
	}
}

// read reads a page. One that is read is what encoding/json says of its body; else it returns the error.
func read(t rapid.TB, body []byte) error {
	t.Helper()

	page := export.Page{Lines: slices.Clone(body), Records: 7, Next: "/old", Replaced: 1, ReplacedIn: 1} // it had another one before

	links, err := genesys.ReadPage(&page)
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

	var want export.Page
	for _, entity := range entities {
		var line bytes.Buffer
		if err := json.Compact(&line, entity); err != nil {
			t.Fatalf("compact: %v", err)
		}

		replaced, count := withoutHalves(line.Bytes())
		want.Lines = append(append(want.Lines, replaced...), '\n')
		if want.Records++; count > 0 {
			want.Replaced, want.ReplacedIn = want.Replaced+count, cmp.Or(want.ReplacedIn, want.Records)
		}
	}
	got := []int{page.Records, page.Replaced, page.ReplacedIn}
	if !bytes.Equal(page.Lines, want.Lines) || !utf8.Valid(page.Lines) || !slices.Equal(got, []int{want.Records, want.Replaced, want.ReplacedIn}) {
		t.Errorf("got records and replacements %v in %q, want %+v", got, page.Lines, want)
	}

	for name, got := range map[string]string{"nextUri": links.NextURI, "nextPageUri": links.NextPageURI, "cursor": links.Cursor} {
		var want string
		if raw, given := fields[name]; given && json.Unmarshal(raw, &want) != nil || got != want {
			t.Errorf("%s: got %q, want %q", name, got, fields[name])
		}
	}

	return nil
}

// withoutHalves writes \ufffd for each surrogate escape that has no other half, and counts them.
func withoutHalves(line []byte) (replaced []byte, count int) {
	escapes := regexp.MustCompile(`(?i)\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\ud[89a-f][0-9a-f]{2}|\\.`)

	return escapes.ReplaceAllFunc(line, func(escape []byte) []byte {
		if len(escape) != len(`\ufffd`) { // a pair, or no surrogate
			return escape
		}
		count++

		return []byte(`\ufffd`)
	}), count
}

func TestAPageCutAnywhereIsNoPage(t *testing.T) {
	t.Parallel()

	const body = `{"results":2, "entities":[{"id":"1","a":[1.5,null,true]},{"id":"\u00e9é"}],"nextUri":"/a","cursor":null}`

	for end := range len(body) {
		if _, err := genesys.ReadPage(&export.Page{Lines: []byte(body[:end])}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d, after %q: got %v, want %v", end, body[:end], err, io.ErrUnexpectedEOF)
		}
	}
}

func TestWhatAPageSaysOfTheWholeCountsByTheKindOfItsPaging(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		paging     genesys.Paging
		says       string
		total      int64 // 0: none
		next, want string
	}{
		{genesys.ByCursor, `"total":"many","pageNumber":{},"pageCount":1.5,"cursors":7`, 0, "", ""},
		{genesys.ByNumber, `"total":7,"pageNumber":2,"pageCount":2`, 7, "", ""},
		{genesys.ByNumber, `"total":null,"pageNumber":null,"pageCount":null`, 0, "", ""},
		{genesys.ByNumber, `"total":"many"`, 0, "", "total is not a whole number"},
		{genesys.ByNumber, `"pageNumber":1,"pageCount":2`, 0, "", "it is not the last of its pages"},
		{genesys.OnePage, `"total":3`, 3, "", ""},
		{genesys.ByScan, `"cursors":{"before":"a","after":"b"}`, 0, "/api/v2/routing/queues?cursor=b", ""},
		{genesys.ByScan, `"cursors":7`, 0, "", "cursors is not an object of texts"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := serveFake(t, listingBase, answer(http.StatusOK, `{"entities":[{}],`+test.says+`}`))
			definition := queues()
			definition.Paging = test.paging

			pages, err := ask(t, genesys.NewListing(definition, f.Client), `{}`)
			if err != nil {
				t.Fatal(err)
			}

			if err := f.read(t.Context(), pages, "", &f.page); test.want != "" {
				requireFailure(t, err, failure.UpstreamInvalid, true, test.want)
				return
			} else if err != nil {
				t.Fatalf("%s: %v", test.says, err)
			}

			var total int64
			if f.page.Total != nil {
				total = *f.page.Total
			}

			if total != test.total || f.page.Next != test.next {
				t.Errorf("%s: total %d, next %q", test.says, total, f.page.Next)
			}
		})
	}
}
