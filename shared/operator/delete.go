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
)

// AfterDeletion says what stays when the stack is deleted, which of it AWS bills, and which commands delete it. It deletes
// nothing.
//
// By template.yaml that is the bucket and the secret, which are retained, and the token's parameter, which the rotator made.
// What could not be looked at is reported as that, and is no error.
func AfterDeletion(ctx context.Context, t Target) error {
	stack, err := t.find(ctx)
	if err != nil {
		return err
	}

	if err := t.attached(ctx, stack); err != nil {
		return err
	}

	t.line("Deleting the stack %s leaves in %s:", stack.Name, t.AWS.Region)

	for _, left := range []struct {
		output string
		report func(ctx context.Context, stack *deployed, output string) error
	}{{outputBucket, t.leftBucket}, {outputSecret, t.leftSecret}, {outputToken, t.leftToken}} {
		value, err := stack.output(left.output)
		if err != nil {
			return err
		}

		if err := left.report(ctx, stack, value); err != nil {
			return err
		}
	}

	if stack.parameters[parameterKey] != "" {
		t.kept("key", "yours, and in use as long as the above is")
	}

	t.line("AWS goes on billing for what stays, at https://aws.amazon.com/pricing/: for the bucket by the GB, for the secret and for the")
	t.line("key by the month, for the token only where it is longer than 4 KB.")
	t.line("Everything else goes with the stack, its log groups with all logs included. An export that is not complete is")
	t.line("resumed by another stack on the same bucket and prefix.")

	return nil
}

// kept prints what stays.
func (t Target) kept(name, format string, args ...any) {
	t.line("  %-8s "+format, append([]any{name}, args...)...)
}

// deletion prints the command that deletes it.
func (t Target) deletion(command string) {
	t.kept("", "  deleted by: %s --region %s", command, t.AWS.Region)
}

func (t Target) leftBucket(ctx context.Context, stack *deployed, bucket string) error {
	location, err := stack.output(outputLocation)
	if err != nil {
		return err
	}

	prefix, ok := strings.CutPrefix(location, "s3://"+bucket+"/")
	if !ok {
		return fmt.Errorf("the outputs %s and %s of the stack %s contradict each other: deploy again", outputBucket, outputLocation, stack.Name)
	}

	number, bytes, err := t.objects(ctx, bucket, prefix)

	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		t.kept("bucket", "%s, whose exports below %s were not counted: %s", bucket, prefix, err)
	default:
		t.kept("bucket", "%s with %s, %s bytes, below %s", bucket, counted(number, "object"), commandline.Grouped(bytes), prefix)
	}

	if stack.parameters[parameterBucket] == "" {
		t.deletion("aws s3 rb --force " + commandline.Quoted("s3://"+bucket))
	} else {
		t.kept("", "  the bucket itself is yours and not the stack's")
		t.deletion("aws s3 rm --recursive " + commandline.Quoted(location))
	}

	return nil
}

func (t Target) objects(ctx context.Context, bucket, prefix string) (number int, bytes int64, err error) {
	client := s3.NewFromConfig(t.AWS, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })

	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, 0, explained(ctx, "list them", err)
		}

		number += len(page.Contents)
		for _, object := range page.Contents {
			bytes += aws.ToInt64(object.Size)
		}
	}

	return number, bytes, nil
}

func (t Target) leftSecret(_ context.Context, stack *deployed, id string) error {
	if stack.parameters[parameterSecret] != "" {
		t.kept("secret", "%s with the OAuth client's credentials, which is yours and not the stack's", secretName(id))

		return nil
	}

	t.kept("secret", "%s with the OAuth client's credentials", secretName(id))
	t.deletion("aws secretsmanager delete-secret --recovery-window-in-days 7 --secret-id " + commandline.Quoted(secretName(id)))

	return nil
}

func (t Target) leftToken(ctx context.Context, _ *deployed, name string) error {
	// Without decryption: whether there is one is all that is asked.
	_, err := ssm.NewFromConfig(t.AWS).GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
	_, absent := errors.AsType[*types.ParameterNotFound](err)

	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case absent:
		t.kept("token", "none: there is no SSM parameter %s", name)

		return nil
	case err != nil:
		t.kept("token", "SSM parameter %s, which was not looked at: %s", name, why(err))
	default:
		t.kept("token", "SSM parameter %s with the last token", name)
	}

	t.kept("", "  the token itself is good until it expires, wherever it was copied to")
	t.deletion("aws ssm delete-parameter --name " + commandline.Quoted(name))

	return nil
}

// counted writes a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}

	return commandline.Grouped(n) + " " + thing + "s"
}
