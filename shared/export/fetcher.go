package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const progressEvery = 5 * time.Second // how often it is logged how far the reading is

// fetched is a page with the position behind it.
type fetched struct {
	page     *Page
	position Position
}

// fetcher reads one page after the other, until a window of the listing ends or the invocation has to stop.
type fetcher struct {
	*caller

	windows  int // of the query
	pageSize int
	position Position
	logged   time.Time // when it was last logged how far the reading is

	free   chan *Page // the pages that nobody uses
	ahead  *readAhead // of the page behind the position; nil: there is none
	misled bool       // a page linked to another one than it seemed to, so that no page is asked for ahead any more
}

func (i *invocation) newFetcher(c *caller) *fetcher {
	cp := i.state.checkpoint

	return &fetcher{caller: c, windows: windows(i.pages), pageSize: cp.Query.PageSize, position: cp.Position, logged: time.Now()}
}

// run fetches the pages of a window and sends them on. It closes the channel.
func (f *fetcher) run(ctx context.Context, source Pages, pages chan<- fetched) stop {
	defer close(pages)
	defer func() { f.met(f.drop()) }()

	first, window := source.First(), f.position.Window

	for !f.position.Done && f.position.Window == window {
		page, stopped := f.fetch(ctx, source)
		if !stopped.none() {
			return stopped
		}

		position, err := f.position.advance(first, page, f.pageSize, f.windows)
		if err != nil {
			return stop{err: err}
		}

		f.position = position
		f.pages++
		f.log(ctx, page)

		select {
		case pages <- fetched{page, position}:
		case <-ctx.Done():
			return stop{reason: ReasonBudget}
		}
	}

	return stop{}
}

// fetch reads the page at the position, and asks for the next one before it splits this one. A page that lacks its entities again and
// again is empty, where [ErrNoEntities] says so.
func (f *fetcher) fetch(ctx context.Context, source Pages) (*Page, stop) {
	page := f.take(ctx)
	if page == nil {
		return nil, stop{reason: ReasonBudget}
	}

	again := false
	stopped := f.do(ctx, f.retry, fmt.Sprintf("read page %d", f.position.Pages+1), func(attempt context.Context) error {
		reply, err := f.ask(attempt, source, page)
		if err != nil {
			return err
		}

		if !again { // else what was split before was no page, and this may be none either
			f.askAhead(ctx, source, reply.Next)
		}

		again = true

		return reply.Split(attempt)
	})
	if errors.Is(stopped.err, ErrNoEntities) {
		page.Reset()

		return page, stop{}
	}

	return page, stopped
}

// take returns the page that the next one is read into; nil: ctx ended before the writer gave one back.
func (f *fetcher) take(ctx context.Context) *Page {
	if f.ahead != nil && f.ahead.link == f.position.Next {
		f.sent = f.ahead.begun

		return f.ahead.page
	}

	f.misled = f.misled || f.ahead != nil

	select {
	case page := <-f.free:
		return page
	case <-ctx.Done():
		return nil
	}
}

// ask is one request for the page at the position: the one that was sent ahead, or another. Where one that was sent ahead of another page
// binds it, it is not sent and fails as that one.
func (f *fetcher) ask(ctx context.Context, source Pages, page *Page) (Reply, error) {
	if ahead := f.ahead; ahead != nil && ahead.page == page {
		f.ahead = nil

		return ahead.wait(ctx)
	}

	if binding := f.drop(); binding != nil {
		return Reply{}, binding
	}

	return source.Fetch(ctx, f.position.Next, page)
}

// log logs what was replaced in a page that was read, and every few seconds how far the reading is.
func (f *fetcher) log(ctx context.Context, page *Page) {
	if page.Replaced > 0 {
		f.logger.WarnContext(ctx, `unpaired surrogate escapes are exported as \ufffd`, slog.String("export_id", f.id),
			slog.Int64("page", f.position.Pages), slog.Int("entity", page.ReplacedIn), slog.Int("replaced", page.Replaced))
	}

	if time.Since(f.logged) >= progressEvery {
		f.logged = time.Now()
		f.logger.InfoContext(ctx, "reading", slog.String("export_id", f.id),
			slog.Int64("pages", f.position.Pages), slog.Int64("records", f.position.Records))
	}
}
