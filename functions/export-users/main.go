// Command export-users is the Lambda function that exports the users of a Genesys Cloud organisation: one slice of an
// export in each invocation, until it answers complete.
package main

import (
	"context"
	"os"
	"runtime/debug"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"
	"genesys-cloud-export/shared/settings"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	logger := invocation.NewLogger()

	cloud, err := awsapi.Load(context.Background())
	if err != nil {
		lambda.Start(invocation.Refuse(settings.Also(&config{}, os.Environ(), err), logger))
		return
	}

	// Pages come and go by the megabyte; without a limit the heap would double before it is collected.
	if limit := settings.MemoryLimit(os.Environ()); limit > 0 {
		debug.SetMemoryLimit(limit)
	}

	lambda.Start(newHandler(os.Environ(), cloud, genesys.NewHTTPClient(), os.Stdout, logger))
}
