package genesys_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

func cut(text string) string { return text[:min(len(text), 400)] }

func TestWhatIsNoPageIsTriedAgainAndThenNamed(t *testing.T) {
	t.Parallel()

	const notJSON = "it is not valid JSON (at byte "

	for want, bodies := range map[string][]string{
		"entities is not an array": {`{"entities":null}`, `{"entities":{"canary":1}}`, `{"entities":"canary"}`},
		"it has no entities":       {`{"results":0}`, `{}`, errorBody(403, "missing.permissions")},
		"entities stands twice":    {`{"entities":[],"entities":[{"id":"canary"}]}`, `{"entities":[],"\u0065ntities":[]}`},

		"nextUri stands twice":        {`{"entities":[],"nextUri":"/canary","nextUri":"/canary"}`},
		"nextPageUri stands twice":    {`{"nextPageUri":null,"entities":[],"nextPageUri":"/canary"}`},
		"cursor stands twice":         {`{"cursor":"canary","cursor":"canary","entities":[]}`},
		"nextUri is not a string":     {`{"entities":[],"nextUri":7}`},
		"nextPageUri is not a string": {`{"entities":[],"nextPageUri":{"href":"canary"}}`},
		"cursor is not a string":      {`{"entities":[],"cursor":["canary"]}`},
		"cursor is not valid text":    {"{\"entities\":[],\"cursor\":\"canary\xff\"}"},
		"nextUri is not valid text":   {`{"entities":[],"nextUri":"/canary\ud83d"}`},

		"entity 1 is not an object":   {`{"entities":["canary"]}`, `{"entities":[[]]}`},
		"entity 2 is not an object":   {`{"entities":[{"id":"1"},null]}`},
		"entity 3 is not an object":   {`{"entities":[{},{},7]}`},
		"entity 1 is not valid UTF-8": {"{\"entities\":[{\"canary\xc3\":1}]}", "{\"entities\":[{\"id\":\"canary\xed\xa0\xbd\"}]}"},
		"entity 3 is not valid UTF-8": {"{\"entities\":[{},{},{\"id\":\"canary\xff\"}]}"},
		"in entity 1, " + notJSON: {
			"{\"entities\":[{\"id\":\"canary\n\"}]}", `{"entities":[{"id":"\ud83"}]}`, `{"entities":[{"id":canary}]}`, `{"entities":[{"id":01}]}`,
			`{"entities":[` + nested(10000) + `]}`,
		},
		"in entity 2, " + notJSON: {
			"{\"entities\":[{},{\"id\":\"canary\t\"}]}", `{"entities":[{"id":"canary"},]}`, `{"entities":[{"id":"canary"}{"id":"canary"}]}`,
		},

		"it has more than 100000 entities":  {`{"entities":[{}` + strings.Repeat(",{}", 100_000) + `]}`},
		"it is not a JSON object":           {`[{"id":"canary"}]`, `"canary"`, `null`},
		"something follows the JSON object": {twoUsers + twoUsers, twoUsers + " 7"},
		notJSON: {
			"<html>canary</html>", "<html>" + strings.Repeat("canary", genesys.MaxPageBytes/6), "\ufeff" + twoUsers, twoUsers + "canary", twoUsers + "}", twoUsers + "\x00",
			`{"canary":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`,
		},
	} {
		for _, body := range bodies {
			f := serveFake(t, listingBase, answer(http.StatusOK, body))
			text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, true)
			f.requireRequests(1)

			start := "api.acme.test sent a page that its API does not promise: " + want
			if !strings.HasPrefix(text, start) || !strings.HasSuffix(text, "(correlation id "+correlation+")") {
				t.Errorf("%s: got %q, want it to begin with %q and to end with the correlation id", cut(body), text, start)
			}
			if logged := f.log.String(); !strings.Contains(logged, `"level":"WARN"`) || !strings.Contains(logged, correlation) {
				t.Errorf("%s: logged %q, want a warning with the correlation id", cut(body), logged)
			}
		}
	}
}

// pageOf is a page of so many bytes, of entities of 4 KB and white space behind.
func pageOf(size int) string {
	const head, tail = `{"entities":[{"id":"1"}`, `]}`

	entity := `,{"id":"` + strings.Repeat("x", 4<<10) + `"}`
	entities := strings.Repeat(entity, (size-len(head)-len(tail))/len(entity))

	return head + entities + strings.Repeat(" ", size-len(head)-len(entities)-len(tail)) + tail
}

// loneEntity is a page of more than size bytes, with one entity.
func loneEntity(size int) string {
	return `{"entities":[{"id":"` + strings.Repeat("canary", size/6) + `"}]}`
}

func TestAPageMayBeAsLongAsItsBound(t *testing.T) {
	t.Parallel()

	page := pageOf(genesys.MaxPageBytes)

	each(t, map[string]http.HandlerFunc{
		"of a length that is given": answer(http.StatusOK, page, "Content-Length", strconv.Itoa(len(page))),
		"in chunks":                 answer(http.StatusOK, page),
		"compressed":                compressed(http.StatusOK, page),
		"of one entity":             answer(http.StatusOK, loneEntity(genesys.MaxPageBytes-100)),
	}, func(t *testing.T, handler http.HandlerFunc) {
		if f := serveFake(t, listingBase, handler); f.fetch(query(), "") != nil || len(f.page.Lines) < genesys.MaxPageBytes*9/10 {
			t.Errorf("got %d bytes of lines in %d entities", len(f.page.Lines), f.page.Records)
		}
	})
}

