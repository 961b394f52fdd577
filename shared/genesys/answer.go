package genesys

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
	"genesys-cloud-export/shared/token"
)

const (
	// mostBehind is more than what stands behind a page's entities, in bytes: a few links.
	mostBehind = 4 * maxLink
	// addressRefused is the code of a 401 that is about the caller's address and not about the token.
	addressRefused = "ip.not.authorized"
	// entityTooLarge is the code of a 400 that stands for a 413.
	entityTooLarge = "response.entity.too.large"
	// unpromised is what to do about a reply that no wait changes.
	unpromised = "the API does not promise this: check GENESYS_API_URL, the environment and the event's options"
)

// answer is the API's reply to one request for a page, and what has to be known of that request to read it.
type answer struct {
	pages    *pages
	link     string       // of the page that was requested; "": the first
	access   token.Stored // the token that was sent
	rejected bool         // the API rejected the token of the request before
	reply    *http.Response
	err      apiError // the body of a reply that is no page
}

// taken reports whether the reply says that the request was carried out. To a submit that is 202 too, and to a deletion any success.
func (a *answer) taken(method string) bool {
	switch status := a.reply.StatusCode; {
	case method == http.MethodDelete:
		return status >= http.StatusOK && status < http.StatusMultipleChoices
	case a.pages.definition.Job != nil && method == http.MethodPost:
		return status == http.StatusOK || status == http.StatusAccepted
	default:
		return status == http.StatusOK
	}
}

// read reads the body into the page's memory.
func (a *answer) read(ctx context.Context, page *export.Page) (export.Reply, error) {
	body := bytes.NewBuffer(page.Lines[:0])
	_, err := body.ReadFrom(io.LimitReader(a.reply.Body, maxPageBytes+1))
	page.Lines = body.Bytes()

	if err != nil {
		return export.Reply{}, a.pages.broken(ctx, err)
	}

	split := func(ctx context.Context) error { return a.split(ctx, page) }

	return export.Reply{Next: a.seemsNext(page.Lines), Split: split}, nil
}

// seemsNext is where a page links to by what stands behind its last list, which is its entities as a rule; "": it does not show, or
// the reply asks to wait.
func (a *answer) seemsNext(body []byte) string {
	behind := bytes.TrimLeft(body[bytes.LastIndexByte(body, ']')+1:], ", \t\r\n")
	if len(behind) > mostBehind || len(body) > maxPageBytes || a.reply.Header.Get("Retry-After") != "" {
		return ""
	}

	end := append([]byte("{"), behind...)
	found, _ := readPage(&export.Page{Lines: end}, a.pages.definition.Entities, a.pages.definition.Paging) // which has none
	next, _ := found.next(a.pages.definition.Path)

	return next
}

// split takes the page out of the body that is in its memory, or refuses all of it. What is no page may pass; a page that is too long, or
// leads elsewhere, does not.
func (a *answer) split(ctx context.Context, page *export.Page) error {
	over := len(page.Lines) > maxPageBytes
	found, err := readPage(page, a.pages.definition.Entities, a.pages.definition.Paging)

	var wrong pageError

	switch {
	case over && (err == nil || errors.Is(err, io.ErrUnexpectedEOF)): // else it is no page, however long
		return a.invalid(fmt.Sprintf("it is longer than %d bytes: %s", maxPageBytes, a.smaller(page.Records == 0)))
	case errors.Is(err, io.ErrUnexpectedEOF) && !endsWithConnection(a.reply):
		// Its framing was whole; still, a length that is too short is a fault which may pass.
		return a.noPage(ctx, "it is cut off")
	case errors.Is(err, errNoEntities) && a.pages.job != "" && found.cursor == "" && !found.errored:
		return transient(a.reply, false, failure.Because(export.ErrNoEntities, failure.UpstreamInvalid, "%v", a.invalid(err.Error())))
	case errors.As(err, &wrong):
		return a.noPage(ctx, wrong.what)
	case err != nil:
		return a.pages.broken(ctx, err)
	}

	if found.cutShort() {
		return a.noPage(ctx, "it is not the last of its pages, and links to no other")
	}

	page.Total = found.total

	return a.follow(found, page)
}

// follow sets the page's next link, checked before it can reach a checkpoint.
func (a *answer) follow(found around, page *export.Page) error {
	next, err := found.next(a.pages.definition.Path)
	if err != nil {
		return a.invalid(err.Error())
	}

	if next != "" {
		if _, err := a.pages.target(next); err != nil {
			return a.invalid("its next link " + err.Error())
		}
	}

	page.Next = next

	return nil
}

// endsWithConnection reports whether the end of the connection alone ends the body, so that a cut body looks like a whole one.
func endsWithConnection(reply *http.Response) bool {
	return reply.ContentLength < 0 && !reply.Uncompressed && len(reply.TransferEncoding) == 0 && reply.ProtoMajor < 2
}

