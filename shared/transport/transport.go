// Package transport is the HTTP transport of everything that the functions talk to: the API, the token endpoint and AWS.
//
// Its rules hold for every exchange:
//   - HTTP/1.1 alone. With one request in flight HTTP/2 gains nothing, and costs: after a timeout Go keeps using a connection
//     that went silent, and after a GOAWAY it sends a request again and again.
//   - A request is sent once. Whoever retries counts it.
//   - No redirect is followed: it would carry a token or credentials to another origin.
//   - A reply that switches protocols is refused, and its connection closed.
//   - The proxy is HTTPS_PROXY's, and TLS is 1.2 or later.
package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	connectTimeout = 5 * time.Second
	// idleTimeout closes a connection that waits. A handshake costs nothing then; a connection that died in a freeze, an attempt.
	idleTimeout = 10 * time.Second
	// continueTimeout is how long the body of a part waits for the store's 100 Continue.
	continueTimeout = time.Second
	// maxHeader bounds a reply's headers, informational replies before it included, in bytes. Go's own bound is 10 MB.
	maxHeader = 256 << 10
)

// Transport is an [http.RoundTripper] that keeps the package's rules. The zero value is not usable; see [New].
type Transport struct {
	*http.Transport

	// MaxReply, where it is not 0, has each reply read to its end before it is returned, at most so many bytes of it. A body
	// that breaks off is then an error of the exchange, which is retried like every other.
	MaxReply int64
	// Timeout bounds an exchange in which the reply is read to its end. 0: the request's context alone bounds it.
	Timeout time.Duration
}

// New returns a transport with connections of its own. Its replies are streamed.
func New() *Transport {
	return &Transport{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyAnswered,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		Protocols:              http11(),
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    2,
		ExpectContinueTimeout:  continueTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}}
}

func http11() *http.Protocols {
	var protocols http.Protocols

	protocols.SetHTTP1(true)

	return &protocols
}

// Client returns a client of t. It follows no redirect and sets no timeout.
func (t *Transport) Client() *http.Client {
	return &http.Client{Transport: t, CheckRedirect: NoRedirect}
}

// NoRedirect makes an [http.Client] return a redirect as the reply that it is.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// RefusedError is a reply that this package refuses.
type RefusedError struct {
	TooLong bool // it is longer than is taken, and would be again
	why     string
}

// Error says in fixed words why the reply is refused.
func (e RefusedError) Error() string { return e.why }

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if t.MaxReply == 0 {
		return t.exchange(request)
	}

	if t.Timeout > 0 {
		ctx, cancel := context.WithTimeout(request.Context(), t.Timeout)
		defer cancel()

		request = request.WithContext(ctx)
	}

	reply, err := t.exchange(request)
	if err != nil {
		return nil, err
	}

	return readWhole(reply, t.MaxReply)
}

func (t *Transport) exchange(request *http.Request) (*http.Response, error) {
	reply, err := t.Transport.RoundTrip(once(request))
	if err != nil {
		return nil, err
	}

	// Go returns 101 with the open connection as its body, which no deadline ends.
	if reply.StatusCode < http.StatusOK {
		reply.Body.Close()
		return nil, RefusedError{why: fmt.Sprintf("the answer was status %d, which was not asked for", reply.StatusCode)}
	}

	return reply, nil
}

// once is the request in a form that net/http sends once. Where a reused connection closes before the reply, it would repeat a
// request whose body can be had again, or which has none and only reads.
func once(request *http.Request) *http.Request {
	sent := request.WithContext(request.Context())
	sent.GetBody = nil

	switch sent.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		if sent.Body == nil || sent.Body == http.NoBody {
			// An empty body that is there. With the encoding named, it is not looked at before it is sent, and adds no header.
			sent.Body, sent.TransferEncoding = io.NopCloser(strings.NewReader("")), []string{"identity"}
		}
	}

	return sent
}

// readWhole returns the reply with its body in memory. A reply that breaks off is none.
func readWhole(reply *http.Response, limit int64) (*http.Response, error) {
	defer reply.Body.Close()

	body, err := io.ReadAll(io.LimitReader(reply.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, RefusedError{TooLong: true, why: fmt.Sprintf("the answer is longer than %d bytes", limit)}
	}

	reply.Body = io.NopCloser(bytes.NewReader(body))

	return reply, nil
}
