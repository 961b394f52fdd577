package transport_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"genesys-cloud-export/shared/transport"
)

func TestARequestThatOnlyReadsIsHTTP1AsGoSendsItAndItsConnectionIsUsedAgain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, client *http.Client, serve func(http.HandlerFunc) string) {
		url := serve(func(w http.ResponseWriter, r *http.Request) {
			if r.Proto != "HTTP/1.1" || len(r.TransferEncoding) != 0 || r.ContentLength != 0 || r.Header.Get("Content-Length") != "" || r.Close {
				t.Errorf("sent as %s with encoding %v, length %d and close %v", r.Proto, r.TransferEncoding, r.ContentLength, r.Close)
			}
			_, _ = io.WriteString(w, r.RemoteAddr)
		})

		first, err := get(t.Context(), client, url)
		noError(t, err)
		if second, err := get(t.Context(), client, url); err != nil || second != first {
			t.Errorf("the second came from %s (%v), want the first's connection, %s", second, err, first)
		}
	})
}

func TestAConnectionThatWentSilentIsReplacedForTheNextAttempt(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, client *http.Client, serve func(http.HandlerFunc) string) {
		var silent atomic.Value // the address of the connection that no longer answers

		over := make(chan struct{})
		url := serve(func(w http.ResponseWriter, r *http.Request) {
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

func TestARequestIsSentOnceAnAttemptHoweverItsConnectionEnds(t *testing.T) {
	t.Parallel()

	for name, reply := range map[string]string{"without an answer": "", "after the headers": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPut, http.MethodDelete} {
			if reply != "" && method == http.MethodHead { // a head is all that it has
				continue
			}

			t.Run(method+" "+name, func(t *testing.T) {
				t.Parallel()
				both(t, func(t *testing.T, client *http.Client, serve func(http.HandlerFunc) string) {
					var asked atomic.Int64

					url := serve(func(w http.ResponseWriter, r *http.Request) {
						if asked.Add(1)%2 == 1 {
							w.WriteHeader(http.StatusNoContent)
							return
						}

						_, _ = io.Copy(io.Discard, r.Body)
						send(reply)(w, r) // on a connection that has answered before
					})

					const attempts = 6
					for attempt := range attempts {
						var body io.Reader
						if method == http.MethodPost || method == http.MethodPut {
							body = strings.NewReader("body") // which net/http could have again
						}

						request, err := http.NewRequestWithContext(t.Context(), method, url, body)
						noError(t, err)

						answer, err := client.Do(request)
						if err == nil {
							_, err = io.ReadAll(answer.Body)
							answer.Body.Close()
						}
						if broken := attempt%2 == 1; (err != nil) != broken {
							t.Errorf("attempt %d: got error %v", attempt+1, err)
						}
					}

					if got := asked.Load(); got != attempts {
						t.Errorf("%d requests were sent in %d attempts", got, attempts)
					}
				})
			})
		}
	}
}

func TestAProtocolSwitchIsRefusedAndItsConnectionClosed(t *testing.T) {
	t.Parallel()

	for name, head := range map[string]string{
		"an upgrade": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"bare":       "HTTP/1.1 101 Switching Protocols\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, client *http.Client, serve func(http.HandlerFunc) string) {
				closed := make(chan struct{})
				url := serve(func(w http.ResponseWriter, _ *http.Request) {
					conn := raw(w)
					defer conn.Close()

					_, _ = io.WriteString(conn, head+"HTTP/1.1 200 OK")
					_, _ = io.Copy(io.Discard, conn)
					close(closed)
				})

				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()

				_, err := get(ctx, client, url)
				if got, want := transport.Describe(err), "the answer was status 101, which was not asked for"; got != want {
					t.Errorf("described as %q, want %q", got, want)
				}

				select {
				case <-closed:
				case <-ctx.Done():
					t.Error("the connection is still open")
				}
			})
		})
	}
}

func TestInformationalRepliesWithoutEndAreAnError(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, client *http.Client, serve func(http.HandlerFunc) string) {
		url := serve(func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				w.WriteHeader(http.StatusEarlyHints)
			}
		})

		if _, err := get(t.Context(), client, url); err == nil {
			t.Error("got no error")
		}
	})
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, client *http.Client, serve func(http.HandlerFunc) string) {
		url := serve(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				t.Errorf("%s was asked for", r.URL.Path)
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		})

		if _, err := get(t.Context(), client, url); err != nil {
			t.Errorf("got %v, want the redirect as the reply", err)
		}
	})
}

func TestAServerThatIsNotThereOrNotTrustedIsNamed(t *testing.T) {
	t.Parallel()

	gone, untrusted := httptest.NewServer(nil), httptest.NewTLSServer(nil)
	gone.Close()
	t.Cleanup(untrusted.Close)

	carrier := transport.New()
	carrier.Proxy = nil
	t.Cleanup(carrier.CloseIdleConnections)

	for url, want := range map[string]string{
		gone.URL:                      "no connection can be made",
		"http://no-such-host.invalid": "the host name cannot be resolved",
		untrusted.URL:                 "the server's certificate is not trusted",
	} {
		if _, err := get(t.Context(), carrier.Client(), url); transport.Describe(err) != want {
			t.Errorf("got %q (%v), want %q", transport.Describe(err), err, want)
		}
	}
}
