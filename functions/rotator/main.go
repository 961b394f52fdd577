// Command rotator is the Lambda function that keeps the stored access token fresh. EventBridge Scheduler runs it every
// minute; consumers ask it for a fresh token where the stored one is missing, stale or rejected.
package main

import (
	"context"
	"log/slog"
	"os"

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

	lambda.Start(newHandler(os.Environ(), cloud, genesys.NewHTTPClient(), os.Stdout, logger))
}
