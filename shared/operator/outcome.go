package operator

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
)

// complete prints the table of an export that is whole.
func (f *following) complete(output memory, executions int, at time.Time) error {
	r := output.Result
	if r.Status != export.StatusComplete {
		return fmt.Errorf("the execution ended, and the export with the status %.40q: deploy again, and resume it by %s", r.Status, f.resumeCommand(false))
	}

	f.order.line("\nexport id    %s\nlisting      %s\nrecords      %s\npages        %s\nparts        %s\ninvocations  %d\nexecutions   %d\nwall time    %s\nmanifest     %s",
		output.ExportID, output.Listing, commandline.Grouped(r.Records), commandline.Grouped(r.Pages), commandline.Grouped(r.Parts),
		f.invocations, executions, at.Sub(f.begun).Round(time.Second), r.Manifest)

	return nil
}

// failed prints what went wrong and the command that goes on.
func (f *following) failed(ended *sfn.DescribeExecutionOutput) error {
	if f.asked.ExportID == "" { // it ended before an export began: its input says what was asked for
		f.asked = input{Listing: f.order.Listing}
		_ = json.Unmarshal([]byte(aws.ToString(ended.Input)), &f.asked)
	}

	if f.asked.ExportID == "" {
		f.asked.ExportID = aws.ToString(ended.Name)
	}

	kind, cause := aws.ToString(ended.Error), aws.ToString(ended.Cause)

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

	then := "resume"
	if anew {
		then = "begin anew"
	} else if failure.Kind(kind) == failure.InvalidInput {
		then = "correct"
	}

	f.order.line("FAILED      %s\ncause       %s\n%-11s %s", kind, plain(cause), then, f.resumeCommand(anew))

	return fmt.Errorf("export %s failed: %s", f.asked.ExportID, kind)
}

// resumeCommand takes the export up again where its checkpoint stands, or begins it anew.
func (f *following) resumeCommand(anew bool) string {
	words := []string{"export", "-stack", f.order.Stack, "-listing", f.asked.Listing}
	if !anew {
		words = append(words, "-export-id", f.asked.ExportID)
	}

	if len(f.asked.Options) > 0 && string(f.asked.Options) != "{}" {
		words = append(words, "-options", string(f.asked.Options))
	}

	return f.order.command(words...)
}

// taskFailed prints an error's type and what its cause says.
func (f *following) taskFailed(kind, cause *string) {
	f.order.line("failed      %s", strings.TrimSuffix(aws.ToString(kind)+": "+plain(aws.ToString(cause)), ": "))
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
