package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

const (
	// pollEvery is how often an execution is looked at. Two calls each time are a tenth of what AWS allows an account.
	pollEvery = 4 * time.Second
	// patience is how long AWS may not answer before following ends: a laptop sleeps, a network changes.
	patience = 15 * time.Minute
	// latestEvents is how many events of the history are read at each look: what happens within an hour, mostly, and all
	// listings that are found complete at once.
	latestEvents = 300
	// stateCounted is the state that each invocation leads to, where it did not fail.
	stateCounted = "Count the invocation"
)

// memory is what the state machine's states pass on, as far as it is read here.
type memory struct {
	input

	Invocations int           `json:"invocations"` // of this execution
	Result      export.Result `json:"result"`
}

// following is one export on its way through one execution or several.
type following struct {
	order       Order
	client      *sfn.Client
	asked       input // what the export is, as far as it is known
	invocations int   // of the executions before this one
	child       bool  // of one of several listings
}

// run follows an execution and its successors.
func (f *following) run(ctx context.Context, execution string) error {
	for fresh := f.order.WaitFor == ""; ; fresh = true {
		ended, err := f.follow(ctx, execution, fresh)
		if err != nil {
			return f.stopped(ctx, lastName(execution), err)
		}

		if ended.Status != types.ExecutionStatusSucceeded {
			return f.failed(ended)
		}

		output, unread := outputOf(ended)

		switch {
		case unread == nil && len(output.Listings) > 0:
			f.order.line("complete    export %s of %s", output.ExportID, strings.Join(output.records(), ", "))

			return nil
		case unread == nil && output.Successor != "":
			f.order.line("goes on     in the execution %s, as a history has room for no more", lastName(output.Successor))
			f.invocations += output.Invocations
			execution = output.Successor
		case unread == nil && output.Result.Status == export.StatusComplete:
			f.order.line("complete    export %s of %s: %s", output.ExportID, output.Listing, output.Result.Manifest)

			return nil
		default:
			return errors.New("the execution ended with an output that is not the state machine's: deploy again")
		}
	}
}

// output is what an execution ends with.
type output struct {
	memory

	Successor string `json:"successor"`
	Listings  []struct {
		Listing string `json:"listing"`
		Records int64  `json:"records"`
	} `json:"listings"` // where several were asked for
}

// records are the listings with the number of their records, for a person.
func (o output) records() (all []string) {
	for _, one := range o.Listings {
		all = append(all, fmt.Sprintf("%s (%s records)", one.Listing, commandline.Grouped(one.Records)))
	}

	return all
}

func outputOf(ended *sfn.DescribeExecutionOutput) (read output, err error) {
	err = json.Unmarshal([]byte(aws.ToString(ended.Output)), &read)

	return read, err
}

// followChild follows the execution that exports one of several listings, and says how that ended. Where it is to be continued,
// another one follows.
func (f *following) followChild(ctx context.Context, execution string) error {
	of := &following{order: f.order, client: f.client, invocations: f.invocations, child: true}

	ended, err := of.follow(ctx, execution, true)
	if err != nil {
		return err
	}

	f.invocations = 0
	f.asked.ExportID = cmp.Or(f.asked.ExportID, of.asked.ExportID)

	switch output, unread := outputOf(ended); {
	case ended.Status != types.ExecutionStatusSucceeded:
		kind, cause := of.failure(ended)
		f.order.line("FAILED      %s: %s: %s", of.asked.names(), kind, cause)
	case unread == nil && output.Result.Status == export.StatusComplete:
		f.order.line("complete    %s: %s", output.Listing, output.Result.Manifest)
	default:
		f.invocations = of.invocations + output.Invocations
	}

	return nil
}

// failure is the error of an execution that failed or was stopped, and its cause. What the export is, is known then.
func (f *following) failure(ended *sfn.DescribeExecutionOutput) (kind, cause string) {
	if f.asked.Listing == "" && len(f.asked.Listings) == 0 { // no invocation ended: the execution's input says what was asked for
		f.asked = input{ExportID: cmp.Or(f.asked.ExportID, aws.ToString(ended.Name))}
		_ = json.Unmarshal([]byte(aws.ToString(ended.Input)), &f.asked)
	}

	// An execution that was stopped has no error.
	return cmp.Or(aws.ToString(ended.Error), string(ended.Status)), cmp.Or(plain(aws.ToString(ended.Cause)), "none is named; nothing is lost")
}

