package genesys_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/genesys"

	"github.com/google/go-cmp/cmp"
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
		entities := make([]string, rapid.IntRange(0, 5).Draw(t, "entities"))

		var want bytes.Buffer
		for i := range entities {
			entities[i] = g.object(3)
			if err := json.Compact(&want, []byte(entities[i])); err != nil {
				t.Fatalf("the generator made %q: %v", entities[i], err)
			}
			want.WriteByte('\n')
		}

		list := "[" + g.space() + strings.Join(entities, g.space()+","+g.space()) + g.space() + "]"
		body := g.space() + "{" + g.others() + g.space() + `"entities"` + g.space() + ":" + g.space() + list + g.space() + "}" + g.space()

		// The page held another one before.
		page := export.Page{Lines: []byte("old\n"), Records: 7, Next: "/old"}
		page.Reset()

		inPieces := rapid.SampledFrom([]func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader}).Draw(t, "reads")
		if _, err := genesys.ReadPage(inPieces(strings.NewReader(body)), &page); err != nil {
			t.Fatalf("read %q: %v", body, err)
		}

		if diff := cmp.Diff(export.Page{Lines: append([]byte{}, want.Bytes()...), Records: len(entities)}, page); diff != "" {
			t.Fatalf("the page of %q (-want +got):\n%s", body, diff)
		}
	})
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
