package genesys_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/secret"
	"genesys-cloud-export/shared/token"
)

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

	for name, ask := range map[string]func(t *testing.T) error{
		"a page": func(t *testing.T) error {
			return serveFake(t, listingBase, upgrade).fetch(query(), "")
		},
		"a token": func(t *testing.T) error {
			_, client := serveLogin(t, upgrade)
			client.HTTP = carried(t, upgrade)
			_, err := client.Issue(t.Context(), loginCredentials())

			return err
		},
		"a probe": func(t *testing.T) error {
			probe := &genesys.TokenProbe{Base: newFake(t, listingBase).Base, HTTP: carried(t, upgrade), Attempt: 5 * time.Second}
			_, err := probe.Probe(t.Context(), token.Token{Access: secret.New("canary")})

			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				err := ask(t)

				if !failure.Is(err, failure.UpstreamUnavailable) && !failure.Is(err, failure.UpstreamInvalid) || !strings.Contains(err.Error(), "101") {
					t.Errorf("got %v, want a failure that names the status", err)
				}
				if took := time.Since(begun); took > 30*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// carried is the functions' own client, for which every address is handler's.
func carried(t *testing.T, handler http.HandlerFunc) *http.Client {
	t.Helper()

	network := memnet.New()
	client, err := network.Carry(genesys.NewHTTPClient())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)

	for _, address := range []string{listingAddress, "127.0.0.1:8080"} {
		stop, err := network.Serve(address, handler)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}

	return client
}
