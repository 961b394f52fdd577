package export

import (
	"context"
	"runtime"
	"time"
)

// readAhead is a request for the page that the one before it seems to link to, while that one is split. It is the first attempt of the
// page's fetch, if that asks for the same link. It is sent only where neither the pace nor the writer has it wait.
type readAhead struct {
	link  string
	page  *Page
	begun time.Time
	end   context.CancelFunc
	ended chan struct{} // closed once reply and err are there

	reply Reply
	err   error
}

// askAhead asks for the page at link, if that can be done at once.
func (f *fetcher) askAhead(ctx context.Context, source Pages, link string) {
	f.slowest = max(f.slowest, time.Since(f.sent))

	if link == "" || !f.fits(0) {
		return
	}

	select {
	case page := <-f.free:
		if _, claimed := f.pacer.take(f.listing, func(time.Duration) bool { return false }); !claimed {
			f.free <- page
			return
		}

		ctx, end := context.WithCancel(ctx)
		f.ahead = &readAhead{link: link, page: page, begun: time.Now(), end: end, ended: make(chan struct{})}

		go f.ahead.run(ctx, source)
		runtime.Gosched() // on a single core the request would be sent after the page is split
	default: // all pages wait for the writer
	}
}

func (a *readAhead) run(ctx context.Context, source Pages) {
	defer close(a.ended)

	a.reply, a.err = source.Fetch(ctx, a.link, a.page)
}

// wait returns the reply, or the cause of the end of ctx, which ends the request.
func (a *readAhead) wait(ctx context.Context) (Reply, error) {
	defer a.end()

	select {
	case <-a.ended:
		return a.reply, a.err
	case <-ctx.Done():
		a.end()
		<-a.ended

		return Reply{}, context.Cause(ctx)
	}
}

// drop ends the request ahead, if there is one, and throws its page away.
func (f *fetcher) drop() {
	if f.ahead != nil {
		f.ahead.end()
		<-f.ahead.ended
		f.free <- f.ahead.page
		f.ahead = nil
	}
}
