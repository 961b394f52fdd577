package genesys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"
)

// addressRefused is the code of a 401 that is about the caller's address and not about the token.
const addressRefused = "ip.not.authorized"

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

	return l.Path + "?" + l.parameters(q).Encode()
}

// parameters are those of the first page. The state is always sent: left out, it is the vendor who decides which users are
// exported.
func (l *Listing) parameters(q export.Query) url.Values {
	parameters := url.Values{"pageSize": {strconv.Itoa(q.PageSize)}, "state": {q.State}, "sortOrder": {q.SortOrder}}
	if len(q.Expand) > 0 {
		parameters.Set("expand", strings.Join(q.Expand, ","))
	}

	return parameters
}

// Fetch implements [export.Listing]. A rejected token is replaced and the request sent once more within the call.
func (l *Listing) Fetch(ctx context.Context, q export.Query, link string, page *export.Page) error {
	target, err := l.target(q, link)
	if err != nil {
		return err
	}

	for attempt := 1; ; attempt++ {
		access, err := l.Tokens.Token(ctx)
		if err != nil {
			return err
		}

		again, err := l.exchange(ctx, q, link, target, access.Access.Reveal(), page)
		if !again {
			return err
		}

		l.Tokens.Reject(access)

		if attempt > 1 {
			return err
		}
	}
}

// target is where the page at link is requested. The check is made here too, although a link is checked when it is
// received: a checkpoint may have been edited.
func (l *Listing) target(q export.Query, link string) (*url.URL, error) {
	if link == "" {
		link = l.First(q)
	}

	target, err := resolve(l.Base, l.Path, link)
	if err != nil {
		return nil, failure.New(failure.UpstreamInvalid,
			"the next link %v, so the token was not sent there: begin a new export, and tell the vendor's support if it happens again", err)
	}

	if q.Method == http.MethodPost {
		target.RawQuery = ""
	}

	return target, nil
}

// exchange sends one request. It reports true, with the failure to return if that was the last try, where the API
// rejected the token.
func (l *Listing) exchange(parent context.Context, q export.Query, link string, target *url.URL, bearer string, page *export.Page) (bool, error) {
	ctx, cancel := context.WithTimeout(parent, l.Attempt)
	defer cancel()

	page.Reset()

	request, err := l.request(ctx, q, link, target)
	if err != nil {
		return false, err
	}

	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("Accept", "application/json")

	reply, err := l.HTTP.Do(request)
	if err != nil {
		return false, l.broken(parent, err)
	}
	defer reply.Body.Close()

	if reply.StatusCode != http.StatusOK {
		body, err := readError(reply)
		if err != nil {
			return false, l.broken(parent, err)
		}

		page.Limit = limitTold(reply, body)

		return l.refusal(ctx, reply, body, link != "")
	}

	page.Limit = limitTold(reply, apiError{})

	return false, l.read(parent, reply, q, page)
}

