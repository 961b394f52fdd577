package export

import (
	"context"
	"errors"
	"runtime"
	"time"

	"genesys-cloud-export/shared/retry"
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

	if link == "" || f.misled || !f.fits(0) {
		return
	}

	select {
	case page := <-f.free:
		if _, claimed := f.pacer.take(f.listing, func(time.Duration) bool { return false }); !claimed {
			f.free <- page
			return
		}

		ctx, end := context.WithCancel(ctx)
		ahead := &readAhead{link: link, page: page, begun: time.Now(), end: end, ended: make(chan struct{})}
		f.ahead = ahead

		go func() {
			defer close(ahead.ended)
			ahead.reply, ahead.err = source.Fetch(ctx, link, page)
		}()
		runtime.Gosched() // on a single core the request would be sent after the page is split
	default: // all pages wait for the writer
	}
}

// wait returns the reply, or the cause of the end of ctx, which ends the request. What binds later requests is returned even then.
func (a *readAhead) wait(ctx context.Context) (Reply, error) {
	select {
	case <-a.ended:
	case <-ctx.Done():
	}

	a.end()
	<-a.ended

	if a.err != nil && ctx.Err() != nil && a.binds() == nil {
		return Reply{}, context.Cause(ctx)
	}

	return a.reply, a.err
}

// binds is the failure of the request where it binds the one that comes next, whichever that is: it was throttled, or is to wait.
func (a *readAhead) binds() *retry.TransientError {
	failed, _ := errors.AsType[*retry.TransientError](a.err)
	if failed == nil || !failed.Throttled && failed.After == 0 {
		return nil
	}

	return failed
}

// drop ends the request ahead, if there is one, and throws its page away. What binds the next request is returned.
func (f *fetcher) drop() *retry.TransientError {
	dropped := f.ahead
	if dropped == nil {
		return nil
	}

	dropped.end()
	<-dropped.ended
	f.free <- dropped.page
	f.ahead = nil

	return dropped.binds()
}
