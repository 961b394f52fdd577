package export

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// DefaultPartBytes is the compressed size at which a part is closed: large enough that readers open few objects, small
// enough that it fits several times into the smallest function.
const DefaultPartBytes = 8 << 20

// Engine runs the invocations of exports of one listing. Between calls it keeps no more than its pacer: the rate limit that
// it has learned, and what is used of it. It may be called by many at once.
//
// While pages are read it logs "reading" at INFO, at most every five seconds, with export_id, pages and records: totals of
// the whole export, what is not committed yet included.
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
	// Stopping is closed when the process is asked to end; nil: it never is. From then on an invocation abandons the request
	// in flight, reads no further page, commits what is pending, releases the lease, and is continued for its budget, which
	// does not count as one without progress.
	Stopping <-chan struct{}

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

// Run does one invocation's work on the export that event names; newID names it where the event does not. ctx carries the
// invocation's deadline. Everything that Run began has ended when it returns.
//
// The result is complete or continue; everything else is a failure of a kind of its own, and what was committed before
// stays. Stats are told in any case.
func (e *Engine) Run(ctx context.Context, event Event, newID string) (Result, Stats, error) {
	id := event.ExportID
	if id == "" {
		id = newID
	}

	if !ValidID(id) {
		return Result{}, Stats{}, failure.New(failure.InvalidInput, "export_id is missing, and the invocation has no request id to use instead: send one")
	}

	i := newInvocation(ctx, e, id)

	result, err := i.run(ctx, event)
	if err != nil {
		return Result{}, i.stats, fmt.Errorf("export %s: %w", id, err)
	}

	return result, i.stats, nil
}
