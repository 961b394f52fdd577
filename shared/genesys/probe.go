package genesys

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/transport"
)

// probePath verifies the token that asks for it. Asking also restarts the idle timer of organisations that have one.
const probePath = "/api/v2/tokens/me"

// TokenProbe tries a token on the API. It implements [token.Prober]. It does not retry: the next run does.
type TokenProbe struct {
	Base    *url.URL // the API's address, with a gateway's path where there is one
	HTTP    *http.Client
	Attempt time.Duration // the longest that the request may take
}

// Probe implements [token.Prober]. Only a 401 that is not about the caller's address says that the token is no good.
func (p *TokenProbe) Probe(ctx context.Context, t token.Token) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Attempt)
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Base.JoinPath(probePath).String(), nil)
	if err != nil {
		return false, failure.Because(err, failure.InvalidConfiguration, "the API's address is not usable: check GENESYS_API_URL")
	}

	request.Header.Set("Authorization", "Bearer "+t.Access.Reveal())

	var body apiError

	reply, err := p.HTTP.Do(request)
	if err == nil {
		defer reply.Body.Close()

		body, err = readError(reply)
	}

	if err != nil {
		return false, failure.Because(err, failure.UpstreamUnavailable, "try the stored token: %s: %s", p.Base.Host, transport.Describe(err))
	}

	switch status := reply.StatusCode; {
	case status == http.StatusOK, status == http.StatusNoContent:
		return false, nil
	case status == http.StatusUnauthorized && body.text("code") != addressRefused:
		return true, nil
	default:
		// With the wait that a Retry-After asks for, which binds the next probe.
		return false, transient(reply, status == http.StatusTooManyRequests, failure.New(failure.UpstreamUnavailable,
			"try the stored token: %s answered with status %d (correlation id %s)", p.Base.Host, status, correlationID(reply, t.Access.Reveal())))
	}
}
