package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"genesys-cloud-export/shared/driver"
	"genesys-cloud-export/shared/export"
)

// maxExecutionName is the longest name of an execution:
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
const maxExecutionName = 80

// Order is an export to be started and followed, or one to be followed that runs.
type Order struct {
	Target

	// Listings is what is exported: "users", or several such as "users,queues", or "all".
	Listings string
	// ExportID names the export; "" makes a new one. A known one resumes it.
	ExportID string
	// Options is what the exporter is asked for, a JSON object, of several listings one by listing; "" is none.
	Options string
	// WaitFor is an execution, by name or ARN, to be followed instead of starting one.
	WaitFor string
}

// input is the state machine's: one listing, or several.
type input struct {
	Listing  string          `json:"listing,omitempty"`
	Listings listings        `json:"listings,omitempty"`
	ExportID string          `json:"export_id"`
	Options  json.RawMessage `json:"options"`
}

// listings are names. Whoever starts an execution may write "all" instead of an array.
type listings []string

// UnmarshalJSON implements [json.Unmarshaler].
func (l *listings) UnmarshalJSON(text []byte) error {
	*l = strings.FieldsFunc(string(text), func(r rune) bool { return strings.ContainsRune(`[]", `, r) })

	return nil
}

// names are what is exported, as the command line has it.
func (i input) names() string {
	return cmp.Or(strings.Join(i.Listings, ","), i.Listing, "users") // the state machine's default
}

// Export starts an execution of the stack's state machine, or finds the one to wait for, and follows it, its successors and its
// children to the export's end. Where ctx ends first the execution goes on, and the error says how to follow it again. Where the
// export fails, how to go on is printed.
func Export(ctx context.Context, o Order) error {
	asked, err := o.input()
	if err != nil {
		return err
	}

	stack, err := o.find(ctx, outputWorkflow)
	if err != nil {
		return err
	}

	client, machine := sfn.NewFromConfig(o.AWS), stack.outputs[outputWorkflow]

	// One that runs may be given by its name or its ARN.
	execution := strings.Replace(machine, ":stateMachine:", ":execution:", 1) + ":" + lastName(o.WaitFor)
	if o.WaitFor == "" {
		if execution, err = o.start(ctx, client, machine, asked); err != nil {
			return err
		}
	}

	return (&following{order: o, client: client}).run(ctx, execution)
}

// input checks what is given, and makes an export id where none is: an export whose start has no answer can then be resumed.
func (o Order) input() (input, error) {
	asked := input{Listing: o.Listings, ExportID: o.ExportID, Options: json.RawMessage("{}")}
	if strings.Contains(o.Listings, ",") || o.Listings == "all" {
		asked.Listing, asked.Listings = "", strings.Split(o.Listings, ",")
	}

	if o.Options != "" {
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(o.Options), &object) != nil || object == nil {
			return input{}, errors.New(`the options are not a JSON object such as {"state":"any"}: correct -options (make: OPTIONS=)`)
		}

		asked.Options = json.RawMessage(o.Options)
	}

	switch {
	case o.WaitFor != "" && (o.ExportID != "" || o.Options != ""):
		return input{}, errors.New("an execution that runs has its export id and options: give them, or an execution to wait for, not both")
	case o.ExportID == "":
		asked.ExportID = driver.NewExportID()
	case !export.ValidID(o.ExportID):
		return input{}, errors.New("an export id is 1 to 80 letters, digits, hyphens and underscores, and begins with a letter or digit: correct -export-id (make: EXPORT_ID=)")
	}

	return asked, nil
}

func (o Order) start(ctx context.Context, client *sfn.Client, machine string, asked input) (string, error) {
	text, err := json.Marshal(asked)
	if err != nil {
		return "", fmt.Errorf("encode the execution's input: %w", err)
	}

	// A name is refused for 90 days after its execution has closed, so it ends with the time.
	suffix := time.Now().UTC().Format("-20060102T150405Z")
	name := asked.ExportID[:min(len(asked.ExportID), maxExecutionName-len(suffix))] + suffix
	follow := o.command("export", "-stack", o.Stack, "-wait-for", name)

	reply, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &machine, Name: &name, Input: aws.String(string(text))})
	if ctx.Err() != nil {
		return "", fmt.Errorf("interrupted while the export was started, so that it may run: follow it by %s", follow)
	}

	if err != nil {
		return "", explained(ctx, "start the export", err)
	}

	o.line("started     export %s of %s; a line follows after each invocation", asked.ExportID, asked.names())
	o.line("            follow it from elsewhere: %s", follow)

	return aws.ToString(reply.ExecutionArn), nil
}
