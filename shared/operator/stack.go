package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

// The template's outputs that are read here.
const (
	outputRotator     = "RotatorFunction"
	outputExportUsers = "ExportUsersFunction"
	outputWorkflow    = "ExportWorkflowArn"
	outputSecret      = "CredentialsSecretArn"
	outputToken       = "TokenParameterName"
	outputBucket      = "ExportsBucket"
	outputLocation    = "ExportsLocation"
	outputTopic       = "AlarmTopicArn"
)

// The template's parameters that are read here. A secret or a bucket that one of them names is not the stack's own.
const (
	parameterEnvironment = "GenesysEnvironment"
	parameterAPI         = "GenesysApiUrl"
	parameterSchedule    = "RotationScheduleState"
	parameterSecret      = "CredentialsSecretArn"
	parameterBucket      = "ExportBucketName"
	parameterKey         = "KmsKeyArn"
)

// stackDescriber is the one call of [cloudformation.Client] that is needed.
type stackDescriber interface {
	DescribeStacks(ctx context.Context, input *cloudformation.DescribeStacksInput, options ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
}

// deployed is a stack as CloudFormation describes it.
type deployed struct {
	Name   string
	Region string
	// Status is CloudFormation's: CREATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE, …
	Status string

	outputs    map[string]string
	parameters map[string]string
}

// find reads the stack of that name. That there is none is an error which says so.
func find(ctx context.Context, client stackDescriber, region, name string) (*deployed, error) {
	reply, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if answered, ok := errors.AsType[smithy.APIError](err); ok && answered.ErrorCode() == "ValidationError" {
		if strings.Contains(answered.ErrorMessage(), "does not exist") {
			return nil, noStack(region, name)
		}

		return nil, fmt.Errorf("%.200q is no name of a stack: letters, digits and hyphens, the first a letter", name)
	}

	if err != nil {
		return nil, told(ctx, "read the stack "+name, err)
	}

	for _, found := range reply.Stacks {
		if found.StackStatus != types.StackStatusDeleteComplete {
			return newStack(region, name, found), nil
		}
	}

	return nil, noStack(region, name)
}

func noStack(region, name string) error {
	return fmt.Errorf("there is no stack %s in %s: deploy it first, or name another with STACK=", name, region)
}

func newStack(region, name string, found types.Stack) *deployed {
	s := &deployed{
		Name: name, Region: region, Status: string(found.StackStatus),
		outputs: make(map[string]string), parameters: make(map[string]string),
	}

	for _, output := range found.Outputs {
		s.outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}

	for _, parameter := range found.Parameters {
		s.parameters[aws.ToString(parameter.ParameterKey)] = aws.ToString(parameter.ParameterValue)
	}

	return s
}

// output is the value of one of the template's outputs.
func (s *deployed) output(key string) (string, error) {
	value := s.outputs[key]
	if value == "" {
		return "", fmt.Errorf("the stack %s (%s) has no output %s: it is not of this template, or not deployed whole: deploy it again", s.Name, s.Status, key)
	}

	return value, nil
}

// lastName is what an ARN, or a name, ends with.
func lastName(arn string) string {
	return arn[strings.LastIndexAny(arn, ":/")+1:]
}
