// Command export-users is the Lambda function that exports the users of a Genesys Cloud organisation: one slice of an
// export in each invocation, until it answers complete.
package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/settings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func main() {
	logger := lambdacontext.NewLogger()
	slog.SetDefault(logger) // the runtime logs returned errors through it

	cloud, err := awsapi.Load(context.Background())
	if err != nil {
		lambda.Start(&handler{broken: settings.Also(&config{}, os.Environ(), err)})
		return
	}

	// Pages come and go by the megabyte; without a limit the heap would double before it is collected.
	if limit := settings.MemoryLimit(os.Environ()); limit > 0 {
		debug.SetMemoryLimit(limit)
	}

	lambda.Start(newHandler(os.Environ(), cloud, genesys.NewHTTPClient(), os.Stdout, logger))
}
