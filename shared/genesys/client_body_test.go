package genesys_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"

	"github.com/google/go-cmp/cmp"
)

func nested(depth int) string {
	return strings.Repeat(`{"manager":`, depth) + "null" + strings.Repeat("}", depth)
}

func TestAnEntityIsOneLineAsTheAPIGaveIt(t *testing.T) {
	t.Parallel()

	type row struct{ body, want string }

	big := `{"id":"1","title":"` + strings.Repeat("x", 10<<20) + `"}`

	each(t, map[string]row{
		"no entity":                    {`{"entities":[]}`, ""},
		"white space":                  {" {\n\t\"entities\" : [ { \"id\" : \"1\" ,\r\n \"a\" : [ 1 , 2 ] } ] }\n", "{\"id\":\"1\",\"a\":[1,2]}\n"},
		"white space in strings":       {`{"entities":[{"a b":" c\t \" d "}]}`, `{"a b":" c\t \" d "}` + "\n"},
		"duplicate keys":               {`{"entities":[{"id":"1", "id":"2","a":{"b":1, "b":2}}]}`, `{"id":"1","id":"2","a":{"b":1,"b":2}}` + "\n"},
		"numbers of any size":          {`{"entities":[{"n":1.00, "m":12345678901234567890123, "e":-0.0E+00}]}`, `{"n":1.00,"m":12345678901234567890123,"e":-0.0E+00}` + "\n"},
		"escapes of every kind":        {`{"entities":[{"t":"\u00e9\/\\\"\b\ud83d\ude00<&>é😀` + "\u2028\u007f" + `"}]}`, `{"t":"\u00e9\/\\\"\b\ud83d\ude00<&>é😀` + "\u2028\u007f" + `"}` + "\n"},
		"an escaped newline":           {`{"entities":[{"t":"a\nb"}]}`, `{"t":"a\nb"}` + "\n"},
		"an entity of 10 MB":           {`{"entities":[` + big + `]}`, big + "\n"},
		"an entity that nests deeply":  {`{"entities":[` + nested(9000) + `]}`, nested(9000) + "\n"},
		"an empty entity":              {`{"entities":[{},{}]}`, "{}\n{}\n"},
		"fields that nobody knows":     {`{"a":[{"entities":null}],"entities":[{"id":"1"}],"results":1,"results":1,"b":{"nextUri":7}}`, "{\"id\":\"1\"}\n"},
		"names in other cases":         {`{"Entities":null,"NEXTURI":7,"entities":[{"id":"1"}]}`, "{\"id\":\"1\"}\n"},
		"an escaped name":              {`{"entit\u0069es":[{"id":"1"}]}`, "{\"id\":\"1\"}\n"},
		"links that are null":          {`{"nextUri":null,"cursor":null,"nextPageUri":null,"entities":[{"id":"1"}]}`, "{\"id\":\"1\"}\n"},
		"a field that holds a newline": {"{\"entities\":[{\"id\":\n\"1\"}]}", "{\"id\":\"1\"}\n"},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, answer(http.StatusOK, row.body))
		f.requirePage(query(), "", strings.Count(row.want, "\n"))

		if got := string(f.page.Lines); got != row.want || f.page.Next != "" {
			t.Errorf("next link %q, lines (-want +got):\n%s", f.page.Next, cmp.Diff(cut(row.want), cut(got)))
		}
	})
}

func cut(text string) string { return text[:min(len(text), 400)] }

