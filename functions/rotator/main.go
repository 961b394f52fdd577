// Command rotator is the Lambda function that keeps the stored access token fresh. EventBridge Scheduler runs it every
// minute; consumers ask it for a fresh token where the stored one is missing, stale or rejected.
package main

import (
	"context"
	"os"

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

	lambda.Start(newHandler(os.Environ(), cloud, genesys.NewHTTPClient(), os.Stdout, logger))
}
