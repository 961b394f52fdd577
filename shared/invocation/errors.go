package invocation

import (
	"fmt"

	"genesys-cloud-export/shared/failure"

	"github.com/aws/aws-lambda-go/lambda/messages"
)

// Unclassified is the type of an error that no failure stands behind. It is a defect of this project.
const Unclassified = "Unclassified"

// AsLambda returns err in Lambda's form: its failure's kind as the type, its text as the message. An error that is no failure
// may contain anything, so its text is withheld. Nothing may wrap the result: Lambda reports the outermost Go type.
func AsLambda(err error) messages.InvokeResponse_Error {
	kind := failure.KindOf(err)
	if kind == "" {
		return messages.InvokeResponse_Error{
			Type:    Unclassified,
			Message: fmt.Sprintf("an error that has no name (%T): this is a defect, please report it", err),
		}
	}

	return messages.InvokeResponse_Error{Type: string(kind), Message: err.Error()}
}