func (l *Listing) request(ctx context.Context, q export.Query, link string, target *url.URL) (*http.Request, error) {
	var body io.Reader

	if q.Method == http.MethodPost {
		encoded, err := json.Marshal(dialectBody(q, link))
		if err != nil {
			return nil, fmt.Errorf("encode the query: %w", err)
		}

		body = bytes.NewReader(encoded)
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

// dialectBody is the tutorial's query. It knows no state and no order, so these are sent only where they are not the
// API's defaults.
func dialectBody(q export.Query, link string) any {
	body := struct {
		PageSize    int      `json:"pageSize"`
		NextPageURI string   `json:"nextPageUri,omitempty"`
		Expand      []string `json:"expand,omitempty"`
		State       string   `json:"state,omitempty"`
		SortOrder   string   `json:"sortOrder,omitempty"`
	}{PageSize: q.PageSize, NextPageURI: link, Expand: q.Expand}

	if q.State != q.DefaultState() {
		body.State = q.State
	}

	if q.SortOrder != q.DefaultSortOrder() {
		body.SortOrder = q.SortOrder
	}

	return body
}

// read takes the page, or refuses all of it.
func (l *Listing) read(parent context.Context, reply *http.Response, q export.Query, page *export.Page) error {
	body := &faultReader{body: reply.Body, left: maxPageBytes}

	found, err := readPage(body, page)

	var wrong pageError

	switch {
	case body.fault != nil:
		return l.broken(parent, body.fault)
	case body.over:
		return l.invalid(reply, fmt.Sprintf("it is longer than %d bytes: ask for a smaller page_size or fewer expand in a new export", maxPageBytes))
	case errors.Is(err, io.ErrUnexpectedEOF) && endsWithConnection(reply):
		return l.broken(parent, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		// Its framing was whole; still, a length that was told too short is a fault which may pass.
		return &retry.TransientError{Err: l.invalid(reply, "it is cut off")}
	case errors.As(err, &wrong):
		return l.invalid(reply, wrong.what)
	case err != nil:
		return l.broken(parent, err)
	}

	return l.follow(reply, found, q, page)
}

// follow sets the page's next link, checked before it can reach a checkpoint.
func (l *Listing) follow(reply *http.Response, found links, q export.Query, page *export.Page) error {
	next, err := found.next(func(cursor string) string {
		parameters := l.parameters(q)
		parameters.Set("cursor", cursor)

		return l.Path + "?" + parameters.Encode()
	})
	if err != nil {
		return l.invalid(reply, err.Error())
	}

	if next != "" {
		if _, err := resolve(l.Base, l.Path, next); err != nil {
			return l.invalid(reply, "its next link "+err.Error())
		}
	}

	page.Next = next

	return nil
}

// endsWithConnection reports whether the end of the reply's body is told by the end of the connection alone, so that a
// body which is cut off looks like one that ends.
func endsWithConnection(reply *http.Response) bool {
	return reply.ContentLength < 0 && !reply.Uncompressed && len(reply.TransferEncoding) == 0 && reply.ProtoMajor < 2
}

func (l *Listing) broken(parent context.Context, err error) error {
	if parent.Err() != nil {
		return context.Cause(parent)
	}

	return &retry.TransientError{Err: failure.Because(err, failure.UpstreamUnavailable, "%s: %s", l.Base.Host, whatBroke(err))}
}

func (l *Listing) invalid(reply *http.Response, what string) error {
	return failure.New(failure.UpstreamInvalid,
		"%s sent a page that its API does not promise: %s (correlation id %s)", l.Base.Host, what, correlationID(reply))
}

// refusal turns an error reply into a failure, by the design's table. It reports true where the token was rejected.
func (l *Listing) refusal(ctx context.Context, reply *http.Response, body apiError, hasCursor bool) (bool, error) {
	status := reply.StatusCode
	code := printable(body.Code)
	id := correlationID(reply)

	l.Logger.WarnContext(ctx, "the API refused a page", slog.Int("status", status), slog.String("code", code),
		slog.String("correlation_id", id))

	fail := func(kind failure.Kind, advice string) *failure.Error {
		return failure.New(kind, "%s answered with status %d (%s, correlation id %s): %s", l.Base.Host, status, code, id, advice)
	}

	switch {
	case status == http.StatusUnauthorized && code == addressRefused:
		return false, fail(failure.Forbidden, "add the function's address to the organisation's IP allow list")
	case status == http.StatusUnauthorized:
		return true, fail(failure.TokenUnavailable,
			"it rejected the access token twice, also a fresh one: check that the OAuth client is enabled and belongs to this environment")
	case status == http.StatusForbidden:
		return false, fail(failure.Forbidden, "give the OAuth client's role the permission "+l.Permission+" in all divisions")
	case status == http.StatusRequestEntityTooLarge, status == http.StatusBadRequest && code == "response.entity.too.large":
		return false, fail(failure.InvalidInput, "the page is too large: ask for a smaller page_size or fewer expand in a new export")
	case hasCursor && (status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusGone):
		return false, fail(failure.CursorExpired, "it no longer takes the next link, so this export cannot go on: begin a new one")
	case status == http.StatusTooManyRequests:
		return false, transient(reply, true, fail(failure.RateLimited, "a rate limit is reached: invoke again later"))
	case status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return false, transient(reply, false, fail(failure.UpstreamUnavailable, "it fails on its side: invoke again later"))
	default:
		return false, fail(failure.UpstreamInvalid, "the API does not promise this: check GENESYS_API_URL, the environment and the event's options")
	}
}