func TestWhatIsNoPageIsTriedAgainAndThenNamed(t *testing.T) {
	t.Parallel()

	const notJSON = "it is not valid JSON (at byte "

	type row struct{ body, want string }

	each(t, map[string]row{
		"entities are null":                  {`{"entities":null}`, "entities is not an array"},
		"entities are an object":             {`{"entities":{"canary":1}}`, "entities is not an array"},
		"entities are a string":              {`{"entities":"canary"}`, "entities is not an array"},
		"no entities":                        {`{"results":0}`, "it has no entities"},
		"an empty object":                    {`{}`, "it has no entities"},
		"entities twice":                     {`{"entities":[],"entities":[{"id":"canary"}]}`, "entities stands twice"},
		"entities twice, once escaped":       {`{"entities":[],"\u0065ntities":[]}`, "entities stands twice"},
		"nextUri twice":                      {`{"entities":[],"nextUri":"/canary","nextUri":"/canary"}`, "nextUri stands twice"},
		"nextPageUri twice":                  {`{"nextPageUri":null,"entities":[],"nextPageUri":"/canary"}`, "nextPageUri stands twice"},
		"cursor twice":                       {`{"cursor":"canary","cursor":"canary","entities":[]}`, "cursor stands twice"},
		"nextUri is a number":                {`{"entities":[],"nextUri":7}`, "nextUri is not a string"},
		"nextPageUri is an object":           {`{"entities":[],"nextPageUri":{"href":"canary"}}`, "nextPageUri is not a string"},
		"cursor is an array":                 {`{"entities":[],"cursor":["canary"]}`, "cursor is not a string"},
		"an entity is null":                  {`{"entities":[{"id":"1"},null]}`, "entity 2 is not an object"},
		"an entity is a string":              {`{"entities":["canary"]}`, "entity 1 is not an object"},
		"an entity is an array":              {`{"entities":[[]]}`, "entity 1 is not an object"},
		"an entity is a number":              {`{"entities":[{},{},7]}`, "entity 3 is not an object"},
		"a raw newline in a string":          {"{\"entities\":[{\"id\":\"canary\n\"}]}", "in entity 1, " + notJSON},
		"a raw tab in a string":              {"{\"entities\":[{},{\"id\":\"canary\t\"}]}", "in entity 2, " + notJSON},
		"invalid UTF-8":                      {"{\"entities\":[{},{},{\"id\":\"canary\xff\"}]}", "entity 3 is not valid UTF-8"},
		"invalid UTF-8 in a name":            {"{\"entities\":[{\"canary\xc3\":1}]}", "entity 1 is not valid UTF-8"},
		"a surrogate that is no escape":      {"{\"entities\":[{\"id\":\"canary\xed\xa0\xbd\"}]}", "entity 1 is not valid UTF-8"},
		"invalid UTF-8 in a cursor":          {"{\"entities\":[],\"cursor\":\"canary\xff\"}", "cursor is not valid text"},
		"half of a surrogate pair in a link": {`{"entities":[],"nextUri":"/canary\ud83d"}`, "nextUri is not valid text"},
		"an escape that is none":             {`{"entities":[{"id":"\ud83"}]}`, "in entity 1, " + notJSON},
		"an entity that nests 10,000 deep":   {`{"entities":[` + nested(10000) + `]}`, "in entity 1, " + notJSON},
		"a field that nests 100,000 deep":    {`{"canary":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`, notJSON},
		"a comma too many":                   {`{"entities":[{"id":"canary"},]}`, "in entity 2, " + notJSON},
		"a comma too few":                    {`{"entities":[{"id":"canary"}{"id":"canary"}]}`, "in entity 2, " + notJSON},
		"a bare word":                        {`{"entities":[{"id":canary}]}`, "in entity 1, " + notJSON},
		"a number that is none":              {`{"entities":[{"id":01}]}`, "in entity 1, " + notJSON},
		"HTML":                               {"<html>canary</html>", notJSON},
		"a byte order mark":                  {"\ufeff" + twoUsers, notJSON},
		"an array":                           {`[{"id":"canary"}]`, "it is not a JSON object"},
		"a string":                           {`"canary"`, "it is not a JSON object"},
		"null":                               {`null`, "it is not a JSON object"},
		"another object behind":              {twoUsers + twoUsers, "something follows the JSON object"},
		"a number behind":                    {twoUsers + " 7", "something follows the JSON object"},
		"garbage behind":                     {twoUsers + "canary", notJSON},
		"a brace behind":                     {twoUsers + "}", notJSON},
		"a zero byte behind":                 {twoUsers + "\x00", notJSON},
		"an error under 200":                 {errorBody(403, "missing.permissions"), "it has no entities"},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, answer(http.StatusOK, row.body))
		text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, true)
		f.requireRequests(1)

		start := "api.acme.test sent a page that its API does not promise: " + row.want
		if !strings.HasPrefix(text, start) || !strings.HasSuffix(text, "(correlation id "+correlation+")") {
			t.Errorf("got %q, want it to begin with %q and to end with the correlation id", text, start)
		}
		if logged := f.log.String(); !strings.Contains(logged, `"level":"WARN"`) || !strings.Contains(logged, correlation) {
			t.Errorf("logged %q, want a warning with the correlation id", logged)
		}
	})
}

func TestAPageThatIsTooLongSaysWhatToAskFor(t *testing.T) {
	t.Parallel()

	const (
		smaller = "ask for a smaller page_size or fewer expand in a new export"
		alone   = "one entity alone is too large, which a smaller page_size does not change: ask for fewer expand in a new export, or make that entity smaller"
	)
	big := `{"entities":[{"id":"` + strings.Repeat("canary", genesys.MaxPageBytes/6) + `"}]}`

	type row struct {
		body, want string
		size       int
	}

	each(t, map[string]row{
		"many entities":                   {pageOf(genesys.MaxPageBytes + 1), smaller, 100},
		"one entity among 100":            {big, alone, 100},
		"one entity that was asked alone": {big, alone, 1},
		"a page of more than was asked":   {pageOf(genesys.MaxPageBytes + 1), alone, 1},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, answer(http.StatusOK, row.body))
		q := query()
		q.PageSize = row.size

		want := "it is longer than 12582912 bytes: " + row.want + " (correlation"
		requireFailure(t, f.fetch(q, ""), failure.UpstreamInvalid, false, want)
	})
}

