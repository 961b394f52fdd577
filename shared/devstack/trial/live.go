package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/verify"
	"genesys-cloud-export/shared/driver"
)

const (
	// liveTimeout is short, so that the lease of an invocation that was killed ends soon. It costs a few requests to S3 each.
	liveTimeout = time.Minute
	// MaxPageSize is the largest that the export function takes.
	MaxPageSize = 500
	// privateMode is that of folders that hold a real organisation's data.
	privateMode = 0o700
)

// Live says which real organisation is exported, and where to. Only AWS is local.
type Live struct {
	// Organisation is whose users are exported.
	Organisation stack.Outside
	// Source says in words where the client credentials are from, Warning what is unsafe about that; "" is nothing.
	Source, Warning string
	// State is which users are exported: active, inactive, deleted or any.
	State string
	// PageSize is how many users are asked for at a time, up to 500; 0 is the function's default.
	PageSize int
	// Out is the folder below which the export, what is needed to resume it, and the functions' logs are left.
	Out string
	// Binaries is the folder with a folder for each function, each with its bootstrap.
	Binaries string
	// Template is the file of the template that says what the functions and their roles are.
	Template string
	// Timeout is that of the export function; 0 is a minute. An export that was interrupted waits for so long at most before
	// it goes on.
	Timeout time.Duration
	// Environment is set for every function, over what the template sets.
	Environment map[string]string
	// Stdout gets the report. No entity and no secret is in it.
	Stdout io.Writer
	// Terminal tells that Stdout is a terminal, on which progress is drawn in place; else it is plain lines.
	Terminal bool
	// Logger is told of invocations that failed and are tried again. Nil drops it.
	Logger *slog.Logger
	// Confirm is asked after it was said what will be read, and before the first request. An error ends the run.
	Confirm func(context.Context) error
	// OnSlice is called after each slice but the last. It may be nil.
	OnSlice func(context.Context, *stack.Stack, driver.Invocation)
}

// Check tells all that is wrong at once, but for the credentials, so that nobody types a secret in vain. It asks nobody.
func (l Live) Check() error {
	if err := l.validate(); err != nil {
		return err
	}

	_, _, err := l.note()

	return err
}

func (l Live) validate() error {
	var problems []error
	if err := l.Organisation.Check(); err != nil {
		problems = append(problems, err)
	}

	for _, name := range []string{l.Binaries, l.Template} {
		if _, err := os.Stat(name); err != nil {
			problems = append(problems, fmt.Errorf("look for the built functions and the template: %w", err))
		}
	}

	if info, err := os.Stat(l.Out); err == nil && !info.IsDir() {
		problems = append(problems, fmt.Errorf("%s is no folder, so that no export can be left there: choose another by -out (make: OUT=)", l.Out))
	}

	if l.Timeout < 0 {
		problems = append(problems, fmt.Errorf("the timeout %s is negative", l.Timeout))
	}

	if states := []string{"active", "inactive", "deleted", "any"}; !slices.Contains(states, l.State) {
		problems = append(problems, fmt.Errorf("the state %q is none of %s", l.State, strings.Join(states, ", ")))
	}

	if l.PageSize < 0 || l.PageSize > MaxPageSize {
		problems = append(problems, fmt.Errorf("the page size %d is not from 1 to %d (0 is the function's default)", l.PageSize, MaxPageSize))
	}

	if l.Confirm == nil {
		problems = append(problems, errors.New("nobody is there to confirm"))
	}

	return errors.Join(problems...)
}

