package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// credentialsTimeout bounds the search for credentials, whose last place is a machine's metadata service, which most
// machines do not have.
const credentialsTimeout = 15 * time.Second

// Load reads AWS's configuration from the environment and the profiles. It asks nobody anything.
func Load(ctx context.Context) (aws.Config, error) {
	// What the SDK itself logs, such as a metadata service that is not there, would come before the one line that says what is missing.
	config, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithLogger(logging.Nop{}))
	if missing, ok := errors.AsType[awsconfig.SharedConfigProfileNotExistError](err); ok {
		return aws.Config{}, fmt.Errorf("there is no AWS profile %s: set AWS_PROFILE to one that is configured (aws configure list-profiles)", missing.Profile)
	}

	if err != nil {
		return aws.Config{}, errors.New("the AWS configuration cannot be read: check the files in ~/.aws and the variables AWS_…")
	}

	return config, nil
}

// Ready says what is missing of credentials and region.
func Ready(ctx context.Context, config aws.Config) error {
	searching, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()

	found := config.Credentials != nil
	if found {
		_, err := config.Credentials.Retrieve(searching)
		found = err == nil
	}

	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !found:
		return errors.New("no AWS credentials: log in (aws sso login) or set AWS_PROFILE")
	case config.Region == "":
		return errors.New("no region: set AWS_REGION")
	default:
		return nil
	}
}
