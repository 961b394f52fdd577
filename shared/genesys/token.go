package genesys

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"genesys-cloud-export/shared/budget"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/transport"
)

// How the client credentials are sent, by the names of RFC 8414.
const (
	ClientSecretBasic = "client_secret_basic" // in the Authorization header, as the vendor's clients do
	ClientSecretPost  = "client_secret_post"  // in the form body, as the tutorial does
)

const (
	// tokenReplyLimit bounds what is read of a token reply, in bytes; the store takes 8 KB.
	tokenReplyLimit = 64 << 10
	// longestLife is the longest lifetime that is taken. The vendor's limit is 172,800 s; a value in milliseconds is refused.
	longestLife = 366 * 24 * time.Hour
	// leastAttempt is the shortest time that a token request is worth being sent with.
	leastAttempt = time.Second
)

// TokenClient requests access tokens with the client credentials grant (RFC 6749, 4.4). It implements [token.Issuer].
type TokenClient struct {
	URL        string
	AuthMethod string // ClientSecretBasic or ClientSecretPost
	Scopes     string // space-separated; empty: not sent
	HTTP       *http.Client
	Retry      retry.Policy
	Attempt    time.Duration // the longest that one request may take
	Reserve    time.Duration // kept back from the context's deadline, for storing the token

	mu     sync.Mutex
	failed error     // the last failure that came with a Retry-After
	due    time.Time // when that has passed
}

// Issue requests a token. The life of a grant counts from before its request, so it never ends later than the server says. A
// Retry-After binds the next calls of this client too, and may refuse them at once.
//
// Failures: InvalidCredentials where the client is refused; RateLimited where the endpoint asks to wait longer than there
// is time; UpstreamUnavailable; UpstreamInvalid for a reply that is no token; Forbidden.
func (c *TokenClient) Issue(ctx context.Context, credentials token.Credentials) (token.Grant, error) {
	var grant token.Grant

	left := budget.Of(ctx, c.Reserve)
	ctx, cancel := context.WithDeadline(ctx, left.Stop())
	defer cancel()

	fits := func(wait time.Duration) bool { return wait+leastAttempt <= left.Left() }
	err := c.awaitDue(ctx, fits)
	if err == nil {
		err = c.Retry.Do(ctx, fits, func(ctx context.Context) error {
			var err error
			grant, err = c.request(ctx, credentials)
			c.remember(err)

			return err
		})
	}

	if err != nil {
		return token.Grant{}, fmt.Errorf("request an access token: %w", err)
	}

	return grant, nil
}

// awaitDue waits until the endpoint may be called again. A wait that is too long, or that is cut short, is refused.
func (c *TokenClient) awaitDue(ctx context.Context, fits func(time.Duration) bool) error {
	c.mu.Lock()
	failed, due := c.failed, c.due
	c.mu.Unlock()

	if wait := time.Until(due); wait > 0 && (!fits(wait) || retry.Sleep(ctx, wait) != nil) {
		return &retry.RefusedError{Err: failed, Wait: max(time.Until(due), 0), Throttled: true}
	}

	return nil
}

// remember keeps when the endpoint asked to come again.
func (c *TokenClient) remember(err error) {
	failed, transient := errors.AsType[*retry.TransientError](err)
	if !transient || failed.After == 0 {
		return
	}

	c.mu.Lock()
	defer c.mu.Unlock()

	c.failed, c.due = failed.Err, time.Now().Add(failed.After)
}