// compressed answers as [answer] does, in gzip.
func compressed(status int, body string) http.HandlerFunc {
	return answer(status, zipped(body), "Content-Encoding", "GZip") // in any case of letters
}

// zipped is the body in gzip.
func zipped(body string) string {
	var out bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // a level that there is
	_, _ = io.WriteString(writer, body)                    // a buffer takes everything
	_ = writer.Close()

	return out.String()
}

func TestWhatCountsOfACompressedReplyIsWhatComesOut(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, compressed(http.StatusForbidden, errorBody(403, "missing.permissions")),
		compressed(http.StatusOK, pageOf(genesys.MaxPageBytes+1)))

	requireFailure(t, f.fetch(query(), ""), failure.Forbidden, false, "missing.permissions")
	requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, false, "it is longer than")
}

// socketAPI serves handler over the loopback, where connections break as they do outside.
func socketAPI(t *testing.T, handler http.HandlerFunc) *fakeAPI {
	t.Helper()

	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)

	return newFake(t, server.URL, genesys.NewHTTPClient())
}

// raw answers with these very bytes and ends the connection, by a reset where asked.
func raw(reply string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, reply)
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		conn.Close()
	}
}

func head(headers ...string) string {
	lines := append([]string{"HTTP/1.1 200 OK", "ININ-Correlation-Id: " + correlation, "Connection: close"}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func length(n int) string { return fmt.Sprintf("Content-Length: %d", n) }

func TestWhatAConnectionDoesToAReply(t *testing.T) {
	t.Parallel()

	const (
		chunks = "Transfer-Encoding: chunked"
		zip    = "Content-Encoding: gzip"
		// The cut is inside of the second entity; what is before it is no page.
		half = `{"entities":[{"id":"canary"},{"id":`

		broke = "the connection broke"
		// A length that is too short is a fault that may pass as well. If it comes again, the name says what it looks like.
		cutOff   = "it is cut off"
		switched = "the answer was status 101, which was not asked for"
		whole    = ""
	)

	packed := zipped(twoUsers)
	spoiled := []byte(packed)
	spoiled[len(spoiled)-5] ^= 0xff // in the checksum
	chunk := func(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

	type row struct {
		reply string
		reset bool
		want  string
	}

	each(t, map[string]row{
		"reset before a reply":            {"", true, broke},
		"no HTTP at all":                  {"canary\r\n\r\n", false, broke},
		"a switch of protocols":           {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: canary\r\n\r\n", false, switched},
		"reset in the body":               {head(length(len(twoUsers))) + half, true, broke},
		"a Content-Length that is long":   {head(length(len(twoUsers)+100)) + twoUsers, false, broke},
		"closed within a chunk":           {head(chunks) + "ff\r\n" + half, false, broke},
		"closed after a chunk":            {head(chunks) + chunk(half), false, broke},
		"closed before the last chunk":    {head(chunks) + chunk(twoUsers), false, broke},
		"a chunk of no size":              {head(chunks) + "canary\r\n" + twoUsers, false, broke},
		"a cut body that tells no length": {head() + half, false, broke},
		"a cut gzip":                      {head(zip, length(len(packed)/2)) + packed[:len(packed)/2], false, broke},
		"a cut gzip that tells no length": {head(zip) + packed[:len(packed)-8], false, broke},
		"a gzip that is spoiled":          {head(zip, length(len(spoiled))) + string(spoiled), false, broke},
		"a Content-Length that is short":  {head(length(len(half))) + twoUsers, false, cutOff},
		"no body":                         {head(length(0)), false, cutOff},
		"a cut body of its own length":    {head(length(len(half))) + half, false, cutOff},
		"a cut body in whole chunks":      {head(chunks) + chunk(half) + "0\r\n\r\n", false, cutOff},
		"a cut body in a whole gzip":      {head(zip) + zipped(half), false, cutOff},
		"a body ends with HTTP/1.1":       {head() + twoUsers, false, whole},
		"a body ends with HTTP/1.0":       {"HTTP/1.0 200 OK\r\n\r\n" + twoUsers, false, whole},
		"a gzip ends with its connection": {head(zip) + packed, false, whole},
		"white space ends with it":        {head() + twoUsers + " \n", false, whole},
	}, func(t *testing.T, row row) {
		f := socketAPI(t, raw(row.reply, row.reset))

		switch row.want {
		case whole:
			f.requirePage(query(), "", 2)
		case cutOff:
			requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, true, cutOff+" (correlation id "+correlation+")")
		default:
			text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true)
			if want := f.Base.Host + ": " + row.want; text != want {
				t.Errorf("got %q, want %q", text, want)
			}
		}
	})
}

func TestAReplyThatBreaksOffAnywhereIsTriedAgain(t *testing.T) {
	t.Parallel()

	reply := head(length(len(twoUsers))) + twoUsers
	end := 0
	f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) { raw(reply[:end], false)(w, r) })

	for end = range len(reply) {
		requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true)
		if t.Failed() {
			t.Fatalf("broken off after %q", reply[:end])
		}
	}

	end = len(reply)
	f.requirePage(query(), "", 2)
}
