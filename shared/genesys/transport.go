package genesys

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
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
		},
		CheckRedirect: NoRedirect,
	}
}

// NoRedirect makes an [http.Client] return a redirect as the reply that it is.
func NoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// whatBroke says in fixed words why an exchange failed. The library's own text may hold the link or a proxy's credentials.
func whatBroke(err error) string {
	var (
		network     *net.OpError
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		dns         *net.DNSError
	)

	switch {
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
	case strings.Contains(err.Error(), http.StatusText(http.StatusProxyAuthRequired)):
		return "the proxy asks for credentials: check HTTPS_PROXY"
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
	if r.left <= 0 {
		r.over = true
		return 0, errors.New("the body is too long")
	}

	n, err := r.body.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)

	if err != nil && !errors.Is(err, io.EOF) {
		r.fault = err
	}

	return n, err
}
