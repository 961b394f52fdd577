package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

const listing = "users"

// exporting is one export on a stack, from the first token to the check.
type exporting struct {
	stack *stack.Stack
	view  *view
	calls *driver.Driver
	// logger is told of later rotations that fail; the first one that does ends the export.
	logger *slog.Logger
	out    string // the folder of everything that is left
	order  order

	// total is how many records there will be, or unknown; records tells how many there are.
	total   int64
	records func() int64
	// truth opens the organisation's own list. Nil: the export is checked in itself.
	truth func(context.Context) (io.ReadCloser, error)

	// These are called, where they are not nil: before the first slice; after each but the last; when all is exported.
	begin       func() error
	onSlice     func(context.Context, driver.Invocation)
	beforeCheck func(context.Context, export.Result)
}

// order is the export function's event: which export, of what.
type order struct {
	ExportID string `json:"export_id"`
	State    string `json:"state"`
	PageSize int    `json:"page_size,omitempty"`
}

// newExportID returns an id that says when the export began, to the millisecond: two runs may begin in one second.
func newExportID(kind string) string {
	return kind + "-" + strings.Replace(time.Now().UTC().Format("20060102T150405.000Z"), ".", "-", 1)
}

// dataFolder is where the stack's S3 keeps its objects.
func dataFolder(out string) string { return filepath.Join(out, "s3") }

// partsFolder is where the parts of every export of users are found as files.
func partsFolder(out string) string {
	return filepath.Join(dataFolder(out), stack.Bucket, stack.Prefix, listing)
}

func openLogs(out string) (*os.File, error) {
	folder := filepath.Join(out, "logs")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("make the folder for logs: %w", err)
	}

	name := filepath.Join(folder, "functions-"+time.Now().UTC().Format("20060102T150405.000Z")+".log")

	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // the folder is the caller's choice
	if err != nil {
		return nil, fmt.Errorf("open the functions' log: %w", err)
	}

	return file, nil
}

// errNoRoom ends a run whose disk is full: nothing gets better by trying again.
var errNoRoom = errors.New("make room there, or choose another folder by -out (make: OUT=)")

// whileThereIsRoom returns a context that ends when the stack's S3 calls full, as the local disk has no room.
func whileThereIsRoom(ctx context.Context) (inside context.Context, full func(error), stop func()) {
	inside, end := context.WithCancelCause(ctx)

	return inside, func(err error) { end(fmt.Errorf("%w: %w", err, errNoRoom)) }, func() { end(nil) }
}

// run exports and checks. The summary lacks what the stack does not know: requests, tokens, wall time and log.
func (e *exporting) run(ctx context.Context) (Summary, verify.Report, error) {
	result, err := e.drive(ctx)
	if err != nil {
		return Summary{}, verify.Report{}, err
	}

	if e.beforeCheck != nil {
		e.beforeCheck(ctx, result)
	}

	report, err := verify.Export(ctx, verify.Config{
		S3: e.stack.S3(), Bucket: stack.Bucket, Prefix: stack.Prefix, Listing: listing, ExportID: result.ExportID, Truth: e.truth,
	})
	if err != nil {
		return Summary{}, verify.Report{}, fmt.Errorf("check the export: %w", err)
	}

	function := e.stack.Lambda.Report(stack.ExportUsers)

	return Summary{
		ExportID:    result.ExportID,
		Invocations: function.Invocations,
		Pages:       report.Pages,
		Records:     report.Records,
		Parts:       int64(report.Parts),
		Bytes:       report.Bytes,
		PeakMemory:  function.PeakMemory,
		Folder:      filepath.Join(partsFolder(e.out), "export_id="+result.ExportID),
		Bucket:      filepath.Join(dataFolder(e.out), stack.Bucket),
		Manifest:    strings.TrimPrefix(result.Manifest, "s3://"+stack.Bucket+"/"),
	}, report, nil
}

// drive runs the schedule beside the follow-up loop, as AWS does.
func (e *exporting) drive(ctx context.Context) (export.Result, error) {
	var result export.Result

	if e.logger == nil {
		e.logger = slog.New(slog.DiscardHandler)
	}

	rotated := make(chan driver.Run, 1)

	scheduling, stopSchedule := context.WithCancel(ctx)
	defer stopSchedule()

	var group errgroup.Group
	group.Go(func() error {
		return e.calls.Schedule(scheduling, driver.Schedule{
			Name: "rotator", FunctionName: stack.Rotator, Every: e.stack.RotationEvery,
			OnRun: func(run driver.Run) {
				select {
				case rotated <- run: // only the first is waited for
				default:
					if run.Err != nil {
						e.logger.WarnContext(ctx, "the rotator failed", "error", run.Err)
					}
				}
			},
		})
	})
	group.Go(func() error {
		defer stopSchedule()

		if err := e.awaitToken(ctx, rotated); err != nil {
			return err
		}

		var err error
		result, err = e.follow(ctx)

		return err
	})

	return result, group.Wait()
}

func (e *exporting) awaitToken(ctx context.Context, rotated <-chan driver.Run) error {
	select {
	case run := <-rotated:
		if run.Err != nil {
			return fmt.Errorf("rotate the first token: %w", run.Err)
		}

		return e.view.rotated(run)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *exporting) follow(ctx context.Context) (export.Result, error) {
	event, err := json.Marshal(e.order)
	if err != nil {
		return export.Result{}, fmt.Errorf("encode the event: %w", err)
	}

	if e.begin != nil {
		if err := e.begin(); err != nil {
			return export.Result{}, err
		}
	}

	stopDrawing := e.view.draw(ctx, e.total, e.records)
	defer stopDrawing()

	return e.calls.Export(ctx, driver.Request{
		FunctionName: stack.ExportUsers,
		Event:        event,
		OnInvocation: func(slice driver.Invocation) {
			e.view.slice(slice)

			if e.onSlice != nil && slice.Result.Status != export.StatusComplete {
				e.onSlice(ctx, slice)
			}
		},
	})
}
