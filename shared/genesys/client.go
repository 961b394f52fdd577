package genesys

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/transport"
)

// Tokens hands out the access token of the moment; [token.Reader] does.
type Tokens interface {
	// Token returns a token that may be used now, or a failure.
	Token(ctx context.Context) (token.Stored, error)
	// Reject reports that the API refused t.
	Reject(t token.Stored)
}

// Client is what listings are read with.
type Client struct {
	Base    *url.URL // the API's address, with a gateway's path where there is one
	HTTP    *http.Client
	Tokens  Tokens
	Attempt time.Duration // the longest that one request may take, its body included
	Logger  *slog.Logger
}

// Fetch implements [export.Pages]. After a rejected token the next call takes another; two in a row are TokenUnavailable.
func (p *pages) Fetch(ctx context.Context, link string, page *export.Page) (reply export.Reply, err error) {
	// The check is made here too, although a link is checked when it is received: a checkpoint may have been edited.
	target, err := p.target(link)
	if err != nil {
		return reply, failure.New(failure.UpstreamInvalid,
			"the next link %v, so the token was not sent there: begin a new export, and tell the vendor's support if it happens again", err)
	}

	asked := question{method: p.method, target: target}
	if p.inBody() {
		asked.body = p.body(link)
	}

	err = p.exchange(ctx, asked, link, func(a *answer) (err error) {
		reply, err = a.read(ctx, page)
		return err
	})

	return reply, err
}

// question is what the API is asked.
type question struct {
	method string
	target *url.URL
	body   []byte // JSON; nil: none
}

// exchange sends one request and hands its reply to read. A refusal becomes its failure. link is that of a page, or "".
func (p *pages) exchange(ctx context.Context, asked question, link string, read func(*answer) error) error {
	rejected := *p.rejected
	*p.rejected = false

	access, err := p.client.Tokens.Token(ctx)
	if err != nil {
		return err
	}

	attempt, cancel := context.WithTimeout(ctx, p.client.Attempt)
	defer cancel()

	request, err := http.NewRequestWithContext(attempt, asked.method, asked.target.String(), bytes.NewReader(asked.body))
	if err != nil {
		return failure.Because(err, failure.UpstreamInvalid, "what the API gave cannot be requested: begin a new export")
	}

	if asked.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}

	request.Header.Set("Authorization", "Bearer "+access.Access.Reveal())
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Accept-Encoding", "gzip")

	reply, err := p.client.HTTP.Do(request)
	if err != nil {
		return p.broken(ctx, err)
	}
	defer reply.Body.Close()

	inflate(reply, p.inflater)

	a := answer{pages: p, link: link, access: access, rejected: rejected, reply: reply}
	if a.taken(request.Method) {
		return read(&a)
	}

	return a.refusal(ctx)
}

// target is where the page at link is requested, with every parameter of the query. Its error does not repeat the link.
func (p *pages) target(link string) (*url.URL, error) {
	if link == "" {
		link = p.First()
	}

	target, err := resolve(p.client.Base, p.definition.Path, link)
	if err != nil {
		return nil, err
	}

	target.RawQuery, err = complete(target.RawQuery, p.parameters(), p.definition.Paging.size())

	if p.inBody() {
		target.RawQuery = "" // the body holds the parameters
	}

	return target, err
}

// broken is an exchange that broke off. The end of ctx is its cause.
func (p *pages) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}

	return &retry.TransientError{Err: failure.Because(err, failure.UpstreamUnavailable, "%s: %s", p.client.Base.Host, transport.Describe(err))}
}
