package transport_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"genesys-cloud-export/shared/devstack/awstest"
)

// spoiled sends what change makes of the service's reply, and may leave the connection open.
func spoiled(change func(reply []byte) (sent string, open bool)) awstest.Fault {
	return func(w http.ResponseWriter, r *http.Request, service http.Handler) {
		recorder := httptest.NewRecorder()
		service.ServeHTTP(recorder, r)

		result := recorder.Result()
		result.ContentLength = int64(recorder.Body.Len())

		var reply bytes.Buffer
		_ = result.Write(&reply) // a buffer takes everything

		conn := raw(w)
		defer conn.Close()

		sent, open := change(reply.Bytes())
		_, _ = io.WriteString(conn, sent)
		if open {
			_, _ = conn.Read(make([]byte, 1)) // until the client closes it, or asks again
		}
	}
}

// bytesAfter is the reply, and then bytes that nobody asked for.
func bytesAfter(reply []byte) (sent string, open bool) {
	return string(reply) + canary + ` {"access_token":"` + canary + `","name":"` + canary + `"}`, true
}

// secondReply is the reply and another one.
func secondReply(reply []byte) (sent string, open bool) {
	return string(reply) + "HTTP/1.1 200 " + canary + "\r\nContent-Length: 11\r\n\r\n" + canary, true
}

// shortLength declares a body ten bytes shorter than the one that is sent.
func shortLength(reply []byte) (sent string, open bool) {
	_, body, _ := strings.Cut(string(reply), "\r\n\r\n")
	length := func(n int) string { return "Content-Length: " + strconv.Itoa(n) + "\r\n" }

	return strings.Replace(string(reply), length(len(body)), length(max(len(body)-10, 0)), 1), true
}

// switching is a 101.
func switching([]byte) (sent string, open bool) {
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: " + canary + "\r\nConnection: Upgrade\r\n\r\n", true
}

// headersOnly is the head of the reply alone.
func headersOnly(reply []byte) (sent string, open bool) {
	head, _, _ := strings.Cut(string(reply), "\r\n\r\n")
	return head + "\r\n\r\n", false
}

// hangUp is no answer, on a connection that has answered before.
func hangUp([]byte) (sent string, open bool) { return "", false }