// RunLive exports the users of a real organisation to this machine, checks the export in itself, and reports both. It says
// first what it will read and waits for Confirm; until then nothing is asked of the organisation. Nothing is left running.
//
// An export that did not come to its end is remembered in Out and resumed by the next run with the same organisation, client,
// state and page size; a run with others is refused. The error is [ErrIncomplete] where the check found something.
func RunLive(ctx context.Context, config Live) (summary Summary, err error) {
	begun := time.Now()

	if err := config.validate(); err != nil {
		return Summary{}, err
	}

	if config.Timeout == 0 {
		config.Timeout = liveTimeout
	}

	note, resumed, err := config.note()
	if err != nil {
		return Summary{}, err
	}

	v := &view{out: config.Stdout, terminal: config.Terminal}
	v.announce(config, note, resumed)

	if err := config.Confirm(ctx); err != nil {
		return Summary{}, err
	}

	logs, err := openLogs(config.Out)
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()

	if err := keepPrivate(dataFolder(config.Out)); err != nil {
		return Summary{}, err
	}

	counted := &tally{log: logs, onReading: v.reading}

	inside, full, stop := whileThereIsRoom(ctx)
	defer stop()

	local, err := stack.Start(ctx, stack.Config{
		OnFullDisk: full,
		Template:   config.Template, Organisation: config.Organisation, Binaries: config.Binaries, Data: dataFolder(config.Out),
		Timeout: config.Timeout, Environment: config.Environment, Logs: counted,
	})
	if err != nil {
		return Summary{}, err
	}
	defer func() {
		v.stopping(ctx)
		err = errors.Join(err, local.Close())
	}()

	summary, report, err := config.export(inside, local, v, note)
	if err != nil {
		return Summary{}, err
	}

	summary.Throttled, summary.TokensMint = counted.counts()
	summary.ByFunctions, summary.WallTime, summary.Logs = true, time.Since(begun), logs.Name()

	return summary, v.report(summary, report)
}

// note is what this run has to remember, or what an earlier one has left to be resumed.
func (l Live) note() (unfinished, bool, error) {
	name, err := l.Organisation.Name()
	if err != nil {
		return unfinished{}, false, err
	}

	wanted := unfinished{
		order:       order{ExportID: newExportID("live"), State: l.State, PageSize: l.PageSize},
		Environment: name,
		ClientID:    l.Organisation.ClientID,
	}

	left, there, err := readUnfinished(l.Out)
	if err != nil || !there {
		return wanted, false, err
	}

	return left, true, left.resumable(l.Out, wanted)
}

// export exports, checks and forgets. What has begun and ended otherwise is remembered, and its error says how to go on.
func (l Live) export(ctx context.Context, local *stack.Stack, v *view, note unfinished) (Summary, verify.Report, error) {
	noted := false

	e := &exporting{
		stack: local, view: v, calls: driver.New(local.Functions(), driver.Config{Logger: l.Logger}), out: l.Out,
		logger: l.Logger, order: note.order, total: unknown, records: v.recorded,
		begin: func() error {
			noted = true
			return note.write(l.Out)
		},
	}
	if l.OnSlice != nil {
		e.onSlice = func(ctx context.Context, slice driver.Invocation) { l.OnSlice(ctx, local, slice) }
	}

	summary, report, err := e.run(ctx)
	if err == nil {
		return summary, report, removeUnfinished(l.Out)
	}

	interrupted := ctx.Err() != nil && !errors.Is(context.Cause(ctx), errNoRoom)

	switch {
	case interrupted && noted:
		err = fmt.Errorf("interrupted, and nothing is lost: start again in the same way, and export %s goes on: %w",
			note.ExportID, context.Cause(ctx))
	case interrupted:
		err = fmt.Errorf("interrupted before the export began: %w", context.Cause(ctx))
	case noted:
		err = fmt.Errorf("%w; start again in the same way to go on with export %s, or delete %s to begin another",
			err, note.ExportID, unfinishedName(l.Out))
	}

	return Summary{}, verify.Report{}, err
}

// keepPrivate makes a folder that only its owner enters.
func keepPrivate(folder string) error {
	if err := os.MkdirAll(folder, privateMode); err != nil {
		return fmt.Errorf("make the folder for exports: %w", err)
	}

	// It may have been there before.
	if err := os.Chmod(folder, privateMode); err != nil {
		return fmt.Errorf("keep others out of the folder for exports: %w", err)
	}

	return nil
}

// announce says which organisation will be read, of what, and where to.
func (v *view) announce(l Live, note unfinished, resumed bool) {
	tokenURL, apiURL, err := l.Organisation.Addresses()
	if err != nil {
		return // validate has refused it
	}

	v.line("organisation  Genesys Cloud, real: %s", note.Environment)
	v.line("API           %s", apiURL)
	v.line("credentials   client %s (%s), tokens from %s", l.Organisation.ClientID, l.Source, tokenURL)
	v.line("reads         its users, %s", states(note.State))
	v.line("writes        %s", partsFolder(l.Out))
	v.line("AWS           simulated on this machine; nothing is sent to AWS")

	if resumed {
		v.line("resumes       export %s", note.ExportID)
	}

	if l.Warning != "" {
		v.line("careful       %s", l.Warning)
	}
}

func states(state string) string {
	if state == "any" {
		return "of every state, inactive and deleted ones included (the function's default is active)"
	}

	return "those in state " + state
}
