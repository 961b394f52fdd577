package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/retry"
)

const (
	// pollEvery is how often an execution is looked at. Two calls each time are a tenth of what AWS allows an account.
	pollEvery = 4 * time.Second
	// latestEvents is how many events of the history are read at each look: what happens within an hour, mostly.
	latestEvents = 100
	// patience is how long AWS may not answer before following ends: a laptop sleeps, a network changes.
	patience = 15 * time.Minute
	// unknownFor is how long an execution that was just started may not be found: reads of it are eventually consistent.
	unknownFor = time.Minute
)

// The state machine's states whose events are reported.
const (
	stateExport  = "Export"
	stateRefresh = "Refresh the token"
)

// memory is what the state machine's states pass on, as far as it is read here.
type memory struct {
	input

	Invocations int             `json:"invocations"` // invocations of this execution
	Result      export.Result   `json:"result"`
	Failure     json.RawMessage `json:"failure"` // of a task, where it was caught
	// Successor is an object while one is started, and its ARN, or "", at the end.
	Successor json.RawMessage `json:"successor"`
}

// following is one export on its way.
type following struct {
	order  Order
	client *sfn.Client
	asked  input // what the export is, as far as it is known
	fresh  bool  // the execution was started just now

	seen        int64 // the last event of this execution that was reported
	begun       time.Time
	invocations int // of the executions before this one
}

// run follows an execution and its successors.
func (f *following) run(ctx context.Context, execution string) error {
	for executions := 1; ; executions++ {
		ended, err := f.follow(ctx, execution)
		again := f.order.command("export", "-stack", f.order.Stack, "-wait-for", lastName(execution))

		switch {
		case err != nil && ctx.Err() != nil:
			return fmt.Errorf("stopped following; the export goes on in AWS. Follow it again: %s", again)
		case absent(err):
			return fmt.Errorf("there is no execution %s: name another", lastName(execution))
		case err != nil:
			return fmt.Errorf("%w. The export goes on in AWS. Follow it again: %s", explained(ctx, "look at the execution "+lastName(execution), err), again)
		case ended.Status != types.ExecutionStatusSucceeded:
			return f.failed(ended)
		}

		var output memory
		if json.Unmarshal([]byte(aws.ToString(ended.Output)), &output) != nil {
			return errors.New("the execution ended with an output that is not the state machine's: deploy again")
		}

		f.invocations += output.Invocations

		var successor string
		if json.Unmarshal(output.Successor, &successor) != nil || successor == "" {
			return f.complete(output, executions, aws.ToTime(ended.StopDate))
		}

		f.order.line("goes on     in the execution %s, as a history has room for no more", lastName(successor))
		execution, f.fresh, f.seen = successor, true, 0
	}
}

// follow looks at one execution until it has ended. Its errors are the SDK's.
func (f *following) follow(ctx context.Context, execution string) (*sfn.DescribeExecutionOutput, error) {
	began := time.Now()
	answered := began

	for {
		state, err := f.look(ctx, execution)

		switch {
		case err == nil && state.Status != types.ExecutionStatusRunning && state.Status != types.ExecutionStatusPendingRedrive:
			return state, nil
		case err == nil:
			answered = time.Now()
		case f.fresh && absent(err) && time.Since(began) < unknownFor:
		case lasting(err) || time.Since(answered) >= patience:
			return nil, err
		}

		if err := retry.Sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

func absent(err error) bool {
	_, missing := errors.AsType[*types.ExecutionDoesNotExist](err)

	return missing
}

// look reads the state first: what the history has then is of that state or later.
func (f *following) look(ctx context.Context, execution string) (*sfn.DescribeExecutionOutput, error) {
	state, err := f.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &execution})
	if err != nil {
		return nil, err
	}

	history, err := f.client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{
		ExecutionArn: &execution, ReverseOrder: true, MaxResults: latestEvents, IncludeExecutionData: aws.Bool(true),
	})
	if err != nil {
		return nil, err
	}

	if f.begun.IsZero() {
		f.begun = aws.ToTime(state.StartDate)
	}

	slices.SortFunc(history.Events, func(a, b types.HistoryEvent) int { return int(a.Id - b.Id) })

	for _, event := range history.Events {
		if event.Id > f.seen {
			f.seen = event.Id
			f.report(event)
		}
	}

	return state, nil
}

// report prints what an event says, if anything.
func (f *following) report(event types.HistoryEvent) {
	switch {
	case event.StateEnteredEventDetails != nil && aws.ToString(event.StateEnteredEventDetails.Name) == stateRefresh:
		f.order.line("token       none that the API takes: the rotator is asked")
	case event.TaskFailedEventDetails != nil:
		f.taskFailed(event.TaskFailedEventDetails.Error, event.TaskFailedEventDetails.Cause)
	case event.TaskTimedOutEventDetails != nil:
		f.taskFailed(event.TaskTimedOutEventDetails.Error, event.TaskTimedOutEventDetails.Cause)
	case event.StateExitedEventDetails != nil && aws.ToString(event.StateExitedEventDetails.Name) == stateExport:
		f.exported(aws.ToString(event.StateExitedEventDetails.Output))
	}
}

// exported reports an invocation that has ended. A state whose error was caught is exited too, with the result of before.
func (f *following) exported(output string) {
	var m memory
	if json.Unmarshal([]byte(output), &m) != nil || m.Failure != nil {
		return
	}

	f.asked = m.input
	r := m.Result

	next := ""
	if r.Status != export.StatusComplete {
		next = fmt.Sprintf(", wait %d s", r.WaitSeconds)
	}

	f.order.line("invocation %-3d %s (%s%s): %s records, %s pages, parts %s", f.invocations+m.Invocations+1, r.Status, r.Reason, next,
		commandline.Grouped(r.Records), commandline.Grouped(r.Pages), commandline.Grouped(r.Parts))
}
