package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/figure"
)

const (
	// pollEvery is how often an execution is looked at. Two calls each time are a tenth of what AWS allows an account.
	pollEvery = 4 * time.Second
	// patience is how long AWS may not answer before the following is given up: a laptop sleeps, a network changes.
	patience = 15 * time.Minute
	// unknownFor is how long an execution that was just started may not be found: reads of it are eventually consistent.
	unknownFor = time.Minute
)

// following is one export on its way.
type following struct {
	order  Order
	client executions
	board  *board

	asked   input // what the export is, as far as it is known
	started bool  // the execution was started just now

	seen       int64 // the last event that was told of the present execution
	slices     int
	executions int
	last       driver.Result
	until      time.Time // the next slice begins then
	refreshing bool      // the task of the moment is the rotator's
	succeeded  bool      // that task has succeeded

	failure, cause string // as the history has them
	begun          time.Time
}

// run follows an execution and its successors.
func (f *following) run(ctx context.Context, execution string) error {
	defer f.board.close()

	for {
		ended, err := f.follow(ctx, execution)
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("stopped following; the export goes on in AWS. Follow it again: %s", f.order.followCommand(lastName(execution)))
		}

		if absent(err) {
			return err
		}

		if err != nil {
			return fmt.Errorf("%w. The export goes on in AWS. Follow it again: %s", err, f.order.followCommand(lastName(execution)))
		}

		if ended.Status != types.ExecutionStatusSucceeded {
			return f.failed(ended)
		}

		var output memory
		if err := json.Unmarshal([]byte(aws.ToString(ended.Output)), &output); err != nil {
			return errors.New("the execution ended with an output that is not the state machine's: deploy again")
		}

		var successor string
		if json.Unmarshal(output.Successor, &successor) != nil || successor == "" {
			return f.complete(output, aws.ToTime(ended.StopDate))
		}

		f.board.line("goes on   in the execution %s, as a history holds no more", lastName(successor))

		execution, f.started, f.seen = successor, true, 0
	}
}

// follow looks at one execution until it has ended.
func (f *following) follow(ctx context.Context, execution string) (*sfn.DescribeExecutionOutput, error) {
	f.executions++

	began := time.Now()
	silent := began // since then AWS has not answered

	for {
		state, err := f.look(ctx, execution)

		switch {
		case err == nil:
			silent = time.Now()
			if !slices.Contains([]types.ExecutionStatus{types.ExecutionStatusRunning, types.ExecutionStatusPendingRedrive}, state.Status) {
				return state, nil
			}
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case f.young(err) && time.Since(began) < unknownFor:
		case absent(err):
			return nil, &refusal{text: fmt.Sprintf("there is no execution %s: name another", lastName(execution)), cause: err}
		case lasting(err) || time.Since(silent) >= patience:
			return nil, told(ctx, "look at the execution "+lastName(execution), err)
		}

		if err := f.pause(ctx); err != nil {
			return nil, err
		}
	}
}

func absent(err error) bool {
	_, missing := errors.AsType[*types.ExecutionDoesNotExist](err)

	return missing
}

// young reports whether the execution is too young to be found.
func (f *following) young(err error) bool { return f.started && absent(err) }

// look reads the state first: what the history holds then is of that state or later.
func (f *following) look(ctx context.Context, execution string) (*sfn.DescribeExecutionOutput, error) {
	state, err := f.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &execution})
	if err != nil {
		return nil, err
	}

	if f.begun.IsZero() {
		f.begun = aws.ToTime(state.StartDate)
		f.ordered(state)
	}

	events, err := newEvents(ctx, f.client, execution, f.seen)
	if err != nil {
		return nil, err
	}

	for _, event := range events {
		f.take(event)
	}

	return state, nil
}

// ordered takes what the export is from the input of an execution that others have started.
func (f *following) ordered(state *sfn.DescribeExecutionOutput) {
	if f.started {
		return
	}

	f.asked = input{Listing: f.order.Listing}
	// An input that is no such object fails by itself.
	_ = json.Unmarshal([]byte(aws.ToString(state.Input)), &f.asked)

	if f.asked.ExportID == "" {
		f.asked.ExportID = aws.ToString(state.Name)
	}
}

// pause waits until the next look, and draws meanwhile.
func (f *following) pause(ctx context.Context) error {
	return f.board.wait(ctx, pollEvery, func() (string, int64) {
		doing := "slice " + strconv.Itoa(f.slices+1)
		if left := time.Until(f.until); left > 0 {
			doing += ", waiting " + left.Round(time.Second).String()
		}

		return fmt.Sprintf("%s: %s records, %s pages so far", doing, figure.Grouped(f.last.Records), figure.Grouped(f.last.Pages)), f.last.Records
	})
}

// complete prints the table of an export that is whole.
func (f *following) complete(output memory, at time.Time) error {
	r := output.Result
	if !r.Complete() {
		return fmt.Errorf("the execution ended, and the export with the status %.40q: deploy again, and resume it by %s", r.Status, f.order.resumeCommand(f.asked, false))
	}

	return f.board.table([][2]string{
		{"export id", output.ExportID},
		{"listing", output.Listing},
		{"records", figure.Grouped(r.Records)},
		{"pages", figure.Grouped(r.Pages)},
		{"parts", figure.Grouped(r.Parts)},
		{"slices", figure.Grouped(int64(f.slices))},
		{"executions", figure.Grouped(int64(f.executions))},
		{"wall time", at.Sub(f.begun).Round(time.Second).String()},
		{"manifest", r.Manifest},
	})
}

// failed prints what went wrong and the command that goes on.
func (f *following) failed(ended *sfn.DescribeExecutionOutput) error {
	kind, cause := aws.ToString(ended.Error), aws.ToString(ended.Cause)
	if kind == "" {
		kind, cause = f.failure, f.cause
	}

	switch {
	case kind != "":
	case ended.Status == types.ExecutionStatusAborted:
		kind, cause = "Aborted", "somebody stopped the execution. It loses nothing."
	case ended.Status == types.ExecutionStatusTimedOut:
		kind, cause = "States.Timeout", "the execution took longer than the state machine allows. It loses nothing."
	default:
		kind = string(ended.Status)
	}

	anew := slices.Contains([]failure.Kind{failure.CursorExpired, failure.PaginationLoop, failure.CheckpointInvalid}, failure.Kind(kind))

	then := "resume    "

	switch {
	case anew:
		then = "begin anew"
	case failure.Kind(kind) == failure.InvalidInput:
		then = "correct   "
	}

	f.board.line("FAILED     %s", kind)
	f.board.line("cause      %s", plain(cause))
	f.board.line("%s %s", then, f.order.resumeCommand(f.asked, anew))

	return fmt.Errorf("export %s failed: %s", f.asked.ExportID, kind)
}
