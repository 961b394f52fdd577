package operator

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// callerIdentifier is the one call of [sts.Client] that is needed.
type callerIdentifier interface {
	GetCallerIdentity(ctx context.Context, input *sts.GetCallerIdentityInput, options ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
}

func (e *examination) credentials(ctx context.Context) finding {
	if e.Unready != nil {
		return failed(e.Unready)
	}

	account, err := accountOf(ctx, sts.NewFromConfig(e.AWS))
	if err != nil {
		return failed(err)
	}

	e.account = account

	return found("account %s, region %s", account, e.AWS.Region)
}

func accountOf(ctx context.Context, client callerIdentifier) (string, error) {
	reply, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", told(ctx, "ask AWS whose the credentials are", err)
	}

	return aws.ToString(reply.Account), nil
}

func (e *examination) deployment(ctx context.Context) finding {
	if e.account == "" {
		return needs("credentials")
	}

	stack, err := e.find(ctx)
	if err != nil {
		return failed(err)
	}

	if len(stack.outputs) > 0 {
		e.stack = stack
	}

	settled := []string{string(types.StackStatusCreateComplete), string(types.StackStatusUpdateComplete), string(types.StackStatusImportComplete)}

	switch status := stack.Status; {
	case slices.Contains(settled, status) && e.stack == nil:
		return failedf("%s has no outputs: it is another template's; name the right one with STACK=", stack.Name)
	case slices.Contains(settled, status):
		return found("%s is %s", stack.Name, status)
	case strings.HasSuffix(status, "_IN_PROGRESS"):
		return failedf("%s is %s: wait until that has ended, and look again", stack.Name, status)
	case status == string(types.StackStatusRollbackComplete):
		return failedf("%s is %s: its creation failed; see why in its events (aws cloudformation describe-stack-events --stack-name %s), delete it and deploy again",
			stack.Name, status, stack.Name)
	default:
		return failedf("%s is %s: the last change failed, so what runs is older than what was deployed; see why in its events (aws cloudformation describe-stack-events --stack-name %s) and deploy again",
			stack.Name, status, stack.Name)
	}
}

func (e *examination) schedule(context.Context) finding {
	switch state := e.stack.parameters[parameterSchedule]; state {
	case "ENABLED":
		return found("the rotator runs every minute")
	case "":
		return failedf("%s has no parameter %s: it is another template's, or an older one: deploy again", e.stack.Name, parameterSchedule)
	default:
		return notSeen("it is %s, as the stack's parameter %s says: the token is kept fresh by those consumers alone that ask for it", state, parameterSchedule)
	}
}
