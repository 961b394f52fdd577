package genesys

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"
)

// Tokens hands out the access token of the moment; [token.Reader] does.
type Tokens interface {
	// Token returns a token that may be used now, or a failure.
	Token(ctx context.Context) (token.Stored, error)
	// Reject reports that the API refused t.
	Reject(t token.Stored)
}

// Listing reads a listing of the API page by page. It implements [export.Listing].
type Listing struct {
	// ListingName names it in keys and results: "users".
	ListingName string
	// Path is where it lies below the API's address: "/api/v2/users/query".
	Path string
	// Permission is what the OAuth client's role needs, for the error that it is missing.
	Permission string

	Base    *url.URL // the API's address, with a gateway's path where there is one
	HTTP    *http.Client
	Tokens  Tokens
	Attempt time.Duration // the longest that one request may take, its body included
	Logger  *slog.Logger

	rejected atomic.Bool // the API rejected the token of the last request
}

// Users is the listing GET /api/v2/users/query, and POST in the tutorial's dialect. The base, client, tokens, attempt and
// logger are to be filled in.
func Users() Listing {
	return Listing{ListingName: "users", Path: "/api/v2/users/query", Permission: "directory:user:view"}
}

// Name implements [export.Listing].
func (l *Listing) Name() string { return l.ListingName }

// First implements [export.Listing].
func (l *Listing) First(q export.Query) string {
	if q.Method == http.MethodPost {
		return l.Path
	}

	return l.Path + "?" + parameters(q).Encode()
}

// parameters are those of every page. The state is always sent: left out, it is the vendor who decides which users are
// exported.
func parameters(q export.Query) url.Values {
	parameters := url.Values{"pageSize": {strconv.Itoa(q.PageSize)}, "state": {q.State}, "sortOrder": {q.SortOrder}}
	if len(q.Expand) > 0 {
		parameters.Set("expand", strings.Join(q.Expand, ","))
	}

	return parameters
}

// Fetch implements [export.Listing] and sends one request. A rejected token may pass once: the next call takes another one.
// The second rejection in a row is TokenUnavailable.
func (l *Listing) Fetch(ctx context.Context, q export.Query, link string, page *export.Page) error {
	rejected := l.rejected.Swap(false)

	page.Reset()

	// The check is made here too, although a link is checked when it is received: a checkpoint may have been edited.
	target, err := l.target(q, link)
	if err != nil {
		return failure.New(failure.UpstreamInvalid,
			"the next link %v, so the token was not sent there: begin a new export, and tell the vendor's support if it happens again", err)
	}

	access, err := l.Tokens.Token(ctx)
	if err != nil {
		return err
	}

	attempt, cancel := context.WithTimeout(ctx, l.Attempt)
	defer cancel()

	request, err := newRequest(attempt, q, link, target)
	if err != nil {
		return err
	}

	request.Header.Set("Authorization", "Bearer "+access.Access.Reveal())
	request.Header.Set("Accept", "application/json")

	reply, err := l.HTTP.Do(request)
	if err != nil {
		return l.broken(ctx, err)
	}
	defer reply.Body.Close()

	a := answer{listing: l, query: q, link: link, access: access, rejected: rejected, reply: reply}
	if reply.StatusCode == http.StatusOK {
		return a.read(ctx, page)
	}

	return a.refusal(ctx, page)
}

// target is where the page at link is requested, with every parameter of the query. The error says what is wrong with the
// link, and does not repeat it.
func (l *Listing) target(q export.Query, link string) (*url.URL, error) {
	if link == "" {
		link = l.First(q)
	}

	target, err := resolve(l.Base, l.Path, link)
	if err != nil {
		return nil, err
	}

	target.RawQuery, err = complete(target.RawQuery, parameters(q))

	if q.Method == http.MethodPost {
		target.RawQuery = "" // the body holds the parameters
	}

	return target, err
}

func newRequest(ctx context.Context, q export.Query, link string, target *url.URL) (*http.Request, error) {
	var body io.Reader
	if q.Method == http.MethodPost {
		body = dialectBody(q, link)
	}

	request, err := http.NewRequestWithContext(ctx, q.Method, target.String(), body)
	if err != nil {
		return nil, failure.Because(err, failure.UpstreamInvalid, "the next link cannot be requested: begin a new export")
	}

	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}

	return request, nil
}

// broken is an exchange that broke off. The end of ctx is its cause.
func (l *Listing) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}

	return &retry.TransientError{Err: failure.Because(err, failure.UpstreamUnavailable, "%s: %s", l.Base.Host, whatBroke(err))}
}
