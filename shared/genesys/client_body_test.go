package genesys_test

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"

	"github.com/google/go-cmp/cmp"
)

func nested(depth int) string {
	return strings.Repeat(`{"manager":`, depth) + "null" + strings.Repeat("}", depth)
}

func TestX11AnEntityIsOneLineAsTheAPIGaveIt(t *testing.T) {
	t.Parallel()

	big := `{"id":"1","title":"` + strings.Repeat("x", 10<<20) + `"}`

	for name, test := range map[string]struct{ body, want string }{
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusOK, test.body))
			if err := f.fetch(query(), ""); err != nil {
				t.Fatalf("fetch: %v", err)
			}
			if got := string(f.page.Lines); got != test.want {
				t.Errorf("lines (-want +got):\n%s", cmp.Diff(cut(test.want), cut(got)))
			}
			if want := strings.Count(test.want, "\n"); f.page.Records != want || f.page.Next != "" {
				t.Errorf("%d records and next link %q, want %d and none", f.page.Records, f.page.Next, want)
			}
		})
	}
}

func cut(text string) string { return text[:min(len(text), 400)] }

func TestWhatIsNoPageIsTriedAgainAndThenNamed(t *testing.T) {
	t.Parallel()

	const notJSON = "it is not valid JSON (at byte "

	for name, test := range map[string]struct{ body, want string }{
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusOK, test.body))
			text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, true)

			start := "api.acme.test sent a page that its API does not promise: " + test.want
			if !strings.HasPrefix(text, start) || !strings.HasSuffix(text, "(correlation id "+correlation+")") {
				t.Errorf("got %q, want it to begin with %q and to end with the correlation id", text, start)
			}
			if len(f.seen()) != 1 {
				t.Errorf("%d requests, want 1", len(f.seen()))
			}
			if logged := f.log.String(); !strings.Contains(logged, `"level":"WARN"`) || !strings.Contains(logged, correlation) {
				t.Errorf("logged %q, want a warning with the correlation id", logged)
			}
		})
	}
}

func TestAPageThatIsTooLongSaysWhatToAskFor(t *testing.T) {
	t.Parallel()

	const (
		smaller = "ask for a smaller page_size or fewer expand in a new export"
		alone   = "one entity alone is too large, which a smaller page_size does not change: ask for fewer expand in a new export, or make that entity smaller"
	)
	big := `{"entities":[{"id":"` + strings.Repeat("canary", genesys.MaxPageBytes/6) + `"}]}`

	for name, test := range map[string]struct {
		body, want string
		size       int
	}{
		"many entities":                   {pageOf(genesys.MaxPageBytes + 1), smaller, 100},
		"one entity among 100":            {big, alone, 100},
		"one entity that was asked alone": {big, alone, 1},
		"a page of more than was asked":   {pageOf(genesys.MaxPageBytes + 1), alone, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusOK, test.body))
			q := query()
			q.PageSize = test.size

			text := requireFailure(t, f.fetch(q, ""), failure.UpstreamInvalid, false)
			if want := "it is longer than 12582912 bytes: " + test.want + " (correlation"; !strings.Contains(text, want) {
				t.Errorf("got %q, want %q in it", text, want)
			}
		})
	}
}

func TestAnUnpairedSurrogateEscapeIsReplacedAndCounted(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		entities, want string
		replaced, in   int
	}{
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, answer(http.StatusOK, `{"entities":[`+test.entities+`]}`))
			if err := f.fetch(query(), ""); err != nil {
				t.Fatalf("fetch: %v", err)
			}
			if diff := cmp.Diff(test.want+"\n", string(f.page.Lines)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if f.page.Replaced != test.replaced || f.page.ReplacedIn != test.in {
				t.Errorf("counted %d, the first in entity %d, want %d and %d", f.page.Replaced, f.page.ReplacedIn, test.replaced, test.in)
			}
		})
	}
}

// pageOf is a page of so many bytes, of entities of 4 KB and white space behind.
func pageOf(size int) string {
	const head, tail = `{"entities":[{"id":"1"}`, `]}`

	entity := `,{"id":"` + strings.Repeat("x", 4<<10) + `"}`
	entities := strings.Repeat(entity, (size-len(head)-len(tail))/len(entity))

	return head + entities + strings.Repeat(" ", size-len(head)-len(entities)-len(tail)) + tail
}

func TestX11APageMayBeAsLongAsItsBound(t *testing.T) {
	t.Parallel()

	page := pageOf(genesys.MaxPageBytes)
	want := strings.Count(page, `"id"`)

	for name, handler := range map[string]http.HandlerFunc{
		"of a length that is told": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(page)))
			answer(http.StatusOK, page)(w, r)
		},
		"in chunks":  answer(http.StatusOK, page),
		"compressed": compressed(http.StatusOK, page),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, handler)
			if err := f.fetch(query(), ""); err != nil || f.page.Records != want {
				t.Errorf("got %d records and %v, want %d and no error", f.page.Records, err, want)
			}
		})
	}
}

// compressed answers as [answer] does, in gzip.
func compressed(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ININ-Correlation-Id", correlation)
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)

		writer, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err != nil {
			panic(err)
		}
		_, _ = writer.Write([]byte(body))
		_ = writer.Close()
	}
}

func TestCompressedRepliesAreRead(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, compressed(http.StatusOK, twoUsers))
	if err := f.fetch(query(), ""); err != nil || string(f.page.Lines) != "{\"id\":\"1\"}\n{\"id\":\"2\"}\n" {
		t.Errorf("got %q and %v", f.page.Lines, err)
	}

	f = serveFake(t, listingBase, compressed(http.StatusForbidden, errorBody(403, "missing.permissions")))
	if text := requireFailure(t, f.fetch(query(), ""), failure.Forbidden, false); !strings.Contains(text, "missing.permissions") {
		t.Errorf("got %q, want the code in it", text)
	}

	// What counts is what comes out.
	f = serveFake(t, listingBase, compressed(http.StatusOK, pageOf(genesys.MaxPageBytes+1)))
	requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, false)
}
