package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"genesys-cloud-export/shared/transport"
)

func TestAServerThatOffersHTTP2IsSpokenToByHTTP1(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, client *http.Client, own *transport.Transport) {
		url := secure(t, own, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })

		if got, err := get(t.Context(), client, url); got != "HTTP/1.1" || err != nil {
			t.Errorf("got %q and %v, want HTTP/1.1", got, err)
		}
	})
}

func TestAConnectionThatWentSilentIsReplacedForTheNextAttempt(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, client *http.Client, own *transport.Transport) {
		var silent atomic.Value // the address of the connection that no longer answers

		over := make(chan struct{})
		url := secure(t, own, func(w http.ResponseWriter, r *http.Request) {
			if silent.Load() == r.RemoteAddr {
				<-over // and not when the client goes: it could still read an answer then
				return
			}

			silent.CompareAndSwap(nil, r.RemoteAddr)
			_, _ = io.WriteString(w, "page")
		})
		t.Cleanup(func() { close(over) })

		for attempt, want := range []string{"page", "", "page", "page"} {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			got, err := get(ctx, client, url)
			cancel()

			if got != want || (err == nil) != (want != "") {
				t.Errorf("attempt %d: got %q and %v, want %q", attempt+1, got, err, want)
			}
		}
	})
}

func TestAServerThatAlwaysSaysGoAwayOrClosesAfterTheHeadersIsAskedOnceAnAttempt(t *testing.T) {
	t.Parallel()

	// HTTP/2's SETTINGS, and GOAWAY for stream 0 without an error: whatever was asked may be asked again.
	const settings, goAway = "\x00\x00\x00\x04\x00\x00\x00\x00\x00", "\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

	both(t, func(t *testing.T, client *http.Client, own *transport.Transport) {
		var asked atomic.Int64

		url := raw(t, own, func(conn net.Conn, protocol string) {
			if protocol == "h2" {
				asked.Add(1)
				_, _ = io.WriteString(conn, settings+goAway)
				_, _ = io.Copy(io.Discard, conn)

				return
			}

			requests(conn, func(*http.Request) bool {
				asked.Add(1)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")

				return false
			})
		})

		const attempts = 10

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()

		for range attempts {
			if _, err := get(ctx, client, url); err == nil {
				t.Error("a page came, want an error")
			}
		}
		if got := asked.Load(); got != attempts {
			t.Errorf("%d requests were sent in %d attempts", got, attempts)
		}
	})
}

func TestARequestOnAReusedConnectionThatClosesIsNotRepeatedUnseen(t *testing.T) {
	t.Parallel()

	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPut, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, client *http.Client, own *transport.Transport) {
				var asked atomic.Int64

				url := raw(t, own, func(conn net.Conn, _ string) {
					first := true
					requests(conn, func(*http.Request) bool {
						asked.Add(1)
						if first {
							_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
						}
						answered := first
						first = false

						return answered // the second request on a connection is read, and the connection closed
					})
				})

				for attempt := range 2 {
					var body io.Reader
					if method == http.MethodPost || method == http.MethodPut {
						body = strings.NewReader("body") // which net/http could have again
					}

					request, err := http.NewRequestWithContext(t.Context(), method, url, body)
					if err != nil {
						t.Fatal(err)
					}

					reply, err := client.Do(request)
					if err == nil {
						reply.Body.Close()
					}
					if (err == nil) != (attempt == 0) {
						t.Errorf("attempt %d: got error %v", attempt+1, err)
					}
				}

				if got := asked.Load(); got != 2 {
					t.Errorf("%d requests were sent in 2 attempts", got)
				}
			})
		})
	}
}

func TestARequestThatOnlyReadsLooksOnTheWireAsGoSendsIt(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, client *http.Client, own *transport.Transport) {
		url := secure(t, own, func(w http.ResponseWriter, r *http.Request) {
			if len(r.TransferEncoding) != 0 || r.ContentLength != 0 || r.Header.Get("Content-Length") != "" || r.Close {
				t.Errorf("sent with encoding %v, length %d and close %v", r.TransferEncoding, r.ContentLength, r.Close)
			}
			_, _ = io.WriteString(w, r.RemoteAddr)
		})

		first, err := get(t.Context(), client, url)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := get(t.Context(), client, url); err != nil || second != first {
			t.Errorf("the second came from %s (%v), want the first's connection, %s", second, err, first)
		}
	})
}

func TestAProtocolSwitchIsRefusedAndItsConnectionClosed(t *testing.T) {
	t.Parallel()

	for name, head := range map[string]string{
		"an upgrade": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"bare":       "HTTP/1.1 101 Switching Protocols\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, client *http.Client, own *transport.Transport) {
				closed := make(chan struct{}, 1)
				url := raw(t, own, func(conn net.Conn, _ string) {
					requests(conn, func(*http.Request) bool {
						_, _ = io.WriteString(conn, head+"HTTP/1.1 200 OK")
						_, _ = io.Copy(io.Discard, conn)
						closed <- struct{}{}

						return false
					})
				})

				_, err := get(t.Context(), client, url)
				if refused, ok := errors.AsType[transport.StatusError](err); !ok || refused.Status != http.StatusSwitchingProtocols {
					t.Errorf("got %v, want status 101 as an error", err)
				}
				if got, want := transport.Describe(err), "the answer was status 101, which was not asked for"; got != want {
					t.Errorf("described as %q, want %q", got, want)
				}

				select {
				case <-closed:
				case <-time.After(5 * time.Second):
					t.Error("the connection is still open")
				}
			})
		})
	}
}

func TestInformationalRepliesWithoutEndAreAnError(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, client *http.Client, own *transport.Transport) {
		url := raw(t, own, func(conn net.Conn, _ string) {
			requests(conn, func(*http.Request) bool {
				for {
					if _, err := io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"); err != nil {
						return false
					}
				}
			})
		})

		if _, err := get(t.Context(), client, url); err == nil {
			t.Error("got no error")
		}
	})
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, client *http.Client, own *transport.Transport) {
		url := secure(t, own, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "" && r.URL.Path != "/" {
				t.Errorf("%s was asked for", r.URL.Path)
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		})

		if _, err := get(t.Context(), client, url); err != nil {
			t.Errorf("got %v, want the redirect as the reply", err)
		}
	})
}
