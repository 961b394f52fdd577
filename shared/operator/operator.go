// Package operator does what the operator of a deployed stack does: fills in the client credentials, looks whether all is
// well, takes an export to its end, and says what a deletion leaves and what a deployer needs.
//
// What it knows of a stack stands in CloudFormation: the outputs and parameters of template.yaml.
//
// Its rules: nothing that it prints or returns contains a secret, a token or a user, nor the text of an SDK error, which may
// contain a request; a name is printed instead of an ARN. Every failure is one line that says what was being done, to what,
// and what to do. It deletes nothing.
package operator

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"genesys-cloud-export/shared/commandline"
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

// line prints a line. A terminal that is gone is no reason to leave work undone.
func (t Target) line(format string, args ...any) {
	_, _ = fmt.Fprintf(t.Out, format+"\n", args...)
}

// command is a command line of this program.
func (t Target) command(words ...string) string {
	line := []string{commandline.Quoted(t.Command)}
	for _, word := range words {
		line = append(line, commandline.Quoted(word))
	}

	return strings.Join(line, " ")
}

// The IAM policies of whoever deploys the template, and of whoever uses these commands. The deployer's actions are the SAM CLI's
// (https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-permissions-cloudformation.html) and, by
// each type's published schema, those that CloudFormation takes on behalf of whoever deploys.
//
//go:embed deployer.json operator.json
var policies embed.FS

// Policy is the IAM policy document of the deployer or of the operator. It asks nobody.
func Policy(who string) (string, error) {
	text, err := policies.ReadFile(who + ".json")
	if err != nil {
		return "", fmt.Errorf("there is a policy of the deployer and one of the operator, and none of %q", who)
	}

	return strings.TrimSpace(string(text)), nil
}

// credentialsTimeout bounds the search for credentials, whose last place is a machine's metadata service, which most machines
// do not have.
const credentialsTimeout = 15 * time.Second

// Load reads AWS's configuration from the environment and the profiles. The error says what is missing of it.
func Load(ctx context.Context) (aws.Config, error) {
	// What the SDK logs, such as a metadata service that is not there, would come before the one line that says what is missing.
	config, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{}))
	if missing, ok := errors.AsType[awsconfig.SharedConfigProfileNotExistError](err); ok {
		return config, fmt.Errorf("there is no AWS profile %s: set AWS_PROFILE to one that is configured (aws configure list-profiles)", missing.Profile)
	}

	if err != nil {
		return config, errors.New("the AWS configuration cannot be read: check the files in ~/.aws and the variables AWS_…")
	}

	searching, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()

	_, err = config.Credentials.Retrieve(searching)

	switch {
	case ctx.Err() != nil:
		return config, context.Cause(ctx)
	case err != nil:
		return config, errors.New("no AWS credentials: log in (aws sso login) or set AWS_PROFILE")
	case config.Region == "":
		return config, errors.New("no region: set AWS_REGION")
	default:
		return config, nil
	}
}
