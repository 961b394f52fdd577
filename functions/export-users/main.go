// Command export-users is the Lambda function that exports the users of a Genesys Cloud organisation: one slice of an
// export in each invocation, until it answers complete.
package main

import (
	"context"
	"log/slog"
	"os"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/genesys"

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
		lambda.Start(&handler{broken: awsapi.ConfigFailure(err)})
		return
	}

	lambda.Start(newHandler(os.Environ(), cloud, genesys.NewHTTPClient(), os.Stdout, logger))
}