func (a *answer) invalid(what string) *failure.Error {
	return failure.New(failure.UpstreamInvalid,
		"%s sent a page that its API does not promise: %s (correlation id %s)", a.pages.client.Base.Host, what, a.correlationID())
}

func (a *answer) noPage(ctx context.Context, what string) error {
	a.pages.client.Logger.WarnContext(ctx, "the API sent no page", slog.String("reason", what), slog.String("correlation_id", a.correlationID()))

	return transient(a.reply, false, a.invalid(what))
}

// smaller is what to do about a page that is too large; alone says that one entity is.
func (a *answer) smaller(alone bool) string {
	var sets []string // the options that make entities larger
	for _, option := range a.pages.definition.Options {
		if option.isSet() {
			sets = append(sets, option.Name)
		}
	}

	fewer := "fewer " + strings.Join(sets, ", ")

	switch alone = alone || a.pages.pageSize == 1; {
	case alone && sets == nil:
		return "one entity alone is too large, which a smaller page_size does not change: make that entity smaller"
	case alone:
		return "one entity alone is too large, which a smaller page_size does not change: ask for " + fewer + " in a new export, or make that entity smaller"
	case sets == nil:
		return "ask for a smaller page_size in a new export"
	default:
		return "ask for a smaller page_size or " + fewer + " in a new export"
	}
}

// refusal turns a reply that is no page into a failure. Some replies count by their status, whatever the body; all others
// only where the body is an error in the API's form, as a gateway or a proxy knows neither roles nor cursors.
func (a *answer) refusal(ctx context.Context) error {
	var err error
	if a.err, err = readError(a.reply); err != nil {
		return a.pages.broken(ctx, err)
	}

	a.pages.client.Logger.WarnContext(ctx, "the API refused a page", slog.Int("status", a.reply.StatusCode), slog.String("code", a.code()),
		slog.String("correlation_id", a.correlationID()))

	switch status := a.reply.StatusCode; {
	case status == http.StatusUnauthorized && a.err.text("code") == addressRefused:
		return a.fail(failure.Forbidden, "add the function's address to the organisation's IP allow list")
	case status == http.StatusUnauthorized:
		return a.unauthorized()
	case status == http.StatusRequestEntityTooLarge, status == http.StatusBadRequest && a.err.text("code") == entityTooLarge:
		return a.fail(failure.InvalidInput, "the page is too large: "+a.smaller(false))
	case status == http.StatusTooManyRequests:
		met := transient(a.reply, true, a.fail(failure.RateLimited, "a rate limit is reached: invoke again later"))
		met.Limit = learnedLimit(a.err)

		return met
	case status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return transient(a.reply, false, a.fail(failure.UpstreamUnavailable, "it fails on its side: invoke again later"))
	case status >= http.StatusBadRequest && a.err.inForm():
		return a.meant()
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return a.fail(failure.UpstreamInvalid, unpromised)
	default:
		return transient(a.reply, false, a.fail(failure.UpstreamInvalid,
			"this is no answer of its API: check GENESYS_API_URL, and what stands between, a gateway or a proxy"))
	}
}

// meant is what an error in the API's own form means.
func (a *answer) meant() error {
	switch status := a.reply.StatusCode; {
	case status == http.StatusForbidden:
		return a.fail(failure.Forbidden, "give the OAuth client's role the permission "+
			cmp.Or(a.pages.definition.Permission, "that the vendor documents for this listing")+" in all divisions")
	case status != http.StatusBadRequest && status != http.StatusNotFound && status != http.StatusGone:
		return a.fail(failure.UpstreamInvalid, unpromised)
	case hasCursor(a.link):
		return a.fail(failure.CursorExpired, "it no longer takes the next link, so this export cannot go on: begin a new one")
	case a.pages.job != "":
		return a.fail(failure.JobFailed, "the job is gone")
	default:
		return a.fail(failure.UpstreamInvalid, unpromised)
	}
}

// unauthorized reports the token as rejected. The first time in a row that passes: the next attempt has another token.
func (a *answer) unauthorized() error {
	a.pages.client.Tokens.Reject(a.access)

	if a.rejected {
		return a.fail(failure.TokenUnavailable,
			"it rejected the access token twice, also a fresh one: check that the OAuth client is enabled and belongs to this environment")
	}

	*a.pages.rejected = true

	return &retry.TransientError{Err: a.fail(failure.TokenUnavailable, "it rejected the access token: invoke again later")}
}

func (a *answer) fail(kind failure.Kind, advice string) *failure.Error {
	return failure.New(kind, "%s answered with status %d (%s, correlation id %s): %s",
		a.pages.client.Base.Host, a.reply.StatusCode, a.code(), a.correlationID(), advice)
}

func (a *answer) code() string { return printable(a.err.text("code"), a.access.Access.Reveal()) }

func (a *answer) correlationID() string { return correlationID(a.reply, a.access.Access.Reveal()) }
