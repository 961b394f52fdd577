package genesys_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
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

func length(n int) string { return fmt.Sprintf("Content-Length: %d", n) }

func TestWhatBreaksOffIsTriedAgain(t *testing.T) {
	t.Parallel()

	// The cut is inside of the second entity; what is before it is no page.
	const half = `{"entities":[{"id":"canary"},{"id":`

	packed := zipped(twoUsers)
	spoiled := []byte(packed)
	spoiled[len(spoiled)-5] ^= 0xff // in the checksum

	type row struct {
		reply string
		reset bool
	}

	each(t, map[string]row{
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
	}, func(t *testing.T, row row) {
		f := socketAPI(t, raw(row.reply, row.reset))
		text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true)

		if want := f.Base.Host + ": the connection broke"; text != want {
			t.Errorf("got %q, want %q", text, want)
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

// A body that is cut although its framing is whole comes from a fault as well, a length that is too short. If it comes
// again, the name says what it looks like.
func TestABodyThatIsCutInAWholeFrameIsTriedAgain(t *testing.T) {
	t.Parallel()

	const half = `{"entities":[{"id":"canary"},{"id":`

	each(t, map[string]string{
		"a Content-Length that is short": head(length(len(half))) + twoUsers,
		"no body":                        head(length(0)),
		"a cut body of its own length":   head(length(len(half))) + half,
		"a cut body in whole chunks":     head("Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(half), half),
		"a cut body in a whole gzip":     head("Content-Encoding: gzip") + zipped(half),
	}, func(t *testing.T, reply string) {
		f := socketAPI(t, raw(reply, false))
		requireFailure(t, f.fetch(query(), ""), failure.UpstreamInvalid, true, "it is cut off (correlation id "+correlation+")")
	})
}

func TestABodyThatEndsWithItsConnectionIsRead(t *testing.T) {
	t.Parallel()
	each(t, map[string]string{
		"HTTP/1.1":       head() + twoUsers,
		"HTTP/1.0":       "HTTP/1.0 200 OK\r\n\r\n" + twoUsers,
		"gzip":           head("Content-Encoding: gzip") + zipped(twoUsers),
		"trailing space": head() + twoUsers + " \n",
	}, func(t *testing.T, reply string) { socketAPI(t, raw(reply, false)).requirePage(query(), "", 2) })
}

func TestAServerThatIsNotThereOrNotTrustedIsUnavailable(t *testing.T) {
	t.Parallel()

	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()

	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)

	for address, want := range map[string]string{
		gone.URL:                      "no connection can be made",
		"http://no-such-host.invalid": "the host name cannot be resolved",
		untrusted.URL:                 "the server's certificate is not trusted",
	} {
		f := newFake(t, address)
		whole := f.Base.Host + ": " + want
		if text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true); text != whole {
			t.Errorf("got %q, want %q", text, whole)
		}

		client := f.tokens()
		client.Retry = retry.Policy{}
		ctx, cancel := context.WithTimeout(t.Context(), invocationTime)
		_, err := client.Issue(ctx, credentials())
		cancel()
		requireFailure(t, err, failure.UpstreamUnavailable, true, whole)
	}
}

// upgrade answers with a protocol switch and leaves the connection open.
func upgrade(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()

	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	_, _ = io.Copy(io.Discard, conn)
}

func TestAProtocolSwitchEndsAPageATokenAndAProbeWithinAnAttemptsTime(t *testing.T) {
	t.Parallel()
	eachInBubble(t, map[string]func(f *fakeAPI) error{
		"a page": func(f *fakeAPI) error { return f.fetch(query(), "") },
		"a token": func(f *fakeAPI) error {
			_, err := f.tokens().Issue(f.t.Context(), credentials())
			return err
		},
		"a probe": func(f *fakeAPI) error {
			probe := &genesys.TokenProbe{Base: f.Base, HTTP: f.HTTP, Attempt: 5 * time.Second}
			_, err := probe.Probe(f.t.Context(), token.Token{Access: secret.New("canary")})

			return err
		},
	}, func(t *testing.T, ask func(f *fakeAPI) error) {
		begun := time.Now()
		requireKind(t, ask(serveFake(t, listingBase, upgrade)), failure.UpstreamUnavailable, "101")
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}