func TestAnUnpairedSurrogateEscapeIsReplacedAndCounted(t *testing.T) {
	t.Parallel()

	type row struct {
		entities, want string
		replaced, in   int
	}

	each(t, map[string]row{
		"a high half alone":             {`{"t":"a\ud83d"}`, `{"t":"a\ufffd"}`, 1, 1},
		"a low half alone":              {`{"t":"\ude00a"}`, `{"t":"\ufffda"}`, 1, 1},
		"capitals":                      {`{"t":"\uD83D \uDE00"}`, `{"t":"\ufffd \ufffd"}`, 2, 1},
		"a pair the wrong way round":    {`{"t":"\ude00\ud83d"}`, `{"t":"\ufffd\ufffd"}`, 2, 1},
		"a half before a pair":          {`{"t":"\ud83d\ud83d\ude00"}`, `{"t":"\ufffd\ud83d\ude00"}`, 1, 1},
		"a half behind a pair":          {`{"t":"\uD83d\uDe00\ude00"}`, `{"t":"\uD83d\uDe00\ufffd"}`, 1, 1},
		"a half before another escape":  {`{"t":"\ud83d\n\ud83d\u0041"}`, `{"t":"\ufffd\n\ufffd\u0041"}`, 2, 1},
		"a half at the end of a string": {`{"t":"\ud83d","u":"\ude00"}`, `{"t":"\ufffd","u":"\ufffd"}`, 2, 1},
		"a half in a name":              {`{"\ud83d":1}`, `{"\ufffd":1}`, 1, 1},
		"white space around it":         {"{ \"t\" :\n\"\\ud83d \" }", `{"t":"\ufffd "}`, 1, 1},
		"a backslash that is escaped":   {`{"t":"\\ud83d\\\ud83d"}`, `{"t":"\\ud83d\\\ufffd"}`, 1, 1},
		"pairs and other escapes alone": {`{"t":"\ud83d\ude00\u00e9\\\"\/\ufffd😀"}`, `{"t":"\ud83d\ude00\u00e9\\\"\/\ufffd😀"}`, 0, 0},
		"the bounds":                    {`{"t":"\ud7ff\ud800\udbff\udc00\udfff\ue000"}`, `{"t":"\ud7ff\ufffd\udbff\udc00\ufffd\ue000"}`, 2, 1},
		"later entities":                {`{},{"t":"\ud83d"},{},{"t":"\ud83d\ud83d"}`, "{}\n" + `{"t":"\ufffd"}` + "\n{}\n" + `{"t":"\ufffd\ufffd"}`, 3, 2},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, answer(http.StatusOK, `{"entities":[`+row.entities+`]}`))
		f.requirePage(query(), "", strings.Count(row.want, "\n")+1)

		want := export.Page{Lines: []byte(row.want + "\n"), Records: f.page.Records, Replaced: row.replaced, ReplacedIn: row.in}
		if diff := cmp.Diff(want, f.page); diff != "" {
			t.Errorf("page (-want +got):\n%s", diff)
		}
	})
}

// pageOf is a page of so many bytes, of entities of 4 KB and white space behind.
func pageOf(size int) string {
	const head, tail = `{"entities":[{"id":"1"}`, `]}`

	entity := `,{"id":"` + strings.Repeat("x", 4<<10) + `"}`
	entities := strings.Repeat(entity, (size-len(head)-len(tail))/len(entity))

	return head + entities + strings.Repeat(" ", size-len(head)-len(entities)-len(tail)) + tail
}

func TestAPageMayBeAsLongAsItsBound(t *testing.T) {
	t.Parallel()

	page := pageOf(genesys.MaxPageBytes)

	each(t, map[string]http.HandlerFunc{
		"of a length that is given": answer(http.StatusOK, page, "Content-Length", strconv.Itoa(len(page))),
		"in chunks":                 answer(http.StatusOK, page),
		"compressed":                compressed(http.StatusOK, page),
	}, func(t *testing.T, handler http.HandlerFunc) {
		f := serveFake(t, listingBase, handler)
		f.requirePage(query(), "", strings.Count(page, `"id"`))
	})
}

// compressed answers as [answer] does, in gzip.
func compressed(status int, body string) http.HandlerFunc {
	return answer(status, zipped(body), "Content-Encoding", "gzip")
}

// zipped is the body in gzip.
func zipped(body string) string {
	var out bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // a level that there is
	_, _ = io.WriteString(writer, body)                    // a buffer takes everything
	_ = writer.Close()

	return out.String()
}

func TestCompressedRepliesAreRead(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, compressed(http.StatusOK, twoUsers), compressed(http.StatusForbidden, errorBody(403, "missing.permissions")),
		compressed(http.StatusOK, pageOf(genesys.MaxPageBytes+1)))

	f.requirePage(query(), "", 2)
	if got := string(f.page.Lines); got != "{\"id\":\"1\"}\n{\"id\":\"2\"}\n" {
		t.Errorf("got %q", got)
	}

	requireFailure(t, f.fetch(query(), ""), failure.Forbidden, false, "missing.permissions")
	requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, false) // what counts is what comes out
}
