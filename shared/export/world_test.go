package export_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/export/exporttest"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	exportID  = "e1"
	requestID = "0f8fad5b-d9cb-469f-a165-70867728950e"

	checkpointName = "users/e1/checkpoint.json"
	manifestName   = "users/e1/manifest.json"
	latestName     = "users/latest.json"
	manifestURI    = "s3://bucket/exports/_state/users/e1/manifest.json"
	partsFolder    = "exports/users/export_id=e1/"
)

// bubble is a parallel subtest in virtual time.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}

// world is all that an export meets: a bucket, a listing, and how its function is set up.
type world struct {
	store   *exporttest.Store
	listing *exporttest.Listing
	others  []*exporttest.Listing // of the same function
	logs    bytes.Buffer
	logger  *slog.Logger
	warm    *export.Engine // runs every invocation; nil: each has a process of its own

	timeout     time.Duration
	reserve     time.Duration
	partBytes   int
	attempts    int
	pageSize    int
	environment string
	stopping    chan struct{} // asks the process to end
	perMinute   int           // the rate limit that is known from the start; 0: none
}

// newWorld has a listing with pages of these sizes; each page makes a part.
func newWorld(sizes ...int) *world {
	w := &world{
		store: exporttest.NewStore(), listing: exporttest.NewListing(sizes...),
		timeout: time.Minute, reserve: 10 * time.Second, partBytes: 1, attempts: 5, pageSize: 100, environment: "mypurecloud.de",
	}
	w.logger = slog.New(slog.NewTextHandler(&w.logs, nil))

	return w
}

func (w *world) engine(process *exporttest.Process) *export.Engine {
	documents, parts := w.store.Of(process)

	listings := []export.Listing{w.listing.Of(process)}
	for _, other := range w.others {
		listings = append(listings, other.Of(process))
	}

	return export.NewEngine(export.Config{
		Listings: listings, Documents: documents, Parts: parts, Logger: w.logger,
		Environment: w.environment, Generator: "test", PageSize: w.pageSize, PartBytes: w.partBytes,
		Reserve: w.reserve, Stopping: w.stopping, MaxPerMinute: w.perMinute, SharePercent: 80,
		Retry: retry.Policy{Base: 100 * time.Millisecond, Cap: 2 * time.Second, Attempts: w.attempts},
	})
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

	engine := w.warm
	if engine == nil {
		engine = w.engine(process)
	}

	result, stats, err := engine.Run(ctx, event, requestID)

	return outcome{Result: result, stats: stats, err: err, calls: process.Calls, killed: process.Killed}
}

// frozen is the context of an invocation that was thought dead: its deadline passes and does not end it.
type frozen struct {
	context.Context //nolint:containedctx // it is a context

	deadline time.Time
}

func (f frozen) Deadline() (time.Time, bool) { return f.deadline, true }

// zombie runs an invocation that outlives its deadline.
func (w *world) zombie(ctx context.Context, fault exporttest.Fault) outcome {
	return w.run(frozen{ctx, time.Now().Add(w.timeout)}, fault, export.Event{ExportID: exportID})
}

// complete invokes the export until it is complete. An invocation that is killed meanwhile ends by name.
func (w *world) complete(t *testing.T, fault exporttest.Fault) outcome {
	t.Helper()

	did, err := follow(60, time.Second, func() outcome {
		did := w.invoke(t.Context(), fault)
		if did.killed && failure.KindOf(did.err) == "" {
			t.Errorf("an invocation that was killed ended as %+v and %v", did.Result, did.err)
		}

		return did
	})
	if err != nil || did.Status != export.StatusComplete {
		t.Fatalf("the export cannot be completed: got %+v and %v; logs:\n%s", did.Result, err, w.logs.String())
	}

	return did
}

// follow invokes until the export is complete, bound times at most, as a caller does who waits as the results say, and for
// pause after a failure that passes. It returns the last outcome, and the error that no invocation may end as.
func follow(bound int, pause time.Duration, invoke func() outcome) (did outcome, err error) {
	for range bound {
		did = invoke()

		switch {
		case did.err == nil && did.Status == export.StatusComplete:
			return did, nil
		case did.err == nil:
			did.wait()
		case did.passes():
			time.Sleep(pause)
		default:
			return did, did.err
		}
	}

	return did, nil
}

// mustComplete completes the export, and wants it to hold.
func (w *world) mustComplete(t *testing.T) outcome {
	t.Helper()

	did := w.complete(t, nil)
	w.mustHold(t)

	return did
}

// invokeComplete wants one invocation to complete the export, and the export to hold.
func (w *world) invokeComplete(t *testing.T, fault exporttest.Fault) outcome {
	t.Helper()

	did := w.invoke(t.Context(), fault)
	did.wantComplete(t)
	w.mustHold(t)

	return did
}

// interrupt makes an invocation end, in good order, before that page.
func (w *world) interrupt(t *testing.T, page int) {
	t.Helper()

	w.listing.Fault(page, exporttest.Refused(failure.Forbidden))
	w.invoke(t.Context(), nil).wantFailure(t, failure.Forbidden)
}

// interrupted is an export with three parts of five, left in good order.
func interrupted(t *testing.T) *world {
	t.Helper()

	w := newWorld(1, 2, 3, 4, 5)
	w.interrupt(t, 3)

	return w
}

// document is what the store has under a document's name; nil is nothing.
func (w *world) document(name string) []byte {
	body, _ := w.store.Object(exporttest.DocumentKey(name))
	return body
}

func (w *world) overwrite(name string, body []byte) { w.store.Edit(exporttest.DocumentKey(name), body) }

func (w *world) checkpoint(t *testing.T) export.Checkpoint {
	t.Helper()

	cp, err := export.DecodeCheckpoint(w.document(checkpointName))
	if err != nil {
		t.Fatal(err)
	}

	return cp
}

// alter changes the stored checkpoint as somebody does who knows its checksum.
func (w *world) alter(t *testing.T, change func(*export.Checkpoint)) {
	t.Helper()

	sealed, err := reseal(w.document(checkpointName), change)
	if err != nil {
		t.Fatal(err)
	}

	w.overwrite(checkpointName, sealed)
}

// reseal changes a checkpoint and gives it the checksum that its documentation describes.
func reseal(body []byte, change func(*export.Checkpoint)) ([]byte, error) {
	cp, err := export.DecodeCheckpoint(body)
	if err != nil {
		return nil, err
	}

	change(&cp)
	cp.Checksum = ""

	unsealed, err := json.Marshal(cp)
	if err != nil {
		return nil, err
	}

	sum := sha256.Sum256(unsealed)
	cp.Checksum = hex.EncodeToString(sum[:])

	return json.Marshal(cp)
}

// logged returns the log lines that contain text.
func (w *world) logged(text string) []string {
	return slices.DeleteFunc(strings.Split(w.logs.String(), "\n"), func(line string) bool { return !strings.Contains(line, text) })
}
