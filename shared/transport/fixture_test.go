package transport_test

import (
	"context"
	"crypto/x509"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"genesys-cloud-export/shared/transport"

	"go.uber.org/goleak"
)

// canary begins what no log and no error may show.
const canary = "wire-canary"

func TestMain(m *testing.M) {
	// Most of the time these tests wait.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}

	goleak.VerifyTestMain(m)
}

func noError(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

// both are the two ways in which replies are read: streamed, as the API's, and whole, as AWS's. What is served is served by TLS.
func both(t *testing.T, test func(t *testing.T, client *http.Client, serve func(http.HandlerFunc) (url string))) {
	t.Helper()

	for name, limit := range map[string]int64{"streamed": 0, "whole": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			carrier := transport.New()
			carrier.MaxReply, carrier.Proxy = limit, nil
			t.Cleanup(carrier.CloseIdleConnections)

			test(t, carrier.Client(), func(handler http.HandlerFunc) string { return secure(t, carrier, handler) })
		})
	}
}

// token is sent with every request of [get].
const token = "Bearer " + canary

// get asks once, and reads the reply.
func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", token)

	reply, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()

	body, err := io.ReadAll(reply.Body)

	return string(body), err
}

// secure serves handler over TLS and offers HTTP/2, as all services do.
func secure(t *testing.T, carrier *transport.Transport, handler http.HandlerFunc) string {
	t.Helper()

	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)

	carrier.TLSClientConfig.RootCAs = x509.NewCertPool()
	carrier.TLSClientConfig.RootCAs.AddCert(server.Certificate())

	return server.URL
}

// raw is the connection of a request, on which the handler answers what it likes. The caller closes it.
func raw(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}

	return conn
}

// send answers with these very bytes and ends the connection.
func send(reply string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn := raw(w)
		defer conn.Close()

		_, _ = io.WriteString(conn, reply)
	}
}

// hang never answers.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
