package transport_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"genesys-cloud-export/shared/transport"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Most of the time these tests wait.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}

	goleak.VerifyTestMain(m)
}

// both are the two ways in which replies are read: streamed, as the API's, and whole, as AWS's.
func both(t *testing.T, test func(t *testing.T, client *http.Client, own *transport.Transport)) {
	t.Helper()

	for name, limit := range map[string]int64{"streamed": 0, "whole": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			own := transport.New()
			own.MaxReply, own.Proxy = limit, nil
			t.Cleanup(own.CloseIdleConnections)

			test(t, own.Client(), own)
		})
	}
}

// get asks once, and reads the reply.
func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}

	reply, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()

	body, err := io.ReadAll(reply.Body)

	return string(body), err
}

// secure serves handler over TLS and offers HTTP/2, as all services do.
func secure(t *testing.T, own *transport.Transport, handler http.HandlerFunc) string {
	t.Helper()

	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)

	own.TLSClientConfig.RootCAs = x509.NewCertPool()
	own.TLSClientConfig.RootCAs.AddCert(server.Certificate())

	return server.URL
}

// raw serves connections over TLS, offering HTTP/2, until the test ends. The handler is given each with what was negotiated.
func raw(t *testing.T, own *transport.Transport, handler func(conn net.Conn, protocol string)) string {
	t.Helper()

	pattern := httptest.NewUnstartedServer(nil)
	pattern.StartTLS()
	config := pattern.TLS.Clone()
	config.NextProtos = []string{"h2", "http/1.1"}
	own.TLSClientConfig.RootCAs = x509.NewCertPool()
	own.TLSClientConfig.RootCAs.AddCert(pattern.Certificate())
	pattern.Close()

	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}

	return "https://" + listen(t, listener, func(conn net.Conn) {
		secured, ok := conn.(*tls.Conn)
		if ok && secured.HandshakeContext(t.Context()) == nil {
			handler(conn, secured.ConnectionState().NegotiatedProtocol)
		}
	})
}

// listen hands each connection to handle, and closes all of them when the test ends. It returns the address.
func listen(t *testing.T, listener net.Listener, handle func(net.Conn)) string {
	t.Helper()

	var serving sync.WaitGroup
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // what talks to it may outlive the test
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}

			serving.Go(func() {
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				defer conn.Close()

				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		cancel()
		listener.Close()
		serving.Wait()
	})

	return listener.Addr().String()
}

// requests reads one request after the other and has each answered, until answer says that this was the last.
func requests(conn net.Conn, answer func(r *http.Request) bool) {
	reader := bufio.NewReader(conn)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}

		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}

		request.Body = io.NopCloser(bytes.NewReader(body))
		if !answer(request) {
			return
		}
	}
}
