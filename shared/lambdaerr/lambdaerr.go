// Package lambdaerr is the one place that turns errors into Lambda's error types, by which Step Functions and callers tell
// failures apart. Nothing wraps an error after it: Lambda reports the outermost Go type.
package lambdaerr

import (
	"fmt"

	"genesys-cloud-export/shared/failure"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// Unclassified is the type of an error that no failure stands behind. It is a defect of this project.
const Unclassified = "Unclassified"

// From returns err in Lambda's form: its failure's kind as the type, its text as the message. The text of an error that is
// no failure is withheld, as it may hold anything. From(nil) is nil.
func From(err error) error {
	if err == nil {
		return nil
	}

	kind := failure.KindOf(err)
	if kind == "" {
		return messages.InvokeResponse_Error{
			Type:    Unclassified,
			Message: fmt.Sprintf("an error that has no name (%T): this is a defect, please report it", err),
		}
	}

	return messages.InvokeResponse_Error{Type: string(kind), Message: err.Error()}
}
