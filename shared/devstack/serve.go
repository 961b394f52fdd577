package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"genesys-cloud-export/shared/devstack/driver"
	"genesys-cloud-export/shared/devstack/stack"
)

// rotation is the schedule's rate, as in the template.
const rotation = time.Minute

// serve runs the world until ctx ends: the organisation, AWS, and the rotator on its schedule.
func serve(ctx context.Context, given options, stdout io.Writer, logger *slog.Logger) (err error) {
	given.organisation.Users = given.users

	local, err := stack.Start(ctx, stack.Config{
		Genesys: given.organisation, Binaries: given.binaries, Data: filepath.Join(given.out, "s3"),
		Listen: given.listen, Timeout: given.timeout, Logs: os.Stderr, Logger: logger,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Close()) }()

	if err := describe(stdout, local, given); err != nil {
		return err
	}

	return driver.New(local.Functions(), driver.Config{Logger: logger}).
		Schedule(ctx, driver.Schedule{Name: "rotator", FunctionName: stack.Rotator, Every: rotation})
}

func describe(out io.Writer, local *stack.Stack, given options) error {
	_, err := fmt.Fprintf(out, `The local world is up; Ctrl-C ends it. The functions' logs follow on standard error.

Genesys Cloud  %[1]s   %[2]d users; what was asked of it: %[1]s/_sim/stats
AWS            %[3]s   S3, SSM, Secrets Manager, Lambda; objects lie in %[4]s

For the AWS CLI and every SDK (any credentials do):
  export AWS_ENDPOINT_URL=%[3]s AWS_REGION=%[5]s AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local

One slice of an export, again and again until it is complete:
  aws lambda invoke --function-name %[6]s --payload '{"export_id":"mine"}' /dev/stdout
The stored token, without the token:
  aws ssm get-parameter --name %[7]s --with-decryption --query Parameter.Value --output text | jq .expires_at
`, local.GenesysURL, given.users, local.AWSURL, filepath.Join(given.out, "s3", stack.Bucket), stack.Region,
		stack.ExportUsers, stack.ParameterName)
	if err != nil {
		return fmt.Errorf("describe the stack: %w", err)
	}

	return nil
}
