package operator

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"genesys-cloud-export/shared/awsapi"
)

// The template's outputs that are read here.
const (
	outputRotator  = "RotatorFunction"
	outputWorkflow = "ExportWorkflowArn"
	outputSecret   = "CredentialsSecretArn"
	outputToken    = "TokenParameterName"
	outputLocation = "ExportsLocation"
	outputTopic    = "AlarmTopicArn"
	outputReaders  = "TokenReadPolicyArn"
)

// The template's parameters that are read here. A secret or a bucket that one of them names is not the stack's own.
const (
	parameterEnvironment = "GenesysEnvironment"
	parameterAPI         = "GenesysApiUrl"
	parameterListings    = "ExportScheduleListings"
	parameterSecret      = "CredentialsSecretArn"
	parameterBucket      = "ExportBucketName"
	parameterKey         = "KmsKeyArn"
)

// deployed is a stack as CloudFormation describes it.
type deployed struct {
	Target

	Status     types.StackStatus
	outputs    map[string]string
	parameters map[string]string
}

// find reads the stack. That there is none, or that it lacks one of these outputs, is an error which says so.
func (t Target) find(ctx context.Context, outputs ...string) (*deployed, error) {
	reply, err := cloudformation.NewFromConfig(t.AWS).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &t.Stack})
	gone := err == nil && (len(reply.Stacks) == 0 || reply.Stacks[0].StackStatus == types.StackStatusDeleteComplete)

	switch {
	case gone || awsapi.Code(err) == "ValidationError": // also for what is no name
		return nil, fmt.Errorf("there is no stack %s in %s: deploy it first, or name another with STACK=", t.Stack, t.AWS.Region)
	case err != nil:
		return nil, explained(ctx, "read the stack "+t.Stack, err)
	}

	found := reply.Stacks[0]
	s := &deployed{Target: t, Status: found.StackStatus, outputs: make(map[string]string), parameters: make(map[string]string)}

	for _, output := range found.Outputs {
		s.outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}

	for _, parameter := range found.Parameters {
		s.parameters[aws.ToString(parameter.ParameterKey)] = aws.ToString(parameter.ParameterValue)
	}

	for _, key := range outputs {
		if _, err := s.output(key); err != nil {
			return nil, err
		}
	}

	return s, nil
}

// output is the value of one of the template's outputs.
func (s *deployed) output(key string) (string, error) {
	value := s.outputs[key]
	if value == "" {
		return "", fmt.Errorf("the stack %s (%s) has no output %s: it is not of this template, or not deployed whole: deploy it again", s.Stack, s.Status, key)
	}

	return value, nil
}

// place is the bucket and the prefix of the output that says where exports are, s3://bucket/prefix/.
func place(location string) (bucket, prefix string) {
	bucket, prefix, _ = strings.Cut(strings.TrimPrefix(location, "s3://"), "/")

	return bucket, prefix
}

// lastName is what an ARN, or a name, ends with.
func lastName(arn string) string {
	return arn[strings.LastIndexAny(arn, ":/")+1:]
}

// secretName is the name in a secret's ARN, whose last seven characters Secrets Manager adds.
func secretName(arn string) string {
	_, name, isARN := strings.Cut(arn, ":secret:")
	if !isARN {
		return arn
	}

	return name[:max(0, len(name)-len("-Ab12Cd"))]
}
