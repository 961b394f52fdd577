package memnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

func TestServersAreReachedByTheirAddress(t *testing.T) {
	t.Parallel()

	network := memnet.New()
	serve(t, network, "one.test:80", greet)
	serve(t, network, "two.test:8080", greet)
	c := client(t, network)

	for url, want := range map[string]string{"http://one.test/": "hello from one.test", "http://two.test:8080/": "hello from two.test:8080"} {
		if got, err := get(t.Context(), c, url); err != nil || got != want {
			t.Errorf("%s: got %q and %v, want %q", url, got, err, want)
		}
	}
}

func TestTheFunctionsOwnClientIsCarriedAndNoOther(t *testing.T) {
	t.Parallel()

	network := memnet.New()
	serve(t, network, address, greet)

	carried, err := network.Carry(transport.New().Client())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(carried.CloseIdleConnections)

	if got, err := get(t.Context(), carried, "http://"+address); err != nil || got != "hello from "+address {
		t.Errorf("got %q and %v", got, err)
	}
	if _, err := network.Carry(&http.Client{Transport: network.Transport()}); err == nil {
		t.Error("another client was carried")
	}
}

func TestAnHourOfWaitingTakesNoTimeInABubble(t *testing.T) {
	t.Parallel()

	really := time.Now()

	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		serve(t, network, address, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Hour)
			greet(w, r)
		})

		begun := time.Now()
		if _, err := get(t.Context(), client(t, network), "http://api.acme.test/"); err != nil {
			t.Fatalf("get: %v", err)
		}
		if took := time.Since(begun); took != time.Hour {
			t.Errorf("took %s of virtual time, want 1h0m0s", took)
		}
	})

	if took := time.Since(really); took > time.Minute {
		t.Errorf("took %s of real time", took)
	}
}

func TestWhereNobodyListensADialFailsAsItDoesOnANetwork(t *testing.T) {
	t.Parallel()

	network := memnet.New()
	_, err := network.DialContext(t.Context(), "tcp", address)

	if failed, ok := errors.AsType[*net.OpError](err); !ok || failed.Op != "dial" || !strings.Contains(err.Error(), address) {
		t.Errorf("got %v, want a failed dial that names %s", err, address)
	}
}

func TestAnAddressIsListenedOnByOne(t *testing.T) {
	t.Parallel()

	network := memnet.New()
	first, err := network.Listen(address)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	if got := first.Addr(); got.String() != address || got.Network() != "memory" {
		t.Errorf("Addr: got %s on %s, want %s on memory", got, got.Network(), address)
	}

	if _, err := network.Listen(address); err == nil {
		t.Error("a taken address was given away")
	}
	if stop, err := network.Serve(address, http.NotFoundHandler()); err == nil {
		stop()
		t.Error("a taken address was served on")
	}

	first.Close()
	first.Close()

	again, err := network.Listen(address)
	if err != nil {
		t.Fatalf("listen on an address that was given back: %v", err)
	}
	again.Close()
}

func TestClosingAListenerTwiceLeavesItsSuccessorAlone(t *testing.T) {
	t.Parallel()

	network := memnet.New()
	first, err := network.Listen(address)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	first.Close()

	serve(t, network, address, greet)
	first.Close()

	if _, err := get(t.Context(), client(t, network), "http://api.acme.test/"); err != nil {
		t.Errorf("the successor is gone: %v", err)
	}
}

func TestAClosedListenerEndsWhoWaitsOnIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		l, err := network.Listen(address)
		if err != nil {
			t.Fatalf("listen: %v", err)
		}

		var group sync.WaitGroup
		group.Go(func() {
			if _, err := network.DialContext(t.Context(), "tcp", address); !errors.Is(err, net.ErrClosed) {
				t.Errorf("dial: got %v, want %v", err, net.ErrClosed)
			}
		})
		synctest.Wait() // the dial waits for an Accept that never comes
		l.Close()
		group.Wait()

		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept: got %v, want %v", err, net.ErrClosed)
		}
	})
}

func TestADialEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		l, err := network.Listen(address)
		if err != nil {
			t.Fatalf("listen: %v", err)
		}
		defer l.Close()

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()

		begun := time.Now()
		if _, err := network.DialContext(ctx, "tcp", address); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Minute {
			t.Errorf("got %v after %s, want the deadline after 1m0s", err, time.Since(begun))
		}
	})
}

func TestStoppingAServerBreaksItsConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := memnet.New()
		stop, err := network.Serve(address, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		if err != nil {
			t.Fatalf("serve: %v", err)
		}

		var group sync.WaitGroup
		c := client(t, network)
		group.Go(func() {
			if body, err := get(t.Context(), c, "http://api.acme.test/"); err == nil {
				t.Errorf("an exchange outlived its server with %q", body)
			}
		})
		synctest.Wait()
		stop()
		group.Wait()

		if _, err := get(t.Context(), c, "http://api.acme.test/"); err == nil {
			t.Error("a stopped server answered")
		}
	})
}

func TestManyConnectAtOnce(t *testing.T) {
	t.Parallel()

	network := memnet.New()
	serve(t, network, address, greet)
	c := client(t, network)

	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := get(t.Context(), c, "http://api.acme.test/"); err != nil {
				t.Errorf("get: %v", err)
			}
		})
	}
	group.Wait()
}