func (c *TokenClient) request(ctx context.Context, credentials token.Credentials) (token.Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Attempt)
	defer cancel()

	request, err := c.newRequest(ctx, credentials)
	if err != nil {
		return token.Grant{}, err
	}

	sentAt := time.Now()
	reply, err := c.HTTP.Do(request)
	answeredAt := time.Now()
	if err != nil {
		return token.Grant{}, c.broken(err)
	}
	defer reply.Body.Close()

	if reply.StatusCode != http.StatusOK {
		return token.Grant{}, c.refusal(reply, credentials)
	}

	raw, err := io.ReadAll(io.LimitReader(reply.Body, tokenReplyLimit+1))
	if err != nil {
		return token.Grant{}, c.broken(err)
	}
	if len(raw) > tokenReplyLimit {
		return token.Grant{}, c.invalid("it is longer than %d bytes", tokenReplyLimit)
	}

	grant, err := c.parse(raw)
	grant.SentAt = sentAt
	if date, noDate := http.ParseTime(reply.Header.Get("Date")); noDate == nil {
		skew := date.Sub(answeredAt.Truncate(time.Second))
		grant.Skew = &skew
	}

	return grant, err
}

func (c *TokenClient) newRequest(ctx context.Context, credentials token.Credentials) (*http.Request, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if c.Scopes != "" {
		form.Set("scope", c.Scopes)
	}

	if c.AuthMethod == ClientSecretPost {
		form.Set("client_id", credentials.ClientID)
		form.Set("client_secret", credentials.ClientSecret.Reveal())
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, failure.Because(err, failure.InvalidConfiguration, "the token URL is not usable: check GENESYS_TOKEN_URL")
	}

	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")

	if c.AuthMethod != ClientSecretPost {
		request.Header.Set("Authorization", "Basic "+basic(credentials))
	}

	return request, nil
}

// basic is the form in which the credentials stand in the Authorization header (RFC 7617).
func basic(c token.Credentials) string {
	return base64.StdEncoding.EncodeToString([]byte(c.ClientID + ":" + c.ClientSecret.Reveal()))
}

func (c *TokenClient) broken(err error) error {
	return &retry.TransientError{Err: failure.Because(err, failure.UpstreamUnavailable, "%s: %s", c.host(), transport.Describe(err))}
}

func (c *TokenClient) invalid(format string, args ...any) error {
	return failure.New(failure.UpstreamInvalid, "%s sent a reply that is no token: %s", c.host(), fmt.Sprintf(format, args...))
}

func (c *TokenClient) host() string {
	parsed, _ := url.Parse(c.URL) // of which a request was made
	return parsed.Host
}

// refusal reads the token endpoint's error shape. Throttling comes as 400 invalid_request, known by its text alone, as in the
// vendor's Terraform provider.
func (c *TokenClient) refusal(reply *http.Response, sent token.Credentials) error {
	body, err := readError(reply)
	if err != nil {
		return c.broken(err)
	}

	code := printable(body.text("error"), sent.ClientSecret.Reveal(), basic(sent))
	throttled := func(text string) bool { return strings.HasPrefix(strings.ToLower(text), "rate limit exceeded") }

	switch status := reply.StatusCode; {
	case status == http.StatusTooManyRequests,
		status == http.StatusBadRequest && (throttled(body.text("error_description")) || throttled(body.text("description"))):
		return transient(reply, true, failure.New(failure.RateLimited,
			"%s limits the rate of token requests (status %d)", c.host(), status))
	case status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return transient(reply, false, failure.New(failure.UpstreamUnavailable, "%s answered with status %d", c.host(), status))
	case status == http.StatusUnauthorized,
		status == http.StatusBadRequest && (body.text("error") == "invalid_client" || body.text("error") == "unauthorized_client"):
		return failure.New(failure.InvalidCredentials,
			"%s refused the client credentials (status %d, %s): check the client id and secret, and the environment: the wrong region looks the same",
			c.host(), status, code)
	case status == http.StatusForbidden:
		return failure.New(failure.Forbidden,
			"%s forbids the token request (status 403, %s): check the organisation's IP allow list and the OAuth client", c.host(), code)
	default:
		return failure.New(failure.UpstreamInvalid,
			"%s answered the token request with status %d (%s), which its API does not promise: check the token URL and the environment",
			c.host(), status, code)
	}
}
