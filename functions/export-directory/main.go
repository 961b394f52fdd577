// Command export-directory is the Lambda function that exports what a Genesys Cloud organisation consists of: queues, groups,
// skills and the like, one listing an export, a part of it in each invocation, until it answers complete.
package main

import (
	"genesys-cloud-export/shared/exporter"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(exporter.Load(invocation.NewProcess(), genesys.Directory()...)) }
