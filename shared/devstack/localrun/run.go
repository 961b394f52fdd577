// Package localrun is a run of the whole product on this machine, from the first token to the check of the export: on a
// simulated organisation ([Run]), whose own list the export is compared with, or on a real one ([RunLive]).
package localrun

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/retry"
)

const (
	// MaxPageSize is the largest that the export function takes.
	MaxPageSize = 500
	// allStates is the state of all users.
	allStates = "any"
)

// Config says how an export is made, and where it goes.
type Config struct {
	// Listings are the names of those that are exported, one after the other, or "all" alone.
	Listings []string
	// PageSize is how many entities are asked for at a time, up to [MaxPageSize]; 0 is the function's default.
	PageSize int
	// Out is the folder below which the export, what is needed to resume it, and the functions' logs are left.
	Out string
	// Stack is where the export is made. Its Organisation, Data, OnFullDisk and Logs are the run's own. With a short Timeout the
	// export takes several invocations.
	Stack stack.Config
	// Stdout gets the report, without entities and secrets.
	Stdout io.Writer
	// Logger reports invocations that failed and are repeated as Retry says. The zero values are the driver's.
	Logger *slog.Logger
	Retry  retry.Policy

	// Tests interfere in these; each may be nil. OnStart is called before anything is asked of the stack, OnInvocation after
	// each invocation but the last, BeforeCheck when the export is complete.
	OnStart      func(context.Context, *stack.Stack)
	OnInvocation func(context.Context, *stack.Stack, driver.Invocation)
	BeforeCheck  func(context.Context, *stack.Stack, export.Result)
}

// Exported is what was counted in the export of a listing.
type Exported struct {
	verify.Report

	Listing  string
	Folder   string // where the parts lie
	WallTime time.Duration
}

// Summary is what a run counted.
type Summary struct {
	verify.Report // of all listings together

	Exported          []Exported
	Invocations       int
	Throttled, Minted int64 // requests that were answered with 429, and tokens; as the functions counted
	WallTime          time.Duration
}

// errNoRoom ends a run whose disk is full: nothing gets better by trying again.
var errNoRoom = errors.New("make room there, or choose another folder by -out (make: OUT=)")

// Run exports listings of a simulated organisation, all users and what happened in the last thirty hours included, checks the
// exports and reports both. The error is [verify.ErrFailed] where the check found something. Nothing is left running.
func Run(ctx context.Context, config Config, organisation genesyssim.Config) (Summary, error) {
	if organisation.AvailableUntil.IsZero() { // else what the organisation has changes while it is exported
		organisation.AvailableUntil = time.Now().UTC().Add(-organisation.AvailabilityLag).Truncate(time.Hour).Add(-time.Hour)
	}

	until := organisation.AvailableUntil

	r, err := newRun(config, order{State: allStates, PageSize: config.PageSize, From: until.Add(-30 * time.Hour), Until: until}, "run")
	if err != nil {
		return Summary{}, err
	}

	r.organisation = organisation

	return r.do(ctx, stack.Simulated{Config: organisation, CA: filepath.Join(r.Out, "ca.pem")})
}

// run is one run, simulated or live.
type run struct {
	Config

	view     *view
	stack    *stack.Stack
	order    order
	listings []listing
	exported []Exported
	// organisation is the simulated one.
	organisation genesyssim.Config
	// note is what a live run leaves to be resumed, from the moment when it is noted.
	note  *unfinished
	noted bool
}

func newRun(config Config, order order, kind string) (*run, error) {
	found, err := listings(config.Listings)
	if err != nil {
		return nil, err
	}

	order.Listings = config.Listings
	order.ExportID = cmp.Or(order.ExportID, kind+"-"+strings.Replace(now(), ".", "-", 1))

	return &run{Config: config, view: &view{out: config.Stdout}, order: order, listings: found}, nil
}

// now is to the millisecond: two runs may begin in one second.
func now() string { return time.Now().UTC().Format("20060102T150405.000Z") }

// do starts the stack, exports, checks and reports.
func (r *run) do(ctx context.Context, organisation stack.Organisation) (summary Summary, err error) {
	begun := time.Now()

	logs, err := openLogs(r.Out)
	if err != nil {
		return Summary{}, fmt.Errorf("open the functions' log: %w", err)
	}
	defer func() { err = errors.Join(err, logs.Close()) }()

	inside, end := context.WithCancelCause(ctx)
	defer end(nil)

	counted := &tally{log: logs, onReading: r.view.reading}

	r.Stack.Organisation, r.Stack.Data, r.Stack.Logs = organisation, dataFolder(r.Out), counted
	r.Stack.OnFullDisk = func(err error) { end(fmt.Errorf("%w: %w", err, errNoRoom)) }

	if r.stack, err = stack.Start(ctx, r.Stack); err != nil {
		return Summary{}, err
	}
	defer func() {
		if ctx.Err() != nil {
			r.view.line("stopping  what has been read is committed; this takes some seconds at most")
		}

		err = errors.Join(err, r.stack.Close())
	}()

	if r.stack.Genesys != nil {
		r.started()
	}

	if r.OnStart != nil {
		r.OnStart(inside, r.stack)
	}

	verdict := r.export(inside)
	if len(r.exported) < len(r.listings) || verdict != nil && !errors.Is(verdict, verify.ErrFailed) {
		return Summary{}, r.howToGoOn(inside, verdict)
	}

	if r.note != nil {
		if err := os.Remove(unfinishedName(r.Out)); err != nil {
			return Summary{}, fmt.Errorf("forget the export that is now finished: %w", err)
		}
	}

	summary = r.summary(time.Since(begun))
	summary.Throttled, summary.Minted = counted.throttled.Load(), counted.minted.Load()
	r.report(summary, verdict, logs.Name())

	return summary, verdict
}

func (r *run) summary(took time.Duration) Summary {
	summary := Summary{Exported: r.exported, WallTime: took}

	for _, function := range []string{stack.ExportUsers, stack.ExportDirectory, stack.ExportHistory} {
		summary.Invocations += r.stack.Lambda.Invocations(function)
	}

	for _, exported := range r.exported {
		summary.Pages += exported.Pages
		summary.Parts += exported.Parts
		summary.Records += exported.Records
		summary.Bytes += exported.Bytes
	}

	return summary
}

// dataFolder is where the stack's S3 keeps its objects.
func dataFolder(out string) string { return filepath.Join(out, "s3") }

// bucketFolder is the bucket as a folder.
func bucketFolder(out string) string { return filepath.Join(dataFolder(out), stack.Bucket) }

func openLogs(out string) (*os.File, error) {
	folder := filepath.Join(out, "logs")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, err // it names the folder
	}

	name := filepath.Join(folder, "functions-"+now()+".log")

	return os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // the folder is the caller's choice
}
