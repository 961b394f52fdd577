package operator

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	executions "github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// schedule looks at the schedule itself: somebody may have switched it off.
func (e *examination) schedule(ctx context.Context, _ string) (string, error) {
	name := e.Stack + "-rotator"

	reply, err := scheduler.NewFromConfig(e.AWS).GetSchedule(ctx, &scheduler.GetScheduleInput{Name: &name})
	if _, absent := errors.AsType[*types.ResourceNotFoundException](err); absent {
		return "", fmt.Errorf("there is no schedule %s, so that nothing runs the rotator: deploy again", name)
	}

	switch {
	case err != nil:
		return "", explained(ctx, "read the schedule "+name, err)
	case reply.State != types.ScheduleStateEnabled:
		return "", fmt.Errorf("%s is %s, so that nothing runs the rotator: aws scheduler update-schedule, or deploy again", name, reply.State)
	default:
		return "the rotator runs by " + aws.ToString(reply.ScheduleExpression), nil
	}
}

// bucket writes an object as the functions do, on condition that it is not there, and deletes it again. A store that lets the
// second write pass would let two invocations commit the same pages.
func (e *examination) bucket(ctx context.Context, location string) (string, error) {
	name, prefix := place(location)
	key := prefix + "_doctor/" + rand.Text()
	client := s3.NewFromConfig(e.AWS, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
	put := func() error {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: &key, IfNoneMatch: aws.String("*"), Body: bytes.NewReader(nil)})

		return err
	}

	if err := put(); err != nil {
		return "", explained(ctx, "write an object to the bucket "+name, err)
	}

	again := put()

	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &name, Key: &key}); err != nil {
		return "", explained(ctx, "delete the object "+key+" from the bucket "+name, err)
	}

	if refused, ok := errors.AsType[*awshttp.ResponseError](again); !ok || refused.HTTPStatusCode() != http.StatusPreconditionFailed {
		return "", fmt.Errorf("%s takes a write whose condition does not hold: exports are not safe there, use another bucket", name)
	}

	return name + " takes conditional writes", nil
}

// lookedBack is how far failed executions are looked for, and most how many of them are shown.
const (
	lookedBack = 24 * time.Hour
	most       = 5
)

// executions shows the executions that failed within a day, with their causes.
func (e *examination) executions(ctx context.Context, arn string) (string, error) {
	client := sfn.NewFromConfig(e.AWS)

	reply, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &arn, StatusFilter: executions.ExecutionStatusFailed, MaxResults: most})
	if err != nil {
		return "", explained(ctx, "list the executions of "+lastName(arn), err)
	}

	recent := slices.DeleteFunc(reply.Executions, func(one executions.ExecutionListItem) bool {
		return time.Since(aws.ToTime(one.StopDate)) > lookedBack
	})

	var lines strings.Builder

	for _, one := range recent {
		failure, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: one.ExecutionArn})
		if err != nil {
			return "", explained(ctx, "read the execution "+aws.ToString(one.Name), err)
		}

		lines.WriteString("\n" + indent + withoutARNs(fmt.Sprintf("%s: %s: %s", aws.ToString(one.Name), aws.ToString(failure.Error), aws.ToString(failure.Cause))))
	}

	if len(recent) > 0 {
		return "", fmt.Errorf("failed within a day, %d or more; each cause says what to do:%s", len(recent), lines.String())
	}

	return "none failed within a day", nil
}
