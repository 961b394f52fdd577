package genesys_test

import (
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"genesys-cloud-export/shared/failure"
)

// proxied is an API by TLS, whose listing's only way out is a proxy with this handler. Without a handler, nobody listens there.
func proxied(t *testing.T, handler http.HandlerFunc) *fakeAPI {
	t.Helper()

	proxy := httptest.NewServer(handler)
	if handler == nil {
		proxy.Close()
	}
	t.Cleanup(proxy.Close)

	var f *fakeAPI
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the proxy's credentials reached the API")
		}
		f.recorded(answer(http.StatusOK, twoUsers)).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)

	f = newFake(t, server.URL)
	transport := f.transport()
	transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: proxy.Listener.Addr().String(), User: url.UserPassword("proxy-user-canary", "proxy-password-canary")})
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())

	return f
}

// tunnel connects as an HTTP proxy does, and copies until both sides have ended.
func tunnel(w http.ResponseWriter, target string) {
	out, err := net.Dial("tcp", target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer out.Close()

	w.WriteHeader(http.StatusOK)
	in, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer in.Close()

	var copies sync.WaitGroup
	copies.Go(func() {
		_, _ = io.Copy(out, buffered)
		out.Close()
	})
	copies.Go(func() {
		_, _ = io.Copy(in, out)
		in.Close()
	})
	copies.Wait()
}

func TestThroughAProxyAPageIsRead(t *testing.T) {
	t.Parallel()

	var f *fakeAPI
	var connects atomic.Int64

	f = proxied(t, func(w http.ResponseWriter, r *http.Request) {
		connects.Add(1)

		if _, password, ok := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth(); !ok || password != "proxy-password-canary" {
			t.Error("the proxy was asked without its credentials")
		}
		if r.Method != http.MethodConnect || r.Host != f.Base.Host || r.Header.Get("Authorization") != "" {
			t.Errorf("the proxy was asked to %s %s with Authorization %q", r.Method, r.Host, r.Header.Get("Authorization"))
		}

		tunnel(w, r.Host)
	})

	for range 2 {
		f.requirePage(query(), "", 2)
	}
	if len(f.seen()) != 2 || connects.Load() != 1 {
		t.Errorf("%d requests over %d tunnels, want 2 over 1", len(f.seen()), connects.Load())
	}

	f.HTTP.CloseIdleConnections() // the tunnel ends with them
}

func TestAProxyThatDoesNotServeIsNamedWithoutItsCredentials(t *testing.T) {
	t.Parallel()

	status := func(status int) http.HandlerFunc {
		return answer(status, canary, "Proxy-Authenticate", `Basic realm="canary"`)
	}

	type row struct {
		handler http.HandlerFunc // nil: nobody listens
		want    string
	}

	each(t, map[string]row{
		"it asks for credentials":     {status(http.StatusProxyAuthRequired), "the proxy asks for credentials: check HTTPS_PROXY"},
		"it refuses":                  {status(http.StatusForbidden), "the proxy refuses to connect (status 403): check HTTPS_PROXY, and which hosts the proxy allows"},
		"it cannot connect":           {status(http.StatusBadGateway), "the proxy refuses to connect (status 502): check HTTPS_PROXY, and which hosts the proxy allows"},
		"it asks in another language": {raw("HTTP/1.1 407 Bitte anmelden\r\nContent-Length: 0\r\n\r\n", false), "the proxy asks for credentials: check HTTPS_PROXY"},
		"it hangs":                    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no complete reply in time"},
		"it closes":                   {raw("", false), "the connection broke"},
		"it resets":                   {raw("", true), "the connection broke"},
		"it speaks another protocol":  {raw("canary\r\n\r\n", false), "the connection broke"},
		"it is not there":             {nil, "the proxy cannot be reached: check HTTPS_PROXY"},
		"it connects to nothing":      {raw("HTTP/1.1 200 OK\r\n\r\n", false), "the connection broke"},
	}, func(t *testing.T, row row) {
		f := proxied(t, row.handler)
		if strings.Contains(row.want, "in time") {
			f.Attempt = 200 * time.Millisecond
		}

		text := requireFailure(t, f.fetch(query(), ""), failure.UpstreamUnavailable, true)
		f.requireRequests(0)
		if want := f.Base.Host + ": " + row.want; text != want {
			t.Errorf("got %q, want %q", text, want)
		}
	})
}
