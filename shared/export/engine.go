package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"genesys-cloud-export/shared/budget"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

const (
	// DefaultPartBytes is the compressed size at which a part is closed: large enough that readers open few objects, small
	// enough that it fits several times into the smallest function.
	DefaultPartBytes = 8 << 20
	// ownerBytes of randomness tell invocations apart.
	ownerBytes = 8
	// maxStalled is the continue in a row without a committed page that becomes an error.
	maxStalled = 3
)

// Engine runs slices of exports of one listing. Between calls it keeps no more than its pacer: the rate limit
// that it has learned, and what is used of it. It
// may be called by many at once.
type Engine struct {
	Listing   Listing
	Documents Documents
	Parts     Parts
	Logger    *slog.Logger

	// Environment, Generator, Method and PageSize are what a new export is begun with.
	Environment string
	Generator   string
	Method      string
	PageSize    int

	// PartBytes is the compressed size at which a part is closed.
	PartBytes int
	// Reserve is kept back from the deadline for the stop: one part and one checkpoint.
	Reserve time.Duration
	// Retry is how page requests are repeated.
	Retry retry.Policy
	// MaxPerMinute is the rate limit of a token, in requests a minute, before a lower one is learned; SharePercent is what
	// part of a limit an export may use. 0 a minute is no pacing at all.
	MaxPerMinute int
	SharePercent int

	pacing sync.Once
	pacer  *pacer
}

// pace returns the engine's pacer.
func (e *Engine) pace() *pacer {
	e.pacing.Do(func() {
		if e.MaxPerMinute > 0 {
			e.pacer = newPacer(e.MaxPerMinute, e.SharePercent)
		}
	})

	return e.pacer
}

// Run does one slice of the export that event names; newID names it where the event does not. ctx carries the
// invocation's deadline. Everything that Run began has ended when it returns.
//
// The result is complete or continue; everything else is a failure of a kind of its own, and what was committed before
// stays. Stats are told in any case.
func (e *Engine) Run(ctx context.Context, event Event, newID string) (Result, Stats, error) {
	id := event.ExportID
	if id == "" {
		id = newID
	}

	if !idPattern.MatchString(id) {
		return Result{}, Stats{}, failure.New(failure.InvalidInput, "export_id is missing, and the invocation has no request id to stand in for it: send one")
	}

	s := &slice{Engine: e, budget: budget.Of(ctx, e.Reserve), id: id}

	result, err := s.run(ctx, event)
	if err != nil {
		return Result{}, s.stats, fmt.Errorf("export %s: %w", id, err)
	}

	return result, s.stats, nil
}

// slice is one invocation's work on one export.
type slice struct {
	*Engine

	budget budget.Budget
	id     string
	stats  Stats

	stored []StoredPart // the parts that lay in the store before the checkpoint was read
	listed bool         // whether the store told them
	sealed bool         // whether the manifest was there before the checkpoint was read

	learned int    // the lowest rate limit that the API told, once the fetching has ended
	owner   string // what this invocation holds the export as, once it has tried to

	checkpoint Checkpoint // as it is stored, to the best of our knowledge
	tag        string
	// doubtful is a checkpoint whose write failed in a way that leaves open whether it happened.
	doubtful []byte
}

func (s *slice) run(ctx context.Context, event Event) (Result, error) {
	found, err := s.find(ctx)
	if err != nil {
		return Result{}, err
	}

	if !found {
		created, err := s.create(ctx, event)
		if err != nil {
			return Result{}, err
		}

		if created {
			return s.work(ctx)
		}
	}

	if err := s.accept(event); err != nil {
		return Result{}, err
	}

	cp := s.checkpoint
	now := time.Now()

	switch {
	case cp.Position.Done:
		return s.finish(ctx)
	case cp.Owner != "" && now.Before(cp.LeaseUntil):
		s.stats.InvocationsBusy++
		return s.busy(cp), nil
	case now.Before(cp.NotBefore):
		// Invoked early: nothing is asked, and nothing counted. The wait was handed over by the slice that met the limit.
		s.stats.InvocationsContinued++
		return s.result(cp, StatusContinue, ReasonRateLimited, cp.NotBefore.Sub(now)), nil
	}

	if err := s.inspect(ctx); err != nil {
		return Result{}, err
	}

	return s.claimAndWork(ctx)
}

// replace commits next. It reports false, with what is stored now in s, where somebody else was faster.
func (s *slice) replace(ctx context.Context, next Checkpoint) (bool, error) {
	next.Generation++

	body, err := encodeCheckpoint(next)
	if err != nil {
		return false, err
	}

	tag, err := s.Documents.Replace(ctx, checkpointName(s.Listing.Name(), s.id), s.tag, body)

	switch {
	case err == nil:
		s.checkpoint, s.tag, s.doubtful = next, tag, nil
		return true, nil
	case errors.Is(err, ErrConflict):
		return false, s.load(ctx)
	case errors.Is(err, ErrAbsent):
		return false, s.vanished()
	default:
		s.doubtful = body
		return false, fmt.Errorf("write the checkpoint: %w", err)
	}
}

// now is the time as documents carry it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
