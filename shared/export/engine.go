package export

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

// DefaultPartBytes is the compressed size at which a part is closed: large enough that readers open few objects, small
// enough that it fits several times into the smallest function.
const DefaultPartBytes = 8 << 20

// Config is what an engine is made of.
type Config struct {
	Listings  []Listing // what may be exported; an event has to name one where there are several
	Documents Documents
	Parts     Parts
	Logger    *slog.Logger

	// Environment, Generator and PageSize are what a new export is begun with.
	Environment, Generator string
	PageSize               int

	PartBytes int           // the compressed size at which a part is closed
	Reserve   time.Duration // kept back from the deadline for the stop: one part and one checkpoint
	Retry     retry.Policy  // how page requests are repeated
	// MaxPerMinute is a token's rate limit until a lower one is learned, 0: no pacing. SharePercent of it an export may use.
	MaxPerMinute, SharePercent int
	// Stopping is closed when the process is asked to end; nil: it never is. An invocation then abandons its request, commits
	// what is pending, and is to be continued for its budget, which does not count as one without progress.
	Stopping <-chan struct{}
}

// Engine runs the invocations of exports. Between calls it keeps no more than the pace and the rate limits that it has
// learned. It may be called by many at once.
//
// While pages are read it logs "reading" at INFO, at most every five seconds, with export_id, pages and records: the export's
// totals, with what is not committed yet.
type Engine struct {
	Config

	pacer *pacer
}

// NewEngine returns an engine of that configuration.
func NewEngine(config Config) *Engine {
	return &Engine{Config: config, pacer: newPacer(config.MaxPerMinute, config.SharePercent)}
}

// Run does one invocation's work on the export that event names; newID names it where the event does not. ctx carries the
// invocation's deadline. Everything that Run began has ended when it returns.
//
// The result is complete or continue; all else is a failure with a kind, and what was committed stays. Stats are given after
// failures too; those of an event that is refused at once are zero.
func (e *Engine) Run(ctx context.Context, event Event, newID string) (Result, Stats, error) {
	listing, err := e.pick(event.Listing)
	if err != nil {
		return Result{}, Stats{}, err
	}

	asked, err := e.ask(ctx, listing, event)
	if err != nil {
		return Result{}, Stats{}, err
	}

	id := cmp.Or(event.ExportID, newID)
	if !ValidID(id) {
		return Result{}, Stats{}, failure.New(failure.InvalidInput, "export_id is missing, and the invocation has no request id to use instead: send one")
	}

	i := newInvocation(ctx, e, listing, asked, id)

	result, err := i.run(ctx, event)
	if err != nil {
		return Result{}, i.stats, fmt.Errorf("export %s: %w", id, err)
	}

	return result, i.stats, nil
}
