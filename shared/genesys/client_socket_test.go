package genesys_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/failure"
)

// socketAPI serves handler over the loopback, where connections break as they do outside.
func socketAPI(t *testing.T, handler http.HandlerFunc) *fakeAPI {
	t.Helper()

	var f *fakeAPI
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.recorded(handler).ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	f = newFake(t, server.URL)

	return f
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

func zipped(t *testing.T, body string) string {
	t.Helper()

	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	if _, err := writer.Write([]byte(body)); err != nil {
		t.Fatalf("compress: %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatalf("compress: %v", err)
	}

	return out.String()
}

func length(n int) string { return fmt.Sprintf("Content-Length: %d", n) }

func TestX03WhatBreaksOffIsTriedAgain(t *testing.T) {
	t.Parallel()

	// The cut is inside of the second entity; what is before it is no page.
	const half = `{"entities":[{"id":"canary"},{"id":`

	packed := zipped(t, twoUsers)
	spoiled := []byte(packed)
	spoiled[len(spoiled)-5] ^= 0xff // in the checksum

	for name, test := range map[string]struct {
		reply string
		reset bool
	}{
		"closed before a reply":           {"", false},
		"reset before a reply":            {"", true},
		"closed within the headers":       {"HTTP/1.1 200 OK\r\nContent-Le", false},
		"no HTTP at all":                  {"canary\r\n\r\n", false},
		"reset in the body":               {head(length(len(twoUsers))) + half, true},
		"closed in the body":              {head(length(len(twoUsers))) + half, false},
		"a Content-Length that is long":   {head(length(len(twoUsers)+100)) + twoUsers, false},
		"closed within a chunk":           {head("Transfer-Encoding: chunked") + "ff\r\n" + half, false},
		"closed after a chunk":            {head("Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n", len(half), half), false},
		"closed before the last chunk":    {head("Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n", len(twoUsers), twoUsers), false},
		"a chunk of no size":              {head("Transfer-Encoding: chunked") + "canary\r\n" + twoUsers, false},
		"a cut body that tells no length": {head() + half, false},
		"a cut gzip":                      {head("Content-Encoding: gzip", length(len(packed)/2)) + packed[:len(packed)/2], false},
		"a cut gzip that tells no length": {head("Content-Encoding: gzip") + packed[:len(packed)-8], false},
		"a gzip that is spoiled":          {head("Content-Encoding: gzip", length(len(spoiled))) + string(spoiled), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := socketAPI(t, raw(test.reply, test.reset))
			text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true)

			if want := f.Base.Host + ": the connection broke"; text != want {
				t.Errorf("got %q, want %q", text, want)
			}
		})
	}
}

func TestX03AReplyThatBreaksOffAnywhereIsTriedAgain(t *testing.T) {
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
	if err := f.fetch(query(), ""); err != nil || f.page.Records != 2 {
		t.Errorf("the whole: got %d records and %v, want 2 and no error", f.page.Records, err)
	}
}

// A body that is cut although its framing is whole comes from a fault as well, a length that was told too short; but if it
// comes again, the name says what it looks like.
func TestX03ABodyThatIsCutInAWholeFrameIsTriedAgain(t *testing.T) {
	t.Parallel()

	const half = `{"entities":[{"id":"canary"},{"id":`

	for name, reply := range map[string]string{
		"a Content-Length that is short": head(length(len(half))) + twoUsers,
		"no body":                        head(length(0)),
		"a cut body of its own length":   head(length(len(half))) + half,
		"a cut body in whole chunks":     head("Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(half), half),
		"a cut body in a whole gzip":     head("Content-Encoding: gzip") + zipped(t, half),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := socketAPI(t, raw(reply, false))
			text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, true)

			if !strings.Contains(text, "it is cut off (correlation id "+correlation+")") {
				t.Errorf("got %q", text)
			}
		})
	}
}

func TestABodyThatEndsWithItsConnectionIsRead(t *testing.T) {
	t.Parallel()

	for name, reply := range map[string]string{
		"HTTP/1.1":       head() + twoUsers,
		"HTTP/1.0":       "HTTP/1.0 200 OK\r\n\r\n" + twoUsers,
		"gzip":           head("Content-Encoding: gzip") + zipped(t, twoUsers),
		"trailing space": head() + twoUsers + " \n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := socketAPI(t, raw(reply, false))
			if err := f.fetch(query(), ""); err != nil || f.page.Records != 2 {
				t.Errorf("got %d records and %v, want 2 and no error", f.page.Records, err)
			}
		})
	}
}

func TestX03ADrippingBodyEndsWithItsAttempt(t *testing.T) {
	t.Parallel()

	f := socketAPI(t, func(w http.ResponseWriter, r *http.Request) {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()

		for i := range twoUsers {
			select {
			case <-ticker.C:
			case <-r.Context().Done():
				return
			}
			_, _ = w.Write([]byte(twoUsers[i : i+1]))
			_ = http.NewResponseController(w).Flush()
		}
	})
	f.Attempt = 100 * time.Millisecond

	if text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true); !strings.HasSuffix(text, "no complete reply in time") {
		t.Errorf("got %q", text)
	}
}

func TestX03WhoeverIsNotThereIsUnavailable(t *testing.T) {
	t.Parallel()

	server := httptest.NewServer(http.NotFoundHandler())
	address := server.URL
	server.Close()

	f := newFake(t, address)
	if text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true); !strings.HasSuffix(text, "no connection can be made") {
		t.Errorf("got %q", text)
	}

	f = newFake(t, "http://no-such-host.invalid")
	if text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true); !strings.HasSuffix(text, "the host name cannot be resolved") {
		t.Errorf("got %q", text)
	}

	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)

	f = newFake(t, untrusted.URL)
	if text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true); !strings.HasSuffix(text, "the server's certificate is not trusted") {
		t.Errorf("got %q", text)
	}
}
