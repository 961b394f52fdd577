package export

import (
	"context"
	"errors"
	"log/slog"
	"slices"
)

// errLost: another invocation has the lease now.
var errLost = errors.New("another invocation took the export over")

// writer puts pages into parts and commits them.
type writer struct {
	parts       Parts
	logger      *slog.Logger
	listing, id string
	partBytes   int

	state *state
	stats *Stats

	part     *pendingPart
	position Position // behind the last page that was taken
	job      Job      // of the window that the position is in
}

func (i *invocation) newWriter() *writer {
	return &writer{
		parts: i.engine.Parts, logger: i.engine.Logger, listing: i.listing, id: i.id, partBytes: i.engine.PartBytes,
		state: i.state, stats: &i.stats, part: newPendingPart(i.engine.PartBytes),
		position: i.state.checkpoint.Position, job: i.state.checkpoint.Job,
	}
}

// take adds a page to the pending part, and commits the part when it is large enough.
func (w *writer) take(ctx context.Context, next fetched) error {
	if err := w.part.add(next.page); err != nil {
		return err
	}

	if next.position.Window != w.position.Window || next.position.Done {
		w.job = Job{}
	}

	w.position = next.position
	if w.part.compressed.Len() < w.partBytes || w.position.Done {
		return nil // the last page is committed by the stop
	}

	return w.commit(ctx, w.next())
}

// next is the checkpoint behind the pages that were taken, without the pending part.
func (w *writer) next() Checkpoint {
	next := w.state.checkpoint
	next.Position, next.Job = w.position, w.job

	if next.Position.Pages > w.state.checkpoint.Position.Pages {
		next.Stalled = 0
	}

	return next
}

// last is next with the lease released, and with what the stop leaves to the next invocation.
func (w *writer) last(stopped stop, limit, stalled int) Checkpoint {
	last := w.next().released(stopped.notBefore, limit)
	last.Stalled, last.Pending = stalled, stopped.reason == ReasonPending

	if last.Position.Done {
		last.CompletedAt = now()
	}

	return last
}

// commit makes the pending part durable and replaces the checkpoint by next, with that part, in this order. It returns
// errLost where another invocation was faster, after deleting the part that nobody will name.
func (w *writer) commit(ctx context.Context, next Checkpoint) error {
	records := w.part.records
	name := ""

	if w.part.records > 0 {
		name = partName(len(next.Parts)+1, w.state.owner)

		part, err := w.put(ctx, name)
		if err != nil {
			return err
		}

		next.Parts = append(slices.Clip(next.Parts), part)
	}

	replaced, err := w.state.replace(ctx, next)
	if err != nil {
		return err
	}

	if !replaced {
		// Where a reply was lost and the write sent again, it failed on its own success, and somebody has built on that.
		if name != "" && !w.state.checkpoint.names(name) {
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

	if err := w.parts.Put(ctx, w.listing, w.id, name, body, sum); err != nil {
		return Part{}, storeFailed(err, "write %s", name)
	}

	return part, nil
}

// discard deletes a part that lost its commit. Where that fails, it is deleted when the export is finished.
func (w *writer) discard(ctx context.Context, name string) {
	if err := w.parts.Delete(ctx, w.listing, w.id, name); err != nil {
		w.logger.WarnContext(ctx, "a part that lost its commit stays until the export is finished",
			slog.String("export_id", w.id), slog.String("part", name), slog.Any("error", err))
	}
}
