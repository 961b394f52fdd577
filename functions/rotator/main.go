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
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	logger := lambdacontext.NewLogger()
	slog.SetDefault(logger) // the runtime logs returned errors through it

	cloud, err := awsconfig.LoadDefaultConfig(context.Background(),
		awsconfig.WithRetryer(awsapi.NewRetryer), awsconfig.WithHTTPClient(awsapi.NewHTTPClient()))
	if err != nil {
		lambda.Start(&handler{broken: settings.Also(&config{}, os.Environ(), awsapi.ConfigFailure(err))})
		return
	}

	lambda.Start(newHandler(os.Environ(), cloud, genesys.NewHTTPClient(), os.Stdout, logger))
}
