package genesys_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

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
