package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"genesys-cloud-export/shared/failure"
)

// errLost: another invocation holds the export now.
var errLost = errors.New("another invocation took the export over")

// pagesInFlight is how many pages are in memory at most: one that is being fetched, one that is being written.
const pagesInFlight = 2

// work reads and writes until the slice has to stop, and stops.
func (s *slice) work(ctx context.Context) (Result, error) {
	part, err := newPendingPart()
	if err != nil {
		return Result{}, err
	}

	w := &writer{slice: s, part: part, position: s.checkpoint.Position}
	pagesBefore := s.checkpoint.Position.Pages
	stopped, err := w.transfer(ctx)

	switch {
	case errors.Is(err, errLost):
		s.stats.InvocationsBusy++
		return s.busy(s.checkpoint), nil
	case err != nil:
		s.release(ctx, stopped.notBefore)
		return Result{}, err
	default:
		return s.stop(ctx, w, stopped, pagesBefore)
	}
}

// writer puts pages into parts and commits them.
type writer struct {
	*slice

	part     *pendingPart
	position Position // behind the last page that was taken
}

// transfer fetches pages and writes them, the next page being fetched while one is written. It returns once both have
// ended: why no more pages came, or the error with which a write failed.
func (w *writer) transfer(ctx context.Context) (halt, error) {
	fetching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	pages := make(chan fetched)
	free := make(chan *Page, pagesInFlight)
	for range pagesInFlight {
		free <- &Page{}
	}

	f := &fetcher{slice: w.slice, query: w.checkpoint.Query, position: w.checkpoint.Position, limit: w.checkpoint.Limit}
	f.pace().lower(f.limit)

	var stopped halt
	go func() {
		defer close(pages)
		stopped = f.run(fetching, free, pages)
	}()

	var failed error
	for next := range pages {
		if failed == nil {
			if failed = w.take(ctx, next); failed != nil {
				cancel(failed)
			}
		}

		free <- next.page
	}

	w.learned = f.limit

	// A wait that the API asked for binds the next invocation, however this one came to end within it.
	if stopped.notBefore.IsZero() && time.Now().Before(f.until) {
		stopped.notBefore = f.until
	}

	return stopped, failed
}

// take adds a page to the pending part, and commits the part when it is large enough.
func (w *writer) take(ctx context.Context, next fetched) error {
	if err := w.part.add(next.page); err != nil {
		return err
	}

	w.position = next.position
	if w.part.size() < w.PartBytes || w.position.Done {
		return nil // the last page is committed by the stop
	}

	return w.commit(ctx, func(*Checkpoint) {})
}

// commit makes the pending part durable and moves the checkpoint past it, in this order. It returns errLost where
// another invocation was faster, after deleting the part that nobody will name.
func (w *writer) commit(ctx context.Context, change func(*Checkpoint)) error {
	next := w.checkpoint
	records := w.part.records
	name := ""

	if !w.part.empty() {
		name = partName(len(next.Parts)+1, next.Owner)

		part, err := w.put(ctx, name)
		if err != nil {
			return err
		}

		next.Parts = append(slices.Clip(next.Parts), part)
	}

	if w.position.Pages > next.Position.Pages {
		next.Stalled = 0
	}

	next.Position = w.position
	change(&next)

	won, err := w.replace(ctx, next)
	if err != nil {
		return err
	}

	if !won {
		// Where a reply was lost and the write sent again, it failed on its own success, and somebody has built on that.
		if !w.checkpoint.names(name) {
			w.discard(ctx, name)
		}

		return errLost
	}

	w.stats.RecordsExported += records
	if name != "" {
		w.stats.PartsWritten++
		w.part.reset()
	}

	return nil
}

func (w *writer) put(ctx context.Context, name string) (Part, error) {
	part, body, sum, err := w.part.seal(name)
	if err != nil {
		return Part{}, err
	}

	if err := w.Parts.Put(ctx, w.Listing.Name(), w.id, name, body, sum); err != nil {
		return Part{}, fmt.Errorf("write %s: %w", name, err)
	}

	return part, nil
}

// discard deletes a part that lost its commit. Where that fails, it is deleted when the export is finished.
func (w *writer) discard(ctx context.Context, name string) {
	if name == "" {
		return
	}

	if err := w.Parts.Delete(ctx, w.Listing.Name(), w.id, name); err != nil {
		w.Logger.WarnContext(ctx, "a part that lost its commit stays until the export is finished",
			slog.String("export_id", w.id), slog.String("part", name), slog.Any("error", err))
	}
}

