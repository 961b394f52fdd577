package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/figure"
)

// What is left costs so much a month, in USD and us-east-1; other regions differ by a few percent.
const (
	// standardGB is a GB in S3 Standard, of the first 50 TB: https://aws.amazon.com/s3/pricing/
	standardGB = 0.023
	// oneSecret: https://aws.amazon.com/secrets-manager/pricing/
	oneSecret = 0.40
	// advancedParameter is a parameter of more than 4 KB; a standard one is free: https://aws.amazon.com/systems-manager/pricing/
	advancedParameter = 0.05
	// oneKey is a customer managed key: https://aws.amazon.com/kms/pricing/
	oneKey = 1.00
	// gigabyte is S3's.
	gigabyte = 1 << 30
)

// objectLister is the one call of [s3.Client] that is needed.
type objectLister interface {
	ListObjectsV2(ctx context.Context, input *s3.ListObjectsV2Input, options ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

// parameterDescriber is the one call of [ssm.Client] that is needed.
type parameterDescriber interface {
	DescribeParameters(ctx context.Context, input *ssm.DescribeParametersInput, options ...func(*ssm.Options)) (*ssm.DescribeParametersOutput, error)
}

// AfterDeletion tells what stays when the stack is deleted, what that costs and which commands delete it. It deletes nothing.
//
// By template.yaml that is the bucket and the secret, which are retained, and the token's parameter, which the rotator made.
// What could not be looked at is told as that, and is no error.
func AfterDeletion(ctx context.Context, t Target) error {
	stack, err := t.find(ctx)
	if err != nil {
		return err
	}

	t.line("Deleting the stack %s leaves in %s, at the prices of us-east-1:", stack.Name, stack.Region)

	for _, tell := range []func(context.Context, *deployed) error{t.leftBucket, t.leftSecret, t.leftToken} {
		if err := tell(ctx, stack); err != nil {
			return err
		}
	}

	if stack.parameters[parameterKey] != "" {
		t.keep("key", "yours, and in use as long as the above is: %s a month", dollars(oneKey))
	}

	t.line("Everything else goes with the stack, its log groups with all logs included. An export that is not complete is")
	t.line("resumed by another stack on the same bucket and prefix.")

	return nil
}

// keep prints what stays.
func (t Target) keep(name, format string, args ...any) {
	t.line("  %-8s "+format, append([]any{name}, args...)...)
}

// deletion prints the command that deletes it.
func (t Target) deletion(command string) {
	t.line("  %-8s   deleted by: %s %s", "", command, t.regional())
}

func (t Target) leftBucket(ctx context.Context, stack *deployed) error {
	bucket, prefix, err := stack.exports()
	if err != nil {
		return err
	}

	held, err := objects(ctx, s3.NewFromConfig(t.AWS, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil }), bucket, prefix)

	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		t.keep("bucket", "%s, whose exports below %s were not counted: %s", bucket, prefix, err)
	default:
		t.keep("bucket", "%s with %s, %s, below %s: %s a month", bucket, counted(held.number, "object", "objects"),
			size(held.bytes), prefix, dollars(float64(held.bytes)/gigabyte*standardGB))
	}

	if stack.parameters[parameterBucket] != "" {
		t.line("  %-8s   the bucket itself is yours and not the stack's", "")
		t.deletion("aws s3 rm --recursive " + commandline.Quoted("s3://"+bucket+"/"+prefix))

		return nil
	}

	t.deletion("aws s3 rb --force " + commandline.Quoted("s3://"+bucket))

	return nil
}

// exports is where the stack's exports lie.
func (s *deployed) exports() (bucket, prefix string, err error) {
	bucket, err = s.output(outputBucket)
	if err != nil {
		return "", "", err
	}

	location, err := s.output(outputLocation)
	if err != nil {
		return "", "", err
	}

	prefix, ok := strings.CutPrefix(location, "s3://"+bucket+"/")
	if !ok {
		return "", "", fmt.Errorf("the outputs %s and %s of the stack %s contradict each other: deploy again", outputBucket, outputLocation, s.Name)
	}

	return bucket, prefix, nil
}

// holding is how much lies somewhere.
type holding struct {
	number int
	bytes  int64
}

func objects(ctx context.Context, client objectLister, bucket, prefix string) (holding, error) {
	var all holding

	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return holding{}, told(ctx, "list them", err)
		}

		for _, object := range page.Contents {
			all.number++
			all.bytes += aws.ToInt64(object.Size)
		}
	}

	return all, nil
}

func (t Target) leftSecret(_ context.Context, stack *deployed) error {
	id, err := stack.output(outputSecret)
	if err != nil {
		return err
	}

	if stack.parameters[parameterSecret] != "" {
		t.keep("secret", "%s with the OAuth client's credentials, which is yours and not the stack's: %s a month", secretName(id), dollars(oneSecret))

		return nil
	}

	t.keep("secret", "%s with the OAuth client's credentials: %s a month", secretName(id), dollars(oneSecret))
	t.deletion("aws secretsmanager delete-secret --recovery-window-in-days 7 --secret-id " + commandline.Quoted(secretName(id)))

	return nil
}

func (t Target) leftToken(ctx context.Context, stack *deployed) error {
	name, err := stack.output(outputToken)
	if err != nil {
		return err
	}

	tier, err := tierOf(ctx, ssm.NewFromConfig(t.AWS), name)

	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errNoParameter):
		t.keep("token", "none: there is no SSM parameter %s", name)

		return nil
	case err != nil:
		t.keep("token", "SSM parameter %s, which was not looked at: %s", name, err)
	case tier == types.ParameterTierAdvanced:
		t.keep("token", "SSM parameter %s with the last token: %s a month, as it is an advanced one", name, dollars(advancedParameter))
	default:
		t.keep("token", "SSM parameter %s with the last token: free", name)
	}

	t.line("  %-8s   the token itself is good until it expires, wherever it was copied to", "")
	t.deletion("aws ssm delete-parameter --name " + commandline.Quoted(name))

	return nil
}

// errNoParameter says that there is no parameter of that name.
var errNoParameter = errors.New("there is no such parameter")

func tierOf(ctx context.Context, client parameterDescriber, name string) (types.ParameterTier, error) {
	pages := ssm.NewDescribeParametersPaginator(client, &ssm.DescribeParametersInput{
		ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{name}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", told(ctx, "describe it", err)
		}

		for _, found := range page.Parameters {
			if aws.ToString(found.Name) == name {
				return found.Tier, nil
			}
		}
	}

	return "", errNoParameter
}

// size writes a number of bytes for people.
func size(bytes int64) string {
	switch {
	case bytes >= gigabyte:
		return fmt.Sprintf("%.1f GB", float64(bytes)/gigabyte)
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	default:
		return figure.Grouped(bytes) + " bytes"
	}
}
