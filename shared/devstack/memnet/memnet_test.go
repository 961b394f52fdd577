package memnet_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/transport"

	"go.uber.org/goleak"
)

const address = "api.acme.test:80"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func greet(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "hello from "+r.Host)
}

// serve runs handler on the network until the test ends.
func serve(t *testing.T, network *memnet.Network, address string, handler http.HandlerFunc) {
	t.Helper()
	stop, err := network.Serve(address, handler)
	if err != nil {
		t.Fatalf("serve %s: %v", address, err)
	}
	t.Cleanup(stop)
}

func client(t *testing.T, network *memnet.Network) *http.Client {
	t.Helper()
	transport := network.Transport()
	t.Cleanup(transport.CloseIdleConnections)

	return &http.Client{Transport: transport}
}

func get(t *testing.T, client *http.Client, address string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address, http.NoBody)
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

func TestAnAddressIsServedByOneUntilThatStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		stop, err := network.Serve(address, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		if err != nil {
			t.Fatal(err)
		}
		if second, err := network.Serve(address, http.NotFoundHandler()); err == nil {
			second()
			t.Error("a taken address was served on")
		}

		var group sync.WaitGroup
		c := client(t, network)
		group.Go(func() {
			if body, err := get(t, c, address); err == nil {
				t.Errorf("an exchange outlived its server with %q", body)
			}
		})
		synctest.Wait()
		stop()
		group.Wait()

		_, err = get(t, c, address)
		if failed, ok := errors.AsType[*net.OpError](err); !ok || failed.Op != "dial" || !strings.Contains(err.Error(), address) {
			t.Errorf("where nobody listens: got %v, want a failed dial that names %s", err, address)
		}

		serve(t, network, address, greet)
		carried, err := network.Carry(transport.New().Client())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(carried.CloseIdleConnections)
		for range 50 {
			group.Go(func() {
				if got, err := get(t, carried, address); err != nil || got != "hello from "+address {
					t.Errorf("the successor: got %q and %v", got, err)
				}
			})
		}
		group.Wait()

		if _, err := network.Carry(&http.Client{Transport: network.Transport()}); err == nil {
			t.Error("another client than shared/transport's was carried")
		}
	})
}
