package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"genesys-cloud-export/shared/devstack/awsjson"
	"genesys-cloud-export/shared/devstack/secretsim"
	"genesys-cloud-export/shared/devstack/ssmsim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/driver"
)

// runStack is devstack stack: the organisation, AWS, and the rotator on its schedule, until ctx ends.
func runStack(ctx context.Context, arguments []string, stdout, stderr io.Writer) (err error) {
	organisation := platform()
	config := stack.Config{Logs: stderr, Logger: warnings(stderr)}

	var out string

	line, read := organisationOptions("stack", &organisation, stderr)
	stackOptions(line, &config, &out, ".exports")
	line.StringVar(&config.AlsoListen, "also-listen", "", "a further IP address to listen on beside loopback, such as that of Docker's bridge")
	line.DurationVar(&config.Timeout, "timeout", 0, "the export function's timeout; 0 is the template's")

	if err := read(arguments); err != nil {
		return err
	}

	config.Organisation = stack.Simulated{Config: organisation}
	config.Data = filepath.Join(out, "s3")

	local, err := stack.Start(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Close()) }()

	_, _ = fmt.Fprintf(stdout, `The local world is up; Ctrl-C ends it. The functions' logs follow on standard error.

Genesys Cloud  %[1]s   %[2]d users; what was asked of it: %[1]s/_sim/stats
AWS            %[3]s   S3, SSM, Secrets Manager, Lambda; objects lie in %[4]s
`+operations()+`
For the AWS CLI and every SDK (any credentials do; with a function's name for a key id one may do what its role may):
  export AWS_ENDPOINT_URL=%[3]s AWS_REGION=%[5]s AWS_DEFAULT_REGION=%[5]s AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local

One invocation of an export, again and again until it is complete:
  echo '{"export_id":"mine"}' | aws lambda invoke --function-name %[6]s --cli-read-timeout 0 --payload fileb:///dev/stdin /dev/stdout
The stored token, without the token:
  aws ssm get-parameter --name %[7]s --with-decryption --query Parameter.Value --output text | jq .expires_at
`, local.GenesysURL, organisation.Users, local.AWSURL, filepath.Join(config.Data, stack.Bucket), stack.Region,
		stack.ExportUsers, local.TokenParameter)

	driver.New(local.Functions(), driver.Config{Logger: config.Logger}).Schedule(ctx, stack.Rotator, local.RotationEvery)

	return nil
}

// operations are those that the stack's AWS has.
func operations() string {
	of := func(service *awsjson.Service) string {
		return strings.Join(slices.Sorted(maps.Keys(service.Operations)), ", ")
	}

	return `
  S3               CreateBucket, DeleteObject, GetObject, HeadObject, ListObjectsV2, PutObject
  SSM              ` + of(&ssmsim.New().Service) + `
  Secrets Manager  ` + of(&secretsim.New().Service) + `
  Lambda           Invoke
  Others are in moto (https://docs.getmoto.org) and LocalStack (https://docs.localstack.cloud).
`
}
