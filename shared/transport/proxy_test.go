package transport_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"genesys-cloud-export/shared/transport"
)

// proxied has a transport's only way out be a proxy with this handler. Without a handler, nobody listens there.
func proxied(t *testing.T, carrier *transport.Transport, handler http.HandlerFunc) {
	t.Helper()

	proxy := httptest.NewServer(handler)
	if handler == nil {
		proxy.Close()
	}
	t.Cleanup(proxy.Close)

	address := url.URL{Scheme: "http", Host: proxy.Listener.Addr().String(), User: url.UserPassword("user", canary)}
	carrier.Proxy = http.ProxyURL(&address)
}

// tunnel connects as an HTTP proxy does, and copies until both sides have ended.
func tunnel(w http.ResponseWriter, target string) {
	out, err := net.Dial("tcp", target)
	if err != nil {
		panic(err)
	}
	defer out.Close()

	w.WriteHeader(http.StatusOK)
	in := raw(w)
	defer in.Close()

	go func() {
		_, _ = io.Copy(out, in)
		out.Close()
	}()
	_, _ = io.Copy(in, out)
}

func TestThroughAProxyAPageIsReadAndTheProxyLearnsNoToken(t *testing.T) {
	t.Parallel()

	var connects atomic.Int64

	carrier := transport.New()
	page := secure(t, carrier, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+r.Header.Get("Proxy-Authorization"))
	})
	proxied(t, carrier, func(w http.ResponseWriter, r *http.Request) {
		connects.Add(1)
		known := r.Header.Get("Proxy-Authorization") != "" && r.Header.Get("Authorization") == ""
		if r.Method != http.MethodConnect || "https://"+r.Host != page || !known {
			t.Errorf("the proxy was asked to %s %s with %v", r.Method, r.Host, r.Header)
		}
		tunnel(w, r.Host)
	})

	for range 2 {
		if body, err := get(t.Context(), carrier.Client(), page); body != token || err != nil {
			t.Errorf("got %q and %v, want the page, which shows what it was asked with", body, err)
		}
	}
	if connects.Load() != 1 {
		t.Errorf("two requests took %d tunnels, want 1", connects.Load())
	}

	carrier.CloseIdleConnections() // the tunnel ends with them
}

func TestAProxyThatDoesNotServeIsNamedWithoutItsCredentials(t *testing.T) {
	t.Parallel()

	const (
		asks    = "the proxy asks for credentials: check HTTPS_PROXY"
		late    = "no complete reply in time"
		refuses = "the proxy refuses to connect (status 403): check HTTPS_PROXY, and which hosts the proxy allows"
	)

	for name, row := range map[string]struct {
		handler http.HandlerFunc // nil: nobody listens
		want    string
	}{
		"it asks for credentials":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }, asks},
		"it refuses":                  {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, canary, http.StatusForbidden) }, refuses},
		"it asks in another language": {send("HTTP/1.1 407 Bitte anmelden\r\nContent-Length: 0\r\n\r\n"), asks},
		"it hangs":                    {hang, late},
		"it closes":                   {send(""), "the connection broke"},
		"it speaks another protocol":  {send(canary + "\r\n\r\n"), "the connection broke"},
		"it is not there":             {nil, "the proxy cannot be reached: check HTTPS_PROXY"},
		"it connects to nothing":      {send("HTTP/1.1 200 OK\r\n\r\n"), "the connection broke"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			carrier := transport.New()
			proxied(t, carrier, row.handler)
			t.Cleanup(carrier.CloseIdleConnections) // it also ends what is still connecting
			within := 10 * time.Second
			if row.want == late {
				within = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()

			_, err := get(ctx, carrier.Client(), "https://api.test")
			if got := transport.Describe(err); got != row.want {
				t.Errorf("got %q (%v), want %q", got, err, row.want)
			}
		})
	}
}
