// Command operator is what the operator of a stack in AWS does with it, with the credentials and the region of whoever calls:
//
//	operator policy           the IAM policy of whoever deploys the template, or uses these commands
//	operator ready            whether a stack of this name can be deployed, and where
//	operator region           the region, for other tools
//	operator built            the parameters that say what the built functions are, for other tools
//	operator set-credentials  puts the OAuth client's id and secret into the stack's secret
//	operator doctor           looks whether all is well
//	operator export           takes an export to its end by the stack's state machine
//	operator delete-stack     what stays when the stack is deleted; it deletes nothing itself
package main

import (
	"context"
	"os"

	"genesys-cloud-export/shared/commandline"
)

func main() {
	os.Exit(commandline.Run("operator", func(ctx context.Context, arguments []string) error {
		return run(ctx, arguments, os.Stdin, os.Stdout, os.Stderr)
	}))
}
