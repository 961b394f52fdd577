// Package trial is a run of the whole product on the local stack, from the first token to the check of the export: on a
// simulated organisation ([Run]), where the result is held against the organisation's own list, or on a real one ([RunLive]).
package trial

import (
	"context"
	"errors"
	"io"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// state is which users a trial exports: all of them, so that their number is the one that was asked for.
const state = "any"

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
	// Template is the file of the template that says what the functions and their roles are, Parameters what it is told
	// beside what the stack tells it.
	Template   string
	Parameters map[string]string
	// Organisation is what else the organisation is like; its Users are replaced.
	Organisation genesyssim.Config
	// Timeout is that of the export function. With a short one the export takes several invocations.
	Timeout time.Duration
	// Environment is set for every function, over what the template sets.
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
	OnSlice func(context.Context, *stack.Stack, driver.Invocation)
	// BeforeCheck is called when the export is complete and not yet checked; tests damage it there. It may be nil.
	BeforeCheck func(context.Context, *stack.Stack, export.Result)
}

// Summary is what a run counted.
type Summary struct {
	ExportID    string
	Invocations int
	Pages       int64
	Records     int64
	Parts       int64
	Bytes       int64 // of all parts, compressed
	Throttled   int64 // requests that were answered with 429
	TokensMint  int64
	// ByFunctions tells that Throttled and TokensMint are the functions' own counts of this run, from the metrics in their
	// log, as nobody can count at a real organisation. Else they are the organisation's.
	ByFunctions bool
	PeakMemory  int64 // of the export function, in bytes
	WallTime    time.Duration
	Folder      string // where the parts lie
	Bucket      string // the bucket as a folder
	Manifest    string // the manifest's key in it
	Logs        string // the file with what the functions printed
}

// ErrIncomplete says that an export was finished and is not what it should be.
var ErrIncomplete = errors.New("it did not pass the check")

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

	v := &view{out: config.Stdout, terminal: config.Terminal}

	inside, full, stop := whileThereIsRoom(ctx)
	defer stop()

	local, err := stack.Start(ctx, stack.Config{
		Template: config.Template, Parameters: config.Parameters, OnFullDisk: full,
		Organisation: stack.Simulated{Config: organisation}, Binaries: config.Binaries, Data: dataFolder(config.Out),
		Timeout: config.Timeout, Environment: config.Environment, Logs: logs,
	})
	if err != nil {
		return Summary{}, err
	}
	defer func() {
		v.stopping(ctx)
		err = errors.Join(err, local.Close())
	}()

	v.started(local, config)

	if config.OnStart != nil {
		config.OnStart(ctx, local)
	}

	summary, report, err := config.export(inside, local, v)
	if err != nil {
		return Summary{}, err
	}

	counts := local.Genesys.Stats()
	summary.Throttled, summary.TokensMint = counts.Throttled, counts.TokensMinted
	summary.WallTime, summary.Logs = time.Since(begun), logs.Name()

	return summary, v.report(summary, report)
}

func (c Config) export(ctx context.Context, local *stack.Stack, v *view) (Summary, verify.Report, error) {
	e := &exporting{
		stack: local, view: v, calls: driver.New(local.Functions(), driver.Config{}), out: c.Out,
		order: order{ExportID: c.ExportID, State: state, PageSize: c.PageSize},
		total: int64(c.Users),
		// Pages that are fetched again after a stop are handed out twice.
		records: func() int64 { return min(local.Genesys.Stats().EntitiesServed, int64(c.Users)) },
		truth: func(context.Context) (io.ReadCloser, error) {
			reader, writer := io.Pipe()
			go func() { writer.CloseWithError(local.Genesys.WriteUsers(writer, genesyssim.Query{State: state})) }()

			return reader, nil
		},
	}
	if e.order.ExportID == "" {
		e.order.ExportID = newExportID("run")
	}

	if c.OnSlice != nil {
		e.onSlice = func(ctx context.Context, slice driver.Invocation) { c.OnSlice(ctx, local, slice) }
	}

	if c.BeforeCheck != nil {
		e.beforeCheck = func(ctx context.Context, result export.Result) { c.BeforeCheck(ctx, local, result) }
	}

	return e.run(ctx)
}
