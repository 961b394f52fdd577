package operator

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/figure"
)

// The state machine's states whose events tell how an export stands.
const (
	stateExport  = "Export"
	stateRefresh = "Refresh the token"
)

// States returns the names above; a test holds them to the state machine.
func states() []string { return []string{stateExport, stateRefresh} }

const (
	// firstPage and nextPage are how many events are asked for at once: at first all that there are, up to 25,000; then
	// what happened since.
	firstPage = 1000
	nextPage  = 100
)

// memory is what the state machine's states pass on, as far as it is of interest.
type memory struct {
	Listing  string          `json:"listing"`
	ExportID string          `json:"export_id"`
	Options  json.RawMessage `json:"options"`
	Result   driver.Result   `json:"result"`
	Rotation struct {
		Reason string `json:"reason"`
	} `json:"rotation"`
	// Successor is an object while one is started, and its ARN, or "", at the end.
	Successor json.RawMessage `json:"successor"`
}

// newEvents are an execution's events after the one of that id, oldest first. The newest are asked for first, so that a poll
// costs one page; neither order nor page size is relied on.
func newEvents(ctx context.Context, client executions, execution string, after int64) ([]types.HistoryEvent, error) {
	size := int32(nextPage)
	if after == 0 {
		size = firstPage
	}

	var fresh []types.HistoryEvent

	pages := sfn.NewGetExecutionHistoryPaginator(client, &sfn.GetExecutionHistoryInput{
		ExecutionArn: &execution, ReverseOrder: true, MaxResults: size, IncludeExecutionData: aws.Bool(true),
	})
	for known := false; !known && pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}

		for _, event := range page.Events {
			if event.Id > after {
				fresh = append(fresh, event)
			} else {
				known = true
			}
		}
	}

	slices.SortFunc(fresh, func(a, b types.HistoryEvent) int { return int(a.Id - b.Id) })

	return slices.CompactFunc(fresh, func(a, b types.HistoryEvent) bool { return a.Id == b.Id }), nil
}

// take tells what an event says.
func (f *following) take(event types.HistoryEvent) {
	f.seen = max(f.seen, event.Id)

	if event.TaskSucceededEventDetails != nil {
		f.succeeded = true
	}

	// A state whose error was caught is exited too, with what was known before.
	if exited := event.StateExitedEventDetails; exited != nil {
		f.exited(aws.ToString(exited.Name), aws.ToString(exited.Output), aws.ToTime(event.Timestamp))
	}

	if entered := event.StateEnteredEventDetails; entered != nil && event.Type == types.HistoryEventTypeTaskStateEntered {
		f.until, f.succeeded = time.Time{}, false
		f.refreshing = aws.ToString(entered.Name) == stateRefresh

		if f.refreshing {
			f.board.line("token     none that the API takes: the rotator is asked")
		}
	}

	if failed := event.TaskFailedEventDetails; failed != nil {
		f.board.line("failed    %s%s", f.task(), problem(failed.Error, failed.Cause))
	}

	if timedOut := event.TaskTimedOutEventDetails; timedOut != nil {
		f.board.line("failed    %s%s", f.task(), problem(timedOut.Error, timedOut.Cause))
	}

	if failed := event.ExecutionFailedEventDetails; failed != nil {
		f.failure, f.cause = aws.ToString(failed.Error), aws.ToString(failed.Cause)
	}
}

// task names what failed where it is not the exporter.
func (f *following) task() string {
	if f.refreshing {
		return "the rotator: "
	}

	return ""
}

// exited takes the output of a state that has ended.
func (f *following) exited(name, output string, at time.Time) {
	var m memory
	if json.Unmarshal([]byte(output), &m) != nil {
		return
	}

	if m.ExportID != "" {
		f.asked.Listing, f.asked.ExportID = m.Listing, m.ExportID
		if m.Options != nil {
			f.asked.Options = m.Options
		}
	}

	switch {
	case !f.succeeded:
	case name == stateExport:
		f.slices++
		f.last, f.until = m.Result, at.Add(m.Result.Wait())
		f.slice()
	case name == stateRefresh:
		f.board.line("token     the rotator answers: %s", m.Rotation.Reason)
	}
}

// slice tells a slice that has ended.
func (f *following) slice() {
	next := ""
	if !f.last.Complete() {
		next = ", wait " + counted(int(f.last.WaitSeconds), "second", "seconds")
	}

	f.board.line("slice %-3d %s (%s%s): %s records, %s pages, parts %s", f.slices, f.last.Status, f.last.Reason, next,
		figure.Grouped(f.last.Records), figure.Grouped(f.last.Pages), figure.Grouped(f.last.Parts))
}

// problem is an error's type and what its cause says.
func problem(kind, cause *string) string {
	text := aws.ToString(kind)
	if text == "" {
		text = "an error without a name"
	}

	if said := plain(aws.ToString(cause)); said != "" {
		text += ": " + said
	}

	return text
}

// plain is a cause as a person reads it: where it ends in the document of a function's error, the document's message stands
// for it.
func plain(cause string) string {
	for at, r := range cause {
		if r != '{' {
			continue
		}

		var document struct {
			Message *string `json:"errorMessage"`
		}
		if json.Unmarshal([]byte(cause[at:]), &document) == nil && document.Message != nil {
			cause = strings.TrimSpace(cause[:at]) + " " + *document.Message

			break
		}
	}

	return strings.TrimSpace(withoutARNs(cause))
}
