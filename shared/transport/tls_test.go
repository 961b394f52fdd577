package transport_test

import (
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"genesys-cloud-export/shared/transport"
)

func noError(t *testing.T, err error) {
	t.Helper()

	if err != nil {
		t.Fatal(err)
	}
}

// silentAfter serves the wire's service over TLS, HTTP/2 offered first. The first connection answers that many requests, and
// then takes each further one without ever answering. It returns the address, a file with the server's certificate, and the
// protocols that were spoken.
func silentAfter(t *testing.T, w *wire, answered int) (address, certificate string, protocols func() []string) {
	t.Helper()

	var (
		mu          sync.Mutex
		connections int
		spoken      []string
	)

	address = raw(t, transport.New(), func(conn net.Conn, _ string) {
		mu.Lock()
		connections++
		first := connections == 1
		mu.Unlock()

		asked := 0
		requests(conn, func(request *http.Request) bool {
			mu.Lock()
			if !slices.Contains(spoken, request.Proto) {
				spoken = append(spoken, request.Proto)
			}
			mu.Unlock()

			if asked++; first && asked > answered {
				return true
			}

			_, err := conn.Write(w.answer(request))

			return err == nil
		})
	})

	server := httptest.NewTLSServer(http.NotFoundHandler()) // every server of httptest has the same certificate
	defer server.Close()

	certificate = filepath.Join(t.TempDir(), "ca.pem")
	noError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))

	return address, certificate, func() []string {
		mu.Lock()
		defer mu.Unlock()

		return slices.Clone(spoken)
	}
}
