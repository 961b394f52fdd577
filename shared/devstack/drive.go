package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go/logging"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/devstack/localrun"
	"genesys-cloud-export/shared/driver"
)

// runDrive is devstack drive: an export function is invoked again and again until its export is complete, wherever AWS's
// configuration leads to: AWS, devstack stack, or sam local start-lambda. It is what the state machine does, without one.
// The last result goes to stdout as JSON, what happens on the way to stderr.
func runDrive(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	request := driver.Request{OnInvocation: func(i driver.Invocation) { _, _ = fmt.Fprintln(stderr, localrun.Describe(i)) }}

	line := commandline.New("devstack drive", stderr)
	line.StringVar(&request.FunctionName, "function", "export-users", "the export function's name or ARN")
	event := line.String("event", "", "a file with the export's event; none is {}, a new export")

	if err := commandline.Options(line, arguments); err != nil {
		return err
	}

	if *event != "" {
		text, err := os.ReadFile(*event)
		if err != nil {
			return fmt.Errorf("read the event: %w", err)
		}

		request.Event = text
	}

	cloud, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{}))
	if err != nil {
		return fmt.Errorf("read AWS's configuration: %w", err)
	}

	if cloud.Region == "" {
		return errors.New("no region is configured: set AWS_REGION")
	}

	result, err := driver.New(lambda.NewFromConfig(cloud), driver.Config{Logger: warnings(stderr)}).Export(ctx, request)

	switch {
	case err != nil && result.ExportID != "":
		return fmt.Errorf("%w; with the export_id %s it goes on where it stands", err, result.ExportID)
	case err != nil:
		return err
	}

	if err := json.NewEncoder(stdout).Encode(result); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}

	return nil
}
