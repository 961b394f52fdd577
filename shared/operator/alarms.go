package operator

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	watched "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
)

// subscriptionLister is the one call of [sns.Client] that is needed.
type subscriptionLister interface {
	ListSubscriptionsByTopic(ctx context.Context, input *sns.ListSubscriptionsByTopicInput, options ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error)
}

// recipients looks whether anybody hears of an alarm. Endpoints may be addresses of persons and are not shown.
func (e *examination) recipients(ctx context.Context) finding {
	topic, err := e.stack.output(outputTopic)
	if err != nil {
		return failed(err)
	}

	confirmed, pending, err := subscriptions(ctx, sns.NewFromConfig(e.AWS), topic)
	if err != nil {
		return failed(err)
	}

	waiting := ""
	if len(pending) > 0 {
		waiting = fmt.Sprintf("; %s not confirmed yet (%s): open the link that AWS has sent there", counted(len(pending), "is", "are"), kinds(pending))
	}

	if len(confirmed) == 0 {
		return failedf("nobody hears of an alarm: deploy with AlarmEmail=ADDRESS, or subscribe to the topic %s%s", lastName(topic), waiting)
	}

	return found("%s to the topic %s (%s)%s", counted(len(confirmed), "subscription", "subscriptions"), lastName(topic), kinds(confirmed), waiting)
}

// subscriptions are the protocols of a topic's subscriptions.
func subscriptions(ctx context.Context, client subscriptionLister, topic string) (confirmed, pending []string, err error) {
	pages := sns.NewListSubscriptionsByTopicPaginator(client, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, told(ctx, "list the subscriptions of the topic "+lastName(topic), err)
		}

		for _, s := range page.Subscriptions {
			protocol := aws.ToString(s.Protocol)

			// A subscription has an ARN once it is confirmed; before, these words stand there.
			switch {
			case strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:"):
				confirmed = append(confirmed, protocol)
			case aws.ToString(s.SubscriptionArn) != "Deleted":
				pending = append(pending, protocol)
			}
		}
	}

	return confirmed, pending, nil
}

// kinds names each protocol once.
func kinds(protocols []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(protocols))), ", ")
}

// alarmDescriber is the one call of [cloudwatch.Client] that is needed.
type alarmDescriber interface {
	DescribeAlarms(ctx context.Context, input *cloudwatch.DescribeAlarmsInput, options ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// alarmNames are the alarms of template.yaml without the stack's name before them. Another stack's name may begin with
// this one's, so that the prefix alone would find that one's alarms too.
func alarmNames() []string {
	return []string{
		"rotator-errors", "rotator-silent", "token-expiring", "deliveries-failed", "runs-failed",
		"executions-failed", "executions-timed-out", "executions-aborted", "export-stalled", "export-waiting", "exporter-throttled",
	}
}

func (e *examination) alarms(ctx context.Context) finding {
	// Of the three protocols that CloudWatch speaks, the one that emulators speak too.
	client := cloudwatch.NewFromConfig(e.AWS, func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
	})

	all, err := alarmsOf(ctx, client, e.Stack+"-")
	if err != nil {
		return failed(err)
	}

	var ringing []string

	for _, alarm := range all {
		if alarm.StateValue == watched.StateValueAlarm {
			ringing = append(ringing, withoutARNs(aws.ToString(alarm.AlarmName)+": "+aws.ToString(alarm.AlarmDescription)))
		}
	}

	switch {
	case len(all) == 0:
		return failedf("%s has no alarm: deploy again", e.Stack)
	case len(ringing) > 0:
		return finding{
			verdict: bad, text: fmt.Sprintf("%d of %d in ALARM; what each means and what to do first stands in the runbook:", len(ringing), len(all)),
			more: ringing,
		}
	default:
		return found("none of %d in ALARM", len(all))
	}
}

func alarmsOf(ctx context.Context, client alarmDescriber, prefix string) ([]watched.MetricAlarm, error) {
	var all []watched.MetricAlarm

	pages := cloudwatch.NewDescribeAlarmsPaginator(client, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, told(ctx, "read the alarms "+prefix+"*", err)
		}

		for _, alarm := range page.MetricAlarms {
			if slices.Contains(alarmNames(), strings.TrimPrefix(aws.ToString(alarm.AlarmName), prefix)) {
				all = append(all, alarm)
			}
		}
	}

	return all, nil
}
