package genesys

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	connectTimeout = 5 * time.Second
	// idleTimeout closes connections that a frozen function would find dead when it is thawed.
	idleTimeout = 60 * time.Second
	// errorBodyLimit bounds what is read of an error reply, in bytes; the vendor's are under a kilobyte.
	errorBodyLimit = 64 << 10
)

// NewHTTPClient returns the client that this package expects: it honours HTTPS_PROXY, follows no redirect (a redirect
// would carry a token to another origin), and sets no timeout of its own, since every attempt has one.
func NewHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSHandshakeTimeout: connectTimeout,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:   true,
			IdleConnTimeout:     idleTimeout,
			MaxIdleConnsPerHost: 2,

			OnProxyConnectResponse: proxyAnswered,
		},
		CheckRedirect: NoRedirect,
	}
}

// NoRedirect makes an [http.Client] return a redirect as the reply that it is.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// proxyError is a proxy's refusal to connect.
type proxyError struct{ status int }

func (e proxyError) Error() string { return fmt.Sprintf("the proxy answered with status %d", e.status) }

func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, reply *http.Response) error {
	if reply.StatusCode == http.StatusOK {
		return nil
	}

	return proxyError{reply.StatusCode}
}

// whatBroke says in fixed words why an exchange failed. The library's own text may hold the link or a proxy's credentials.
func whatBroke(err error) string {
	var (
		network     *net.OpError
		refused     proxyError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		dns         *net.DNSError
	)

	switch {
	case errors.As(err, &refused) && refused.status == http.StatusProxyAuthRequired:
		return "the proxy asks for credentials: check HTTPS_PROXY"
	case errors.As(err, &refused):
		return fmt.Sprintf("the proxy refuses to connect (status %d): check HTTPS_PROXY, and which hosts the proxy allows", refused.status)
	case errors.As(err, &network) && network.Op == "proxyconnect":
		return "the proxy cannot be reached: check HTTPS_PROXY"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "no complete reply in time"
	case errors.As(err, &dns):
		return "the host name cannot be resolved"
	case errors.As(err, &certificate), errors.As(err, &authority):
		return "the server's certificate is not trusted"
	case errors.As(err, &network) && network.Op == "dial":
		return "no connection can be made"
	default:
		return "the connection broke"
	}
}

func isTimeout(err error) bool {
	var timed net.Error

	return errors.As(err, &timed) && timed.Timeout()
}

// faultReader remembers the error with which a body broke off, so that a broken connection can be told from a body that
// is wrong. The end of the body is no error.
type faultReader struct {
	body  io.Reader
	left  int64 // bytes that may still be read
	over  bool  // the body was longer than that
	fault error
}

func (r *faultReader) Read(p []byte) (int, error) {
	// One byte more than may be read tells a body that is too long from one that ends just there.
	n, err := r.body.Read(p[:min(int64(len(p)), r.left+1)])
	r.left -= int64(n)

	if r.left < 0 {
		r.over, r.left = true, 0
		return 0, errors.New("the body is too long")
	}

	if err != nil && !errors.Is(err, io.EOF) {
		r.fault = err
	}

	return n, err
}
