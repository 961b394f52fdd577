package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/devstack/memnet"
	"genesys-cloud-export/shared/transport"
)

const host = "store.test:80"

// inMemory is a client that takes whole replies of at most limit bytes, of a service on a network in memory.
func inMemory(t *testing.T, limit int64, handler http.HandlerFunc) *http.Client {
	t.Helper()

	network := memnet.New()
	stop, err := network.Serve(host, handler)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)

	carrier := transport.New()
	carrier.MaxReply, carrier.Timeout = limit, 20*time.Second
	client, err := network.Carry(carrier.Client())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)

	return client
}

func TestAReplyIsTakenUpToTheBoundAndNoFurther(t *testing.T) {
	t.Parallel()

	const limit = 1000

	for length, fits := range map[int]bool{0: true, 1: true, limit: true, limit + 1: false, 1 << 20: false} {
		client := inMemory(t, limit, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", length))
		})

		body, err := get(t.Context(), client, "http://"+host)
		long, _ := errors.AsType[transport.RefusedError](err)
		if fits && len(body) != length || long.TooLong == fits || !fits && transport.Describe(err) != "the answer is longer than 1000 bytes" {
			t.Errorf("a reply of %d bytes: got %d bytes and %v", length, len(body), err)
		}
	}
}

func TestAWholeReplyThatBreaksOffOrHangsIsAnErrorOfTheExchange(t *testing.T) {
	t.Parallel()

	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "half")
	}

	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"cut": {half, "the connection broke"},
		"hanging in the body": {func(w http.ResponseWriter, r *http.Request) {
			half(w, r)
			_ = http.NewResponseController(w).Flush()
			hang(w, r)
		}, "no complete reply in time"},
		"hanging before it": {hang, "no complete reply in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := inMemory(t, 1<<20, test.handler)
				begun := time.Now()

				_, err := get(t.Context(), client, "http://"+host)
				if _, exchange := errors.AsType[*url.Error](err); !exchange || transport.Describe(err) != test.want {
					t.Errorf("got %v, described as %q, want an error of the exchange, %q", err, transport.Describe(err), test.want)
				}
				if took := time.Since(begun); took > 20*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

func TestAStreamedReplyIsBoundedByItsContextAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := inMemory(t, 0, func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(time.Hour):
				_, _ = io.WriteString(w, "late")
			case <-r.Context().Done():
			}
		})

		if got, err := get(t.Context(), client, "http://"+host); got != "late" || err != nil {
			t.Errorf("got %q and %v", got, err)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()

		if _, err := get(ctx, client, "http://"+host); !transport.TimedOut(err) {
			t.Errorf("got %v, want its time to be over", err)
		}
	})
}
