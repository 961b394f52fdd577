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

// proxyError is a proxy's refusal to connect.
type proxyError struct{ status int }

func (e proxyError) Error() string {
	if e.status == http.StatusProxyAuthRequired {
		return "the proxy asks for credentials: check HTTPS_PROXY"
	}

	return fmt.Sprintf("the proxy refuses to connect (status %d): check HTTPS_PROXY, and which hosts the proxy allows", e.status)
}

func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, reply *http.Response) error {
	if reply.StatusCode == http.StatusOK {
		return nil
	}

	return proxyError{reply.StatusCode}
}

// Describe says in fixed words why an exchange failed. The library's own text may hold the link or a proxy's credentials.
func Describe(err error) string {
	var (
		network     *net.OpError
		refused     proxyError
		status      StatusError
		long        TooLongError
		certificate *tls.CertificateVerificationError
		dns         *net.DNSError
	)

	switch {
	case errors.As(err, &status):
		return status.Error()
	case errors.As(err, &long):
		return long.Error()
	case errors.As(err, &refused):
		return refused.Error()
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

// Refused reports whether there was a reply, and this package refused it.
func Refused(err error) bool {
	_, unasked := errors.AsType[StatusError](err)
	_, long := errors.AsType[TooLongError](err)

	return unasked || long
}

// TimedOut reports whether an exchange failed because its time was over.
func TimedOut(err error) bool {
	var timed net.Error

	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timed) && timed.Timeout()
}
