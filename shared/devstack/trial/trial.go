// Package trial is a trial run of the whole product on the local stack: a token is rotated, every user exported over as
// many invocations as that takes, and the result held against the organisation's own list.
package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"genesys-cloud-export/shared/devstack/driver"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/verify"
)

const (
	// state is which users a trial exports: all of them, so that their number is the one that was asked for.
	state = "any"
	// rotation is the schedule's rate, as in the template.
	rotation = time.Minute
	listing  = "users"
)

// Config says how large a trial is, and where it leaves what.
type Config struct {
	// Users is how many users the organisation has.
	Users int
	// PageSize is how many users are asked for at a time; 0 is the function's default.
	PageSize int
	// Out is the folder below which the export and the functions' logs are left.
	Out string
	// Binaries is the folder with a folder for each function, each with its bootstrap.
	Binaries string
	// Organisation is what else the organisation is like; its Users are replaced.
	Organisation genesyssim.Config
	// Timeout is that of the export function. With a short one the export takes several invocations.
	Timeout time.Duration
	// Environment is set for every function, over what the stack sets.
	Environment map[string]string
	// Stdout gets the report.
	Stdout io.Writer
	// Terminal tells that Stdout is a terminal, on which progress is drawn in place; else it is plain lines.
	Terminal bool

	// ExportID names the export; "" is one made from the time.
	ExportID string

	// OnStart is called when the stack is up and nothing has been asked of it; tests meddle there. It may be nil.
	OnStart func(context.Context, *stack.Stack)
	// OnSlice is called after each slice but the last; tests meddle there. It may be nil.
	OnSlice func(context.Context, *stack.Stack, driver.Slice)
	// BeforeCheck is called when the export is complete and not yet checked; tests damage it there. It may be nil.
	BeforeCheck func(context.Context, *stack.Stack, driver.Result)
}

// Summary is what a trial counted. Counts of requests are the organisation's, not the functions' own.
type Summary struct {
	ExportID    string
	Invocations int
	Pages       int64
	Records     int64
	Parts       int64
	Bytes       int64 // of all parts, compressed
	Throttled   int64 // requests that were answered with 429
	TokensMint  int64
	PeakMemory  int64 // of the export function, in bytes
	WallTime    time.Duration
	Folder      string // where the parts lie
	Logs        string // the file with what the functions printed
}

// ErrIncomplete says that an export was finished and is not what the organisation has.
var ErrIncomplete = errors.New("the export is not what the organisation has")

// Run does a trial and reports it to Stdout. The error is [ErrIncomplete] where the check found something, and whatever
// ended the export before that. Nothing is left running.
func Run(ctx context.Context, config Config) (summary Summary, err error) {
	begun := time.Now()

	logs, err := openLogs(config.Out)
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()

	organisation := config.Organisation
	organisation.Users = config.Users

	local, err := stack.Start(ctx, stack.Config{
		Genesys: organisation, Binaries: config.Binaries, Data: filepath.Join(config.Out, "s3"),
		Timeout: config.Timeout, Environment: config.Environment, Logs: logs,
	})
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, local.Close()) }()

	t := &trial{Config: config, stack: local, view: newView(config)}
	t.view.started(local, config)

	if config.OnStart != nil {
		config.OnStart(ctx, local)
	}

	result, err := t.export(ctx)
	if err != nil {
		return Summary{}, err
	}

	if config.BeforeCheck != nil {
		config.BeforeCheck(ctx, local, result)
	}

	report, err := t.check(ctx, result.ExportID)
	if err != nil {
		return Summary{}, err
	}

	summary = t.summarise(result, report)
	summary.WallTime, summary.Logs = time.Since(begun), logs.Name()

	return summary, t.view.finished(summary, report)
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

type trial struct {
	Config

	stack *stack.Stack
	view  *view
}

// export runs the schedule beside the follow-up loop, as AWS does.
func (t *trial) export(ctx context.Context) (driver.Result, error) {
	var result driver.Result

	calls := driver.New(t.stack.Functions(), driver.Config{})
	rotated := make(chan driver.Run, 1)

	scheduling, stopSchedule := context.WithCancel(ctx)
	defer stopSchedule()

	var group errgroup.Group
	group.Go(func() error {
		return calls.Schedule(scheduling, driver.Schedule{
			Name: "rotator", FunctionName: stack.Rotator, Every: rotation,
			OnRun: func(run driver.Run) {
				select {
				case rotated <- run:
				default: // only the first is waited for
				}
			},
		})
	})
	group.Go(func() error {
		defer stopSchedule()

		if err := t.awaitToken(ctx, rotated); err != nil {
			return err
		}

		var err error
		result, err = t.follow(ctx, calls)

		return err
	})

	return result, group.Wait()
}

func (t *trial) awaitToken(ctx context.Context, rotated <-chan driver.Run) error {
	select {
	case run := <-rotated:
		if run.Err != nil {
			return fmt.Errorf("rotate the first token: %w", run.Err)
		}

		return t.view.rotated(run)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t *trial) follow(ctx context.Context, calls *driver.Driver) (driver.Result, error) {
	id := t.ExportID
	if id == "" {
		id = "run-" + time.Now().UTC().Format("20060102T150405Z")
	}

	event := map[string]any{"export_id": id, "state": state}
	if t.PageSize != 0 {
		event["page_size"] = t.PageSize
	}

	encoded, err := json.Marshal(event)
	if err != nil {
		return driver.Result{}, fmt.Errorf("encode the event: %w", err)
	}

	stopDrawing := t.view.draw(ctx, t.stack.Genesys, int64(t.Users))
	defer stopDrawing()

	return calls.Export(ctx, driver.Request{
		FunctionName: stack.ExportUsers,
		Event:        encoded,
		OnSlice: func(slice driver.Slice) {
			t.view.slice(slice)

			if t.OnSlice != nil && !slice.Result.Complete() {
				t.OnSlice(ctx, t.stack, slice)
			}
		},
	})
}

// check holds the export against the organisation's own list, by code that knows nothing of the writer's.
func (t *trial) check(ctx context.Context, exportID string) (verify.Report, error) {
	report, err := verify.Export(ctx, verify.Config{
		S3: t.stack.S3(), Bucket: stack.Bucket, Prefix: stack.Prefix, Listing: listing, ExportID: exportID,
		Truth: func(context.Context) (io.ReadCloser, error) {
			reader, writer := io.Pipe()
			go func() { writer.CloseWithError(t.stack.Genesys.WriteUsers(writer, genesyssim.Query{State: state})) }()

			return reader, nil
		},
	})
	if err != nil {
		return verify.Report{}, fmt.Errorf("check the export: %w", err)
	}

	return report, nil
}

func (t *trial) summarise(result driver.Result, report verify.Report) Summary {
	counts := t.stack.Genesys.Stats()
	function := t.stack.Lambda.Report(stack.ExportUsers)

	return Summary{
		ExportID:    result.ExportID,
		Invocations: function.Invocations,
		Pages:       report.Pages,
		Records:     report.Records,
		Parts:       int64(report.Parts),
		Bytes:       report.Bytes,
		Throttled:   counts.Throttled,
		TokensMint:  counts.TokensMinted,
		PeakMemory:  function.PeakMemory,
		Folder: filepath.Join(t.Out, "s3", stack.Bucket, stack.Prefix, listing,
			"export_id="+result.ExportID),
	}
}
