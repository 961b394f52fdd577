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
	"genesys-cloud-export/shared/driver"
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

// end is what an execution ended with: an output, or a failure.
type end struct {
	memory

	Successor string `json:"successor"`
	Listings  []struct {
		Listing string `json:"listing"`
		Records int64  `json:"records"`
	} `json:"listings"` // where several were asked for

	failure, cause string
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

		switch {
		case err != nil:
			return f.stopped(ctx, lastName(execution), err)
		case ended.failure != "":
			return f.failed(ended)
		case len(ended.Listings) > 0:
			var records []string
			for _, one := range ended.Listings {
				records = append(records, fmt.Sprintf("%s (%s records)", one.Listing, commandline.Grouped(one.Records)))
			}

			f.order.line("complete    export %s of %s", ended.ExportID, strings.Join(records, ", "))

			return nil
		case ended.Successor != "":
			f.order.line("goes on     in the execution %s, as a history has room for no more", lastName(ended.Successor))
			f.invocations += ended.Invocations
			execution = ended.Successor
		case ended.Result.Status == export.StatusComplete:
			f.order.line("complete    export %s of %s: %s", ended.ExportID, ended.Listing, ended.Result.Manifest)

			return nil
		default:
			return errors.New("the execution ended with an output that is not the state machine's: deploy again")
		}
	}
}

// followChild follows the execution that a task started to export one of several listings, and says how that ended. Where it is
// to be continued, another one follows.
func (f *following) followChild(ctx context.Context, task *types.TaskSubmittedEventDetails) error {
	var started struct {
		Execution string `json:"ExecutionArn"`
	}
	_ = json.Unmarshal([]byte(aws.ToString(task.Output)), &started) // one that is not there is not found either

	child := &following{order: f.order, client: f.client, invocations: f.invocations, child: true}

	ended, err := child.follow(ctx, started.Execution, true)
	if err != nil {
		return err
	}

	f.asked.ExportID, f.invocations = child.asked.ExportID, 0

	switch {
	case ended.failure != "":
		f.order.line("FAILED      %s: %s: %s", child.asked.names(), ended.failure, ended.cause)
	case ended.Result.Status == export.StatusComplete:
		f.order.line("complete    %s: %s", ended.Listing, ended.Result.Manifest)
	default:
		f.invocations = child.invocations + ended.Invocations
	}

	return nil
}

// follow looks at one execution until it has ended, and reports what happens. Its errors are the SDK's.
func (f *following) follow(ctx context.Context, execution string, fresh bool) (end, error) {
	for seen := int64(0); ; {
		state, err := f.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &execution}, patient(fresh))
		if err != nil {
			return end{}, err
		}

		if seen == 0 { // no event has said yet what is exported
			_ = json.Unmarshal([]byte(aws.ToString(state.Input)), &f.asked)
			f.asked.ExportID = cmp.Or(f.asked.ExportID, aws.ToString(state.Name))
		}

		// It is read after the state, so that it has all that led to it.
		history, err := f.client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{
			ExecutionArn: &execution, ReverseOrder: true, MaxResults: latestEvents, IncludeExecutionData: aws.Bool(true),
		}, patient(fresh))
		if err != nil {
			return end{}, err
		}

		for _, event := range slices.Backward(history.Events) {
			if event.Id <= seen {
				continue
			}

			seen = event.Id
			f.report(event)

			if event.TaskSubmittedEventDetails != nil {
				if err := f.followChild(ctx, event.TaskSubmittedEventDetails); err != nil {
					return end{}, err
				}
			}
		}

		if state.Status != types.ExecutionStatusRunning && state.Status != types.ExecutionStatusPendingRedrive {
			return endOf(state), nil
		}

		if err := retry.Sleep(ctx, pollEvery); err != nil {
			return end{}, err
		}
	}
}

// endOf is the end of an execution: nothing where its output is not the state machine's.
func endOf(state *sfn.DescribeExecutionOutput) (e end) {
	if state.Status != types.ExecutionStatusSucceeded {
		e.failure = cmp.Or(aws.ToString(state.Error), string(state.Status)) // one that was stopped has no error
		e.cause = cmp.Or(plain(aws.ToString(state.Cause)), "none is named; nothing is lost")

		return e
	}

	if json.Unmarshal([]byte(aws.ToString(state.Output)), &e) != nil {
		return end{}
	}

	return e
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

		of := ""
		if f.child {
			of = m.Listing + " "
		}

		f.order.line("invocation %-3d %s%s", f.invocations+m.Invocations, of, driver.Describe(m.Result))
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
func (f *following) failed(e end) error {
	then, id := "resume", f.asked.ExportID

	switch failure.Kind(e.failure) { //nolint:exhaustive // every other failure is resumed
	case failure.CursorExpired, failure.PaginationLoop, failure.CheckpointInvalid:
		then, id = "begin anew", ""
	case failure.InvalidInput:
		then = "correct"
	}

	f.order.line("FAILED      %s\ncause       %s\n%-11s %s", e.failure, e.cause, then, f.again(id))

	return fmt.Errorf("export %s failed: %s", f.asked.ExportID, e.failure)
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