// follow looks at one execution until it has ended, and reports what happens. Its errors are the SDK's.
func (f *following) follow(ctx context.Context, execution string, fresh bool) (*sfn.DescribeExecutionOutput, error) {
	for seen := int64(0); ; {
		state, err := f.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &execution}, patient(fresh))
		if err != nil {
			return nil, err
		}

		// It is read after the state, so that it has all that led to it.
		history, err := f.client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{
			ExecutionArn: &execution, ReverseOrder: true, MaxResults: latestEvents, IncludeExecutionData: aws.Bool(true),
		}, patient(fresh))
		if err != nil {
			return nil, err
		}

		for _, event := range slices.Backward(history.Events) {
			if event.Id <= seen {
				continue
			}

			seen = event.Id
			f.report(event)

			if submitted := event.TaskSubmittedEventDetails; submitted != nil {
				if err := f.followChild(ctx, started(submitted)); err != nil {
					return nil, err
				}
			}
		}

		if state.Status != types.ExecutionStatusRunning && state.Status != types.ExecutionStatusPendingRedrive {
			return state, nil
		}

		if err := retry.Sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

// started is the execution that a task started.
func started(task *types.TaskSubmittedEventDetails) string {
	var reply struct {
		ExecutionArn string `json:"ExecutionArn"`
	}
	_ = json.Unmarshal([]byte(aws.ToString(task.Output)), &reply) // one that is not there is not found either

	return reply.ExecutionArn
}

// patient repeats a call for as long as AWS may not answer. A fresh execution may not be found at first.
func patient(fresh bool) func(*sfn.Options) {
	return func(o *sfn.Options) {
		o.Retryer = repeated(pollEvery, int(patience/pollEvery))
		if fresh {
			o.Retryer = awsretry.AddWithErrorCodes(o.Retryer, "ExecutionDoesNotExist")
		}
	}
}

// report prints what an event says of an invocation, if anything.
func (f *following) report(event types.HistoryEvent) {
	switch failed, late, exited := event.TaskFailedEventDetails, event.TaskTimedOutEventDetails, event.StateExitedEventDetails; {
	case failed != nil && aws.ToString(failed.Error) == "States.TaskFailed": // of a child, whose end was reported
	case failed != nil:
		f.order.line("failed      %s", strings.TrimSuffix(aws.ToString(failed.Error)+": "+plain(aws.ToString(failed.Cause)), ": "))
	case late != nil:
		f.order.line("failed      %s", aws.ToString(late.Error))
	case exited != nil && aws.ToString(exited.Name) == stateCounted:
		var m memory
		if json.Unmarshal([]byte(aws.ToString(exited.Output)), &m) != nil {
			return
		}

		f.asked = m.input
		r := m.Result

		next := ""
		if r.Status != export.StatusComplete {
			next = fmt.Sprintf(", wait %d s", r.WaitSeconds)
		}

		of := ""
		if f.child {
			of = m.Listing + " "
		}

		f.order.line("invocation %-3d %s%s (%s%s): %s records, %s pages, parts %s", f.invocations+m.Invocations, of, r.Status, r.Reason, next,
			commandline.Grouped(r.Records), commandline.Grouped(r.Pages), commandline.Grouped(r.Parts))
	}
}

// stopped says why an execution is followed no more, and how to follow it again.
func (f *following) stopped(ctx context.Context, execution string, err error) error {
	again := f.order.command("export", "-stack", f.order.Stack, "-wait-for", execution)

	if _, absent := errors.AsType[*types.ExecutionDoesNotExist](err); absent {
		return fmt.Errorf("there is no execution %s: name another", execution)
	}

	if ctx.Err() != nil {
		return fmt.Errorf("stopped following; the export goes on in AWS. Follow it again: %s", again)
	}

	return fmt.Errorf("%w. The export goes on in AWS. Follow it again: %s", explained(ctx, "look at the execution "+execution, err), again)
}

// failed prints what went wrong and the command that goes on.
func (f *following) failed(ended *sfn.DescribeExecutionOutput) error {
	kind, cause := f.failure(ended)
	then, id := "resume", f.asked.ExportID

	switch failure.Kind(kind) { //nolint:exhaustive // every other failure is resumed
	case failure.CursorExpired, failure.PaginationLoop, failure.CheckpointInvalid:
		then, id = "begin anew", ""
	case failure.InvalidInput:
		then = "correct"
	}

	f.order.line("FAILED      %s\ncause       %s\n%-11s %s", kind, cause, then, f.again(id))

	return fmt.Errorf("export %s failed: %s", f.asked.ExportID, kind)
}

// again is the command that resumes the export of that id, or begins a new one.
func (f *following) again(id string) string {
	words := []string{"export", "-stack", f.order.Stack, "-listings", f.asked.names()}
	if id != "" {
		words = append(words, "-export-id", id)
	}

	if len(f.asked.Options) > 0 && string(f.asked.Options) != "{}" {
		words = append(words, "-options", string(f.asked.Options))
	}

	return f.order.command(words...)
}

// plain is a cause as a person reads it: of the document of a function's error that it ends with, the message.
func plain(cause string) string {
	if before, _, found := strings.Cut(cause, `{"error`); found {
		var document struct {
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal([]byte(cause[len(before):]), &document) == nil && document.Message != "" {
			cause = before + document.Message
		}
	}

	return strings.TrimSpace(withoutARNs(cause))
}
