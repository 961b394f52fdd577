package operator

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"genesys-cloud-export/shared/commandline"
)

// AfterDeletion says what stays when the stack is deleted, which of it AWS bills, and which commands delete it. It deletes
// nothing. By template.yaml that is the bucket and the secret, which are retained, and the token's parameter, which the rotator
// made. That a consumer of the token still has the stack's policy is an error.
func AfterDeletion(ctx context.Context, t Target) error {
	stack, err := t.find(ctx, outputReaders, outputLocation, outputSecret, outputToken)
	if err != nil {
		return err
	}

	if err := t.attached(ctx, stack.outputs[outputReaders]); err != nil {
		return err
	}

	stack.left()

	return nil
}

// attached says who has the stack's policy for readers of the token. CloudFormation cannot delete it as long as anybody has.
func (t Target) attached(ctx context.Context, policy string) error {
	reply, err := iam.NewFromConfig(t.AWS).ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: &policy})
	if err != nil {
		return explained(ctx, "ask who has the policy "+outputReaders, err)
	}

	var names []string
	for _, role := range reply.PolicyRoles {
		names = append(names, "role "+aws.ToString(role.RoleName))
	}

	for _, user := range reply.PolicyUsers {
		names = append(names, "user "+aws.ToString(user.UserName))
	}

	for _, group := range reply.PolicyGroups {
		names = append(names, "group "+aws.ToString(group.GroupName))
	}

	if len(names) > 0 {
		return errors.New("consumers still have the policy of " + outputReaders + ", without which they read no token: detach it from " +
			strings.Join(names, ", ") + ", then delete the stack")
	}

	return nil
}

// left prints what stays, and for each thing that the stack made the command that deletes it.
func (s *deployed) left() {
	location, secret, parameter := s.outputs[outputLocation], secretName(s.outputs[outputSecret]), s.outputs[outputToken]
	kept := func(name, text string) { s.line("  %-8s %s", name, text) }
	deletion := func(command, of string) {
		kept("", "  deleted by: aws "+command+" "+commandline.Quoted(of)+" --region "+s.AWS.Region)
	}

	s.line("Deleting the stack %s leaves in %s:", s.Stack, s.AWS.Region)

	bucket, prefix := place(location)
	kept("bucket", bucket+" with the exports below "+prefix)

	if s.parameters[parameterBucket] == "" {
		deletion("s3 rb --force", "s3://"+bucket)
	} else {
		kept("", "  the bucket itself is yours and not the stack's")
		deletion("s3 rm --recursive", location)
	}

	if s.parameters[parameterSecret] == "" {
		kept("secret", secret+" with the OAuth client's credentials")
		deletion("secretsmanager delete-secret --recovery-window-in-days 7 --secret-id", secret)
	} else {
		kept("secret", secret+" with the OAuth client's credentials, which is yours and not the stack's")
	}

	kept("token", "SSM parameter "+parameter+", once the rotator has made it; the last token in it is good until it expires")
	deletion("ssm delete-parameter --name", parameter)

	if s.parameters[parameterKey] != "" {
		kept("key", "yours, and in use as long as the above is")
	}

	s.line(`AWS goes on billing for what stays, at https://aws.amazon.com/pricing/: for the bucket by the GB, for the secret and for the
key by the month, for the token only where it is longer than 4 KB.
Everything else goes with the stack, its log groups with all logs included. An export that is not complete is
resumed by another stack on the same bucket and prefix.`)
}
