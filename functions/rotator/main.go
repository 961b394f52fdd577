// Command rotator is the Lambda function that keeps the stored access token fresh. EventBridge Scheduler runs it every
// minute; consumers ask it for a fresh token where the stored one is missing, stale or rejected.
package main

import (
	"genesys-cloud-export/shared/invocation"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(newHandler(invocation.NewProcess())) }
