package transport_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// wire serves one service byte by byte, so that a test can say what happens on the connection itself.
type wire struct {
	service http.Handler

	mu       sync.Mutex
	fault    fault // nil: none
	requests int
}

// fault answers a request instead of the service, whose reply it is given, and reports whether the connection goes on.
type fault func(to net.Conn, reply []byte) bool

// sent is how many requests have arrived.
func (w *wire) sent() int {
	w.mu.Lock()
	defer w.mu.Unlock()

	return w.requests
}

// set changes the fault; nil ends it.
func (w *wire) set(fault fault) {
	w.mu.Lock()
	defer w.mu.Unlock()

	w.fault, w.requests = fault, 0
}

// serve listens on a free port of loopback until the test ends, and returns the address.
func (w *wire) serve(t *testing.T) string {
	t.Helper()

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	noError(t, err)

	return listen(t, listener, func(conn net.Conn) {
		requests(conn, func(request *http.Request) bool {
			w.mu.Lock()
			w.requests++
			fault := w.fault
			w.mu.Unlock()

			reply := w.answer(request)
			if fault != nil {
				return fault(conn, reply)
			}

			_, err := conn.Write(reply)

			return err == nil
		})
	})
}

// answer is the service's reply as it goes over the wire.
func (w *wire) answer(request *http.Request) []byte {
	recorder := httptest.NewRecorder()
	w.service.ServeHTTP(recorder, request)

	result := recorder.Result()
	result.ContentLength = int64(recorder.Body.Len())

	var raw bytes.Buffer
	_ = result.Write(&raw) // a buffer takes everything

	return raw.Bytes()
}

// canary begins what no log may show. What follows it makes it long enough to be seen in the first bytes of a reply.
const canary = "wire-canary"

// bytesAfter sends the reply, and then bytes that nobody asked for.
func bytesAfter(c net.Conn, reply []byte) bool {
	_, err := c.Write(append(slices.Clone(reply), canary+` {"access_token":"`+canary+`","name":"`+canary+`"}`...))
	return err == nil
}

// secondReply sends the reply twice.
func secondReply(c net.Conn, reply []byte) bool {
	_, err := c.Write(append(slices.Clone(reply), "HTTP/1.1 200 "+canary+"\r\nContent-Length: 11\r\n\r\n"+canary...))
	return err == nil
}

// shortLength declares a body ten bytes shorter than the one that it sends.
func shortLength(c net.Conn, reply []byte) bool {
	head, body, _ := bytes.Cut(reply, []byte("\r\n\r\n"))

	var lines []string
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if !strings.HasPrefix(line, "Content-Length:") && !strings.HasPrefix(line, "Transfer-Encoding:") {
			lines = append(lines, line)
		}
	}

	_, err := fmt.Fprintf(c, "%s\r\nContent-Length: %d\r\n\r\n%s", strings.Join(lines, "\r\n"), max(len(body)-10, 0), body)

	return err == nil
}

// switching answers 101 and keeps the connection open.
func switching(c net.Conn, _ []byte) bool {
	_, err := fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: %s\r\nConnection: Upgrade\r\n\r\n", canary)
	return err == nil
}

// silent takes the request and never answers.
func silent(net.Conn, []byte) bool { return true }

// headersOnly sends the head of a reply and closes.
func headersOnly(c net.Conn, reply []byte) bool {
	head, _, _ := bytes.Cut(reply, []byte("\r\n\r\n"))
	_, _ = c.Write(append(slices.Clone(head), "\r\n\r\n"...))

	return false
}

// hangUp closes a connection that has answered before, without an answer.
func hangUp(net.Conn, []byte) bool { return false }
