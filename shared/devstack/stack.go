package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/driver"
)

// defaultTemplate is the project's template, for whoever is at the top of the checkout.
const defaultTemplate = "template.yaml"

// runStack is devstack stack: the organisation, AWS, and the rotator on its schedule, until ctx ends.
func runStack(ctx context.Context, arguments []string, stdout, stderr io.Writer) (err error) {
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	organisation := defaultOrganisation()
	config := stack.Config{Logs: stderr, Logger: logger}

	var out string

	line := newCommandLine("stack", &organisation, stderr)
	line.StringVar(&out, "out", ".exports", "the folder for exports")
	line.StringVar(&config.Binaries, "bin", ".build", "the folder with a folder for each built function")
	line.StringVar(&config.AlsoListen, "also-listen", "", "a further IP address to listen on beside loopback, such as that of Docker's bridge")
	line.StringVar(&config.Template, "template", defaultTemplate, "the template that says what the functions and their roles are")
	line.DurationVar(&config.Timeout, "timeout", 0, "the export function's timeout; 0 is the template's")

	if err := line.read(arguments); err != nil {
		return err
	}

	config.Organisation = stack.Simulated{Config: organisation}
	config.Data = filepath.Join(out, "s3")

	local, err := stack.Start(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Close()) }()

	if err := describeStack(stdout, local, organisation.Users, config.Data); err != nil {
		return err
	}

	return driver.New(local.Functions(), driver.Config{Logger: logger}).
		Schedule(ctx, driver.Schedule{Name: "rotator", FunctionName: stack.Rotator, Every: local.RotationEvery})
}

func describeStack(out io.Writer, local *stack.Stack, users int, data string) error {
	_, err := fmt.Fprintf(out, `The local world is up; Ctrl-C ends it. The functions' logs follow on standard error.

Genesys Cloud  %[1]s   %[2]d users; what was asked of it: %[1]s/_sim/
AWS            %[3]s   S3, SSM, Secrets Manager, Lambda; objects lie in %[4]s

For the AWS CLI and every SDK (any credentials do; with a function's name for a key id one may do what its role may):
  export AWS_ENDPOINT_URL=%[3]s AWS_REGION=%[5]s AWS_DEFAULT_REGION=%[5]s AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local

One slice of an export, again and again until it is complete:
  echo '{"export_id":"mine"}' | aws lambda invoke --function-name %[6]s --cli-read-timeout 0 --payload fileb:///dev/stdin /dev/stdout
The stored token, without the token:
  aws ssm get-parameter --name %[7]s --with-decryption --query Parameter.Value --output text | jq .expires_at
`, local.GenesysURL, users, local.AWSURL, filepath.Join(data, stack.Bucket), stack.Region,
		stack.ExportUsers, local.TokenParameter)
	if err != nil {
		return fmt.Errorf("describe the stack: %w", err)
	}

	return nil
}
