package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// proxyError says how a proxy refuses to connect.
type proxyError string

func (e proxyError) Error() string { return string(e) }

func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, reply *http.Response) error {
	switch reply.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return proxyError("the proxy asks for credentials: check HTTPS_PROXY")
	default:
		return proxyError(fmt.Sprintf("the proxy refuses to connect (status %d): check HTTPS_PROXY, and which hosts the proxy allows", reply.StatusCode))
	}
}

// Describe says in fixed words why an exchange failed. The library's own text may hold the link or a proxy's credentials.
func Describe(err error) string {
	var (
		refused     RefusedError
		proxy       proxyError
		network     *net.OpError
		certificate *tls.CertificateVerificationError
		dns         *net.DNSError
	)

	switch {
	case errors.As(err, &refused):
		return refused.Error()
	case errors.As(err, &proxy):
		return proxy.Error()
	case errors.As(err, &network) && network.Op == "proxyconnect":
		return "the proxy cannot be reached: check HTTPS_PROXY"
	case TimedOut(err):
		return "no complete reply in time"
	case errors.As(err, &dns):
		return "the host name cannot be resolved"
	case errors.As(err, &certificate):
		return "the server's certificate is not trusted"
	case errors.As(err, &network) && network.Op == "dial":
		return "no connection can be made"
	default:
		return "the connection broke"
	}
}

// TimedOut reports whether an exchange failed because its time was over.
func TimedOut(err error) bool {
	var timed net.Error

	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timed) && timed.Timeout()
}
