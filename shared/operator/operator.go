// Package operator does what the operator of a deployed stack does: fills in the client credentials, looks whether all is
// well, takes an export to its end, and tells what a deletion would leave behind.
//
// What it knows of a stack stands in CloudFormation: the outputs and parameters of template.yaml. It speaks to AWS by the
// SDK's clients alone, so that an emulator serves as well.
//
// Its rules: nothing that it prints or returns holds a secret, a token or a user, nor the text of an SDK error, which may
// hold a request; an ARN stands nowhere where a name does. Every failure is one line that says what was being done, to
// what, and what to do. It deletes nothing.
package operator

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// Target is the stack that a command is about.
type Target struct {
	// AWS is the account and region, as [Load] gives it.
	AWS aws.Config
	// Stack is the stack's name.
	Stack string
	// Out is where a person reads.
	Out io.Writer
	// Command is how this program is called, for the commands that are suggested.
	Command string
}

// find reads the stack.
func (t Target) find(ctx context.Context) (*deployed, error) {
	return find(ctx, cloudformation.NewFromConfig(t.AWS), t.AWS.Region, t.Stack)
}

// line prints a line. A terminal that is gone is no reason to leave work undone.
func (t Target) line(format string, args ...any) {
	_, _ = fmt.Fprintf(t.Out, format+"\n", args...)
}
