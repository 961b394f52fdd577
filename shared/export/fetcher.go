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
}

func (i *invocation) newFetcher(c *caller) *fetcher {
	cp := i.state.checkpoint

	return &fetcher{caller: c, windows: windows(i.pages), pageSize: cp.Query.PageSize, position: cp.Position, logged: time.Now()}
}

// run fetches pages of a window into pages from free and sends them on. It closes neither channel.
func (f *fetcher) run(ctx context.Context, source Pages, free <-chan *Page, pages chan<- fetched) stop {
	first, window := source.First(), f.position.Window

	for !f.position.Done && f.position.Window == window {
		var page *Page
		select {
		case page = <-free:
		case <-ctx.Done():
			return stop{reason: ReasonBudget}
		}

		if stopped := f.fetch(ctx, source, page); !stopped.none() {
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

// fetch reads the page at the position. One that lacks its entities again and again is empty, where [ErrNoEntities] says so.
func (f *fetcher) fetch(ctx context.Context, source Pages, page *Page) stop {
	stopped := f.do(ctx, f.retry, fmt.Sprintf("read page %d", f.position.Pages+1), func(ctx context.Context) error {
		return source.Fetch(ctx, f.position.Next, page)
	})
	if errors.Is(stopped.err, ErrNoEntities) {
		page.Reset()

		return stop{}
	}

	return stopped
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
