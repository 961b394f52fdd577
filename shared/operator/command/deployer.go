package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"go.yaml.in/yaml/v3"

	"genesys-cloud-export/shared/operator"
)

// deployer says what somebody has to be allowed who deploys the template, by service.
func deployer(*os.File, io.Writer, bool) operation {
	var file string

	return operation{
		options: func(line *flag.FlagSet) {
			line.StringVar(&file, "template", "template.yaml", "the template that is deployed")
		},
		do: func(_ context.Context, target operator.Target) error {
			return tellDeployer(target.Out, file, target.Stack)
		},
	}
}

func tellDeployer(out io.Writer, file, stack string) error {
	types, err := resourceTypes(file)
	if err != nil {
		return err
	}

	needed, err := deployerActions(types)
	if err != nil {
		return err
	}

	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "Whoever deploys the stack %s has to be allowed:\n\n", stack)

	for _, service := range slices.Sorted(maps.Keys(needed)) {
		_, _ = fmt.Fprintf(table, "  %s:\t%s\n", service, strings.Join(needed[service], " "))
	}

	_, _ = fmt.Fprintln(table, "\niam:PassRole is asked for the stack's own roles, to Lambda, Step Functions and the Scheduler.")

	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the permissions: %w", err)
	}

	return nil
}

// resourceTypes are the types of a template's resources, whatever their conditions.
func resourceTypes(file string) ([]string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the file is the caller's choice
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}

	var template struct {
		Resources map[string]struct {
			Type string `yaml:"Type"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		return nil, fmt.Errorf("read the template %s: %w", file, err)
	}

	var types []string
	for _, resource := range template.Resources {
		types = append(types, resource.Type)
	}

	return types, nil
}

// deployerActions returns the actions by service, without the service's name, sorted. A type that is not known is an error:
// whoever adds a resource of a new type to the template adds its actions here.
func deployerActions(types []string) (map[string][]string, error) {
	known := actionsOfTypes()
	needed := make(map[string][]string)

	for _, resourceType := range append([]string{""}, types...) {
		actions, ok := known[resourceType]
		if !ok {
			return nil, fmt.Errorf("say in deployer.go what deploying a resource of type %s takes", resourceType)
		}

		for action := range strings.FieldsSeq(actions) {
			service, name, _ := strings.Cut(action, ":")
			if !slices.Contains(needed[service], name) {
				needed[service] = append(needed[service], name)
			}
		}
	}

	for _, actions := range needed {
		slices.Sort(actions)
	}

	return needed, nil
}

// actionsOfTypes is what CloudFormation calls on behalf of the deployer to create, read, update and delete a resource of each
// type, by the handlers' permissions in the types' published schemas; "" is what every deployment by the SAM CLI takes:
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-permissions-cloudformation.html
func actionsOfTypes() map[string]string {
	const (
		roles     = "iam:CreateRole iam:GetRole iam:DeleteRole iam:UpdateRole iam:UpdateAssumeRolePolicy iam:PutRolePolicy iam:GetRolePolicy iam:DeleteRolePolicy iam:ListRolePolicies iam:ListAttachedRolePolicies iam:PutRolePermissionsBoundary iam:DeleteRolePermissionsBoundary iam:TagRole iam:UntagRole iam:PassRole"
		schedules = "scheduler:CreateSchedule scheduler:GetSchedule scheduler:UpdateSchedule scheduler:DeleteSchedule"
	)

	return map[string]string{
		"": "cloudformation:CreateChangeSet cloudformation:DescribeChangeSet cloudformation:ExecuteChangeSet cloudformation:DeleteChangeSet cloudformation:DescribeStacks cloudformation:DescribeStackEvents cloudformation:GetTemplate cloudformation:GetTemplateSummary cloudformation:ListStackResources cloudformation:DeleteStack " +
			"s3:CreateBucket s3:PutBucketPolicy s3:PutBucketVersioning s3:PutEncryptionConfiguration s3:PutBucketPublicAccessBlock s3:PutBucketTagging s3:GetObject s3:PutObject s3:GetBucketLocation s3:ListBucket",
		"AWS::Serverless::Function": "lambda:CreateFunction lambda:GetFunction lambda:GetFunctionConfiguration lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration lambda:DeleteFunction lambda:PutFunctionConcurrency lambda:DeleteFunctionConcurrency lambda:GetFunctionCodeSigningConfig lambda:GetRuntimeManagementConfig " +
			"lambda:PutFunctionEventInvokeConfig lambda:GetFunctionEventInvokeConfig lambda:UpdateFunctionEventInvokeConfig lambda:DeleteFunctionEventInvokeConfig lambda:TagResource lambda:UntagResource lambda:ListTags iam:PassRole " +
			"ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs kms:DescribeKey " + schedules,
		"AWS::Serverless::StateMachine": "states:CreateStateMachine states:DescribeStateMachine states:UpdateStateMachine states:DeleteStateMachine states:ListTagsForResource states:TagResource states:UntagResource iam:PassRole",
		"AWS::Scheduler::Schedule":      schedules + " iam:PassRole",
		"AWS::IAM::Role":                roles,
		"AWS::IAM::ManagedPolicy":       "iam:CreatePolicy iam:GetPolicy iam:GetPolicyVersion iam:CreatePolicyVersion iam:DeletePolicyVersion iam:ListPolicyVersions iam:ListEntitiesForPolicy iam:DeletePolicy",
		"AWS::Logs::LogGroup":           "logs:CreateLogGroup logs:DescribeLogGroups logs:DeleteLogGroup logs:PutRetentionPolicy logs:DeleteRetentionPolicy logs:ListTagsForResource logs:TagResource logs:UntagResource",
		"AWS::SecretsManager::Secret":   "secretsmanager:CreateSecret secretsmanager:DescribeSecret secretsmanager:UpdateSecret secretsmanager:DeleteSecret secretsmanager:TagResource secretsmanager:UntagResource kms:DescribeKey kms:GenerateDataKey kms:Decrypt",
		"AWS::S3::Bucket":               "s3:CreateBucket s3:DeleteBucket s3:PutBucketPublicAccessBlock s3:GetBucketPublicAccessBlock s3:PutBucketOwnershipControls s3:GetBucketOwnershipControls s3:PutEncryptionConfiguration s3:GetEncryptionConfiguration s3:PutLifecycleConfiguration s3:GetLifecycleConfiguration s3:PutBucketTagging s3:GetBucketTagging",
		"AWS::S3::BucketPolicy":         "s3:PutBucketPolicy s3:GetBucketPolicy s3:DeleteBucketPolicy",
		"AWS::SQS::Queue":               "sqs:CreateQueue sqs:GetQueueAttributes sqs:SetQueueAttributes sqs:DeleteQueue sqs:ListQueueTags sqs:TagQueue sqs:UntagQueue",
		"AWS::SNS::Topic":               "sns:CreateTopic sns:GetTopicAttributes sns:SetTopicAttributes sns:DeleteTopic sns:ListSubscriptionsByTopic sns:ListTagsForResource sns:TagResource sns:UntagResource",
		"AWS::SNS::Subscription":        "sns:Subscribe sns:Unsubscribe sns:GetSubscriptionAttributes sns:SetSubscriptionAttributes",
		"AWS::CloudWatch::Alarm":        "cloudwatch:PutMetricAlarm cloudwatch:DescribeAlarms cloudwatch:DeleteAlarms cloudwatch:ListTagsForResource cloudwatch:TagResource cloudwatch:UntagResource",
		"AWS::CloudWatch::Dashboard":    "cloudwatch:PutDashboard cloudwatch:GetDashboard cloudwatch:DeleteDashboards cloudwatch:ListDashboards",
	}
}