// stop commits what is pending, however small, and gives the export free in the same write.
func (s *slice) stop(ctx context.Context, w *writer, stopped halt, pagesBefore int64) (Result, error) {
	var verdict error

	err := w.commit(ctx, func(next *Checkpoint) {
		next.Owner, next.LeaseUntil = "", time.Time{}
		next.NotBefore, next.Limit = notEarlier(stopped.notBefore), s.learned

		switch progressed := next.Position.Pages > pagesBefore; {
		case next.Position.Done:
			next.CompletedAt = now()
		case !progressed && stopped.err == nil:
			next.Stalled, verdict = stall(next.Stalled, stopped.reason)
		}
	})

	switch {
	case errors.Is(err, errLost):
		s.stats.InvocationsBusy++
		return s.busy(s.checkpoint), nil
	case stopped.err != nil:
		if err != nil {
			s.release(ctx, stopped.notBefore)
		}

		return Result{}, stopped.err
	case err != nil:
		s.release(ctx, stopped.notBefore)
		return Result{}, err
	case verdict != nil:
		s.stats.InvocationsWithoutProgress++
		return Result{}, verdict
	case s.checkpoint.Position.Done:
		return s.finish(ctx)
	default:
		if s.checkpoint.Stalled > 0 {
			s.stats.InvocationsWithoutProgress++
		}

		return s.handOver(stopped), nil
	}
}

// stall counts a continue without a committed page; the last one allowed is an error and begins the count anew.
func stall(stalled int, reason string) (int, error) {
	if stalled++; stalled < maxStalled {
		return stalled, nil
	}

	if reason == ReasonRateLimited {
		return 0, failure.New(failure.RateLimited,
			"%d invocations in a row met a rate limit before they read a page: lower RATE_SHARE_PERCENT or the load of the token's other users, then invoke again", maxStalled)
	}

	return 0, failure.New(failure.NoProgress,
		"%d invocations in a row ended before they read a page: give the function more time, or ask for a smaller page_size in a new export", maxStalled)
}

func (s *slice) handOver(stopped halt) Result {
	wait := stopped.pause
	if !stopped.notBefore.IsZero() {
		wait = max(time.Until(stopped.notBefore), 0)
	}

	s.stats.InvocationsContinued++
	s.stats.WaitHandedOver = wait

	return s.result(s.checkpoint, StatusContinue, stopped.reason, wait)
}

// release gives the export free after a write failed, as far as that can be done: who cannot, leaves it busy until the
// lease ends. A write whose outcome is not known is looked up first. A rate limit that was met stands in the checkpoint
// all the same.
func (s *slice) release(ctx context.Context, notBefore time.Time) {
	held, err := s.holds(ctx)

	if err == nil && held {
		next := s.checkpoint
		next.Owner, next.LeaseUntil, next.NotBefore = "", time.Time{}, notEarlier(notBefore)
		if s.learned > 0 {
			next.Limit = s.learned
		}

		_, err = s.replace(ctx, next)
	}

	if err != nil {
		s.Logger.WarnContext(ctx, "the export could not be given free; it is busy until its lease ends",
			slog.String("export_id", s.id), slog.Any("error", err))
	}
}

// holds reports whether this invocation holds the export, after reading again what is stored where a write of it is in
// doubt.
func (s *slice) holds(ctx context.Context) (bool, error) {
	if s.doubtful == nil {
		return s.checkpoint.Owner == s.owner, nil
	}

	body, tag, err := s.Documents.Read(ctx, checkpointName(s.Listing.Name(), s.id))
	if errors.Is(err, ErrAbsent) {
		return false, nil
	}

	if err != nil {
		return false, fmt.Errorf("read the checkpoint: %w", err)
	}

	cp, err := DecodeCheckpoint(body)
	if err != nil {
		return false, err
	}

	s.checkpoint, s.tag, s.doubtful = cp, tag, nil

	return cp.Owner == s.owner, nil
}

// notEarlier is t as documents carry it, rounded up: a request that waits for it is not early.
func notEarlier(t time.Time) time.Time {
	return t.Add(time.Millisecond - 1).UTC().Truncate(time.Millisecond)
}
