package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"genesys-cloud-export/shared/driver"
)

// maxExecutionName is the longest name of an execution:
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
const maxExecutionName = 80

// executions are the calls of [sfn.Client] that are needed.
type executions interface {
	StartExecution(ctx context.Context, input *sfn.StartExecutionInput, options ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
	DescribeExecution(ctx context.Context, input *sfn.DescribeExecutionInput, options ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
	GetExecutionHistory(ctx context.Context, input *sfn.GetExecutionHistoryInput, options ...func(*sfn.Options)) (*sfn.GetExecutionHistoryOutput, error)
}

// Order is an export to be started and followed, or one to be followed that runs.
type Order struct {
	Target

	// Listing is what is exported: "users".
	Listing string
	// ExportID names the export; "" makes a new one. A known one resumes it.
	ExportID string
	// Options is what the exporter is asked for, a JSON object; "" is none.
	Options string
	// WaitFor is an execution, by name or ARN, to be followed instead of starting one.
	WaitFor string
	// Terminal shows progress that is drawn over; without it there are lines alone.
	Terminal bool
}

// input is the state machine's.
type input struct {
	Listing  string          `json:"listing"`
	ExportID string          `json:"export_id"`
	Options  json.RawMessage `json:"options"`
}

// Export starts an execution of the stack's state machine, or finds the one to wait for, and follows it and its
// successors to the export's end. Where ctx ends first the execution goes on, and the error says how to follow it again;
// where the export fails the error says so, and how to go on was printed.
func Export(ctx context.Context, o Order) error {
	asked, err := o.input(time.Now())
	if err != nil {
		return err
	}

	stack, err := o.find(ctx)
	if err != nil {
		return err
	}

	machine, err := stack.output(outputWorkflow)
	if err != nil {
		return err
	}

	client := sfn.NewFromConfig(o.AWS)
	follow := &following{order: o, client: client, asked: asked, board: newBoard(o.Out, o.Terminal)}

	var execution string
	if o.WaitFor == "" {
		execution, err = o.start(ctx, client, machine, asked)
		follow.started = err == nil
	} else {
		execution, err = waitedFor(machine, o.WaitFor)
	}

	if err != nil {
		return err
	}

	return follow.run(ctx, execution)
}

// input checks what is given, and makes an export id where none is: an export whose start has no answer can then be resumed.
func (o Order) input(now time.Time) (input, error) {
	var object map[string]json.RawMessage
	if o.Options != "" && (json.Unmarshal([]byte(o.Options), &object) != nil || object == nil) {
		return input{}, errors.New(`the options are not a JSON object such as {"state":"any"}: correct -options (make: OPTIONS=)`)
	}

	if o.WaitFor != "" && (o.ExportID != "" || o.Options != "") {
		return input{}, errors.New("an execution that runs has its export id and options: give them, or an execution to wait for, not both")
	}

	if o.ExportID != "" && !driver.ValidExportID(o.ExportID) {
		return input{}, errors.New("an export id is 1 to 80 letters, digits, hyphens and underscores, and begins with a letter or digit: correct -export-id (make: EXPORT_ID=)")
	}

	asked := input{Listing: o.Listing, ExportID: o.ExportID, Options: json.RawMessage("{}")}
	if asked.ExportID == "" {
		asked.ExportID = driver.NewExportID(now)
	}

	if o.Options != "" {
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(o.Options)); err != nil {
			return input{}, errors.New("the options are not JSON: correct -options (make: OPTIONS=)")
		}

		asked.Options = compact.Bytes()
	}

	return asked, nil
}

// executionName is an export id with the time, as a name is refused for 90 days after its execution has closed.
func executionName(exportID string, now time.Time) string {
	suffix := now.UTC().Format("-20060102T150405Z")

	return exportID[:min(len(exportID), maxExecutionName-len(suffix))] + suffix
}

func (o Order) start(ctx context.Context, client executions, machine string, asked input) (string, error) {
	text, err := json.Marshal(asked)
	if err != nil {
		return "", fmt.Errorf("encode the execution's input: %w", err)
	}

	name := executionName(asked.ExportID, time.Now())

	reply, err := client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &machine, Name: &name, Input: aws.String(string(text)),
	})
	if ctx.Err() != nil {
		return "", fmt.Errorf("interrupted while the export was started, so that it may run: follow it by %s", o.followCommand(name))
	}

	if err != nil {
		return "", told(ctx, "start the export", err)
	}

	o.line("started   export %s of %s", asked.ExportID, asked.Listing)
	o.line("          follow it from elsewhere: %s", o.followCommand(name))

	return aws.ToString(reply.ExecutionArn), nil
}

// waitedFor is the ARN of one of the state machine's executions, which may be given by its name.
func waitedFor(machine, execution string) (string, error) {
	prefix := strings.Replace(machine, ":stateMachine:", ":execution:", 1) + ":"

	name := strings.TrimPrefix(execution, prefix)
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`).MatchString(name) {
		return "", fmt.Errorf("%.200q is no execution of the state machine %s: give the name or ARN of one", withoutARNs(execution), lastName(machine))
	}

	return prefix + name, nil
}

func (o Order) followCommand(execution string) string {
	return o.command("export", "-stack", o.Stack, "-wait-for", execution)
}

// resumeCommand takes the export up again where its checkpoint stands, or begins it anew.
func (o Order) resumeCommand(asked input, anew bool) string {
	words := []string{"export", "-stack", o.Stack, "-listing", asked.Listing}
	if !anew {
		words = append(words, "-export-id", asked.ExportID)
	}

	if len(asked.Options) > 0 && string(asked.Options) != "{}" {
		words = append(words, "-options", string(asked.Options))
	}

	return o.command(words...)
}
