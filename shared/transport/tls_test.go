package transport_test

import (
	"context"
	"encoding/pem"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

func noError(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

// connectionNumber is the key of a connection's number in the context of its requests.
type connectionNumber struct{}

// silentAfter serves the handler over TLS, HTTP/2 offered first. The first connection answers that many requests, and then
// takes each further one without ever answering. It returns the address, and the protocols that were spoken.
func silentAfter(t *testing.T, handler http.Handler, answered int) (address string, protocols func() []string) {
	t.Helper()

	var (
		mu          sync.Mutex
		connections int
		requests    int
		spoken      = make(map[string]bool)
	)

	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		spoken[r.Proto] = true
		silent := false
		if r.Context().Value(connectionNumber{}) == 1 {
			requests++
			silent = requests > answered
		}
		mu.Unlock()

		if silent {
			<-r.Context().Done()
			return
		}

		handler.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		mu.Lock()
		defer mu.Unlock()
		connections++

		return context.WithValue(ctx, connectionNumber{}, connections)
	}
	server.StartTLS()
	t.Cleanup(server.Close)

	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()

		return slices.Sorted(maps.Keys(spoken))
	}
}

// certificate is a file with the certificate of every server that this package's tests start.
func certificate(t *testing.T) string {
	t.Helper()

	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()

	file := filepath.Join(t.TempDir(), "ca.pem")
	noError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))

	return file
}
