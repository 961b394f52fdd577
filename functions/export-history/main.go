// Command export-history is the Lambda function that exports what happened in a Genesys Cloud organisation in an interval:
// conversations, the status of users, or audits; a part of an export in each invocation, until it answers complete.
package main

import (
	"genesys-cloud-export/shared/exporter"
	"genesys-cloud-export/shared/genesys"
	"genesys-cloud-export/shared/invocation"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(exporter.Load(invocation.NewProcess(), genesys.Histories()...)) }
