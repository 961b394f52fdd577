package export_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

const (
	exportID  = "e1"
	requestID = "0f8fad5b-d9cb-469f-a165-70867728950e"

	checkpointName = exporttest.ListingName + "/" + exportID + "/checkpoint.json"
	manifestName   = exporttest.ListingName + "/" + exportID + "/manifest.json"
	latestName     = exporttest.ListingName + "/latest.json"
)

// world is all that an export meets: a bucket, a listing, and how its function is set up.
type world struct {
	store   *exporttest.Store
	listing *exporttest.Listing
	others  []*exporttest.Listing
	logs    *logs

	timeout   time.Duration
	reserve   time.Duration
	partBytes int
	attempts  int
	pageSize  int
	// environment is the function's.
	environment string
	// stopping asks the process to end.
	stopping chan struct{}
	// perMinute is the rate limit that is known from the start; 0: none.
	perMinute int
}

// newWorld has a listing with pages of these sizes; each page makes a part.
func newWorld(sizes ...int) *world {
	return &world{
		store:       exporttest.NewStore(),
		listing:     exporttest.NewListing(sizes...),
		logs:        &logs{},
		timeout:     time.Minute,
		reserve:     10 * time.Second,
		partBytes:   1,
		attempts:    5,
		pageSize:    100,
		environment: "mypurecloud.de",
	}
}

func (w *world) engine(process *exporttest.Process) *export.Engine {
	return export.NewEngine(export.Config{
		Listings:     w.listings(process),
		Documents:    w.store.Documents(process),
		Parts:        w.store.Parts(process),
		Logger:       slog.New(slog.NewTextHandler(w.logs, nil)),
		Environment:  w.environment,
		Generator:    "test",
		PageSize:     w.pageSize,
		PartBytes:    w.partBytes,
		Reserve:      w.reserve,
		Stopping:     w.stopping,
		MaxPerMinute: w.perMinute,
		SharePercent: 80,
		Retry:        retry.Policy{Base: 100 * time.Millisecond, Cap: 2 * time.Second, Attempts: w.attempts},
	})
}

// listings are the function's: the world's own one, and others that share its process.
func (w *world) listings(process *exporttest.Process) []export.Listing {
	listings := []export.Listing{w.listing.Of(process)}
	for _, other := range w.others {
		listings = append(listings, other.Of(process))
	}

	return listings
}

// outcome is how an invocation ended, and what it did.
type outcome struct {
	export.Result

	stats  export.Stats
	err    error
	calls  []exporttest.Call
	killed bool
}

// invoke runs one invocation of the export under faults.
func (w *world) invoke(ctx context.Context, fault exporttest.Fault) outcome {
	return w.send(ctx, fault, export.Event{ExportID: exportID})
}

func (w *world) send(ctx context.Context, fault exporttest.Fault, event export.Event) outcome {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()

	return w.run(ctx, fault, event)
}

// run is send under the deadline that ctx has.
func (w *world) run(ctx context.Context, fault exporttest.Fault, event export.Event) outcome {
	ctx, process := exporttest.NewProcess(ctx, fault)
	defer process.Kill()

	result, stats, err := w.engine(process).Run(ctx, event, requestID)

	return outcome{Result: result, stats: stats, err: err, calls: process.Calls(), killed: process.Killed()}
}

// frozen is the context of an invocation that was thought dead: its deadline passes and does not end it.
type frozen struct {
	context.Context //nolint:containedctx // it is a context

	deadline time.Time
}

func (f frozen) Deadline() (time.Time, bool) { return f.deadline, true }

// freeze returns a context whose deadline is so far away, and which goes on after it.
func freeze(ctx context.Context, timeout time.Duration) context.Context {
	return frozen{ctx, time.Now().Add(timeout)}
}

// zombie runs an invocation that outlives its deadline.
func (w *world) zombie(ctx context.Context, fault exporttest.Fault) outcome {
	return w.run(freeze(ctx, w.timeout), fault, export.Event{ExportID: exportID})
}

// complete invokes the export, as a caller does who does what he is told, until it is complete.
func (w *world) complete(t *testing.T, fault exporttest.Fault) outcome {
	t.Helper()

	const bound = 60

	for range bound {
		did := w.invoke(t.Context(), fault)
		if did.err == nil && did.Status == export.StatusComplete {
			return did
		}

		switch kind := failure.KindOf(did.err); {
		case did.err == nil:
			time.Sleep(time.Duration(did.WaitSeconds) * time.Second)
		case kind == failure.StorageUnavailable, kind == failure.UpstreamUnavailable, kind == failure.RateLimited, kind == failure.NoProgress:
			time.Sleep(time.Second) // what passes by itself is tried again, as the state machine does
		default:
			t.Fatalf("the export cannot be completed: %v", did.err)
		}
	}

	t.Fatalf("the export is not complete after %d invocations; logs:\n%s", bound, w.logs)

	return outcome{}
}

// lives lets every call take a moment, so that calls follow each other in one order in every run. The listing takes
// longer than what is done with a page meanwhile.
func (w *world) lives(fault exporttest.Fault) exporttest.Fault {
	if w.listing.Latency == 0 {
		w.listing.Latency = 10 * time.Millisecond
	}

	return func(op, name string) exporttest.Action {
		action := fault(op, name)
		if op != exporttest.OpFetch {
			action.Delay += time.Millisecond
		}

		return action
	}
}

// clean is no fault.
func clean(string, string) exporttest.Action { return exporttest.Action{} }

// at lets the call of that number, counted from 0 over every process, meet its fate.
func at(number int, action exporttest.Action) exporttest.Fault {
	return nth(number, func() exporttest.Action { return action })
}

// nth asks for the fate of the call of that number when it comes.
func nth(number int, action func() exporttest.Action) exporttest.Fault {
	var (
		mu    sync.Mutex
		calls int
	)

	return func(string, string) exporttest.Action {
		mu.Lock()
		mine := calls == number
		calls++
		mu.Unlock()

		if mine {
			return action()
		}

		return exporttest.Action{}
	}
}

// on lets the first call of op whose name ends so meet its fate.
func on(op, suffix string, action exporttest.Action) exporttest.Fault {
	return onNth(op, suffix, 1, func() exporttest.Action { return action })
}

// onNth asks for the fate of the call of op of that number, counted from 1, whose name ends so.
func onNth(op, suffix string, number int, action func() exporttest.Action) exporttest.Fault {
	var (
		mu    sync.Mutex
		calls int
	)

	return func(called, name string) exporttest.Action {
		if called != op || !bytes.HasSuffix([]byte(name), []byte(suffix)) {
			return exporttest.Action{}
		}

		mu.Lock()
		calls++
		mine := calls == number
		mu.Unlock()

		if mine {
			return action()
		}

		return exporttest.Action{}
	}
}

// count is how many calls of these operations an invocation made.
func (o outcome) count(ops ...string) int {
	count := 0
	for _, call := range o.calls {
		for _, op := range ops {
			if call.Op == op {
				count++
			}
		}
	}

	return count
}

// writes is how many calls changed something.
func (o outcome) writes() int {
	return o.count(exporttest.OpCreate, exporttest.OpReplace, exporttest.OpPut, exporttest.OpDelete)
}

// logs takes log lines from several goroutines.
type logs struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.lines.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()

	return l.lines.String()
}
