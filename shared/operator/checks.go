package operator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	watched "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"genesys-cloud-export/shared/awsapi"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
)

func (e *examination) credentials(ctx context.Context, _ string) (string, error) {
	if e.unready != nil {
		return "", e.unready
	}

	reply, err := sts.NewFromConfig(e.AWS).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		e.unready = explained(ctx, "ask AWS whose the credentials are", err)

		return "", e.unready
	}

	return "account " + aws.ToString(reply.Account) + ", region " + e.AWS.Region, nil
}

func (e *examination) deployment(ctx context.Context, _ string) (string, error) {
	if e.unready != nil {
		return "", unseen("not looked at: needs credentials")
	}

	stack, err := e.find(ctx)
	if err != nil {
		return "", err
	}

	if len(stack.outputs) > 0 {
		e.stack = stack
	}

	is := e.Stack + " is " + string(stack.Status)
	events := "see why in its events (aws cloudformation describe-stack-events --stack-name " + e.Stack + ")"

	switch status := stack.Status; {
	case strings.HasSuffix(string(status), "_IN_PROGRESS"):
		return "", fmt.Errorf("%s: wait until that has ended, and look again", is)
	case status == types.StackStatusRollbackComplete:
		return "", fmt.Errorf("%s: its creation failed; %s, delete it and deploy again", is, events)
	case !slices.Contains([]types.StackStatus{types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusImportComplete}, status):
		return "", fmt.Errorf("%s: the last change failed, so what runs is older than what was deployed; %s and deploy again", is, events)
	case e.stack == nil:
		return "", fmt.Errorf("%s has no outputs: it is another template's; name the right one with STACK=", e.Stack)
	default:
		return is, nil
	}
}

func (e *examination) secret(ctx context.Context, id string) (string, error) {
	there, err := stored(ctx, secretsmanager.NewFromConfig(e.AWS), id)

	switch {
	case awsapi.Denied(err): // the token shows whether the rotator can use it
		return "", unseen("your AWS role may not read " + secretName(id))
	case err != nil:
		return "", err
	case there.ClientID == "":
		return "", fmt.Errorf(`%s does not contain {"client_id":"…","client_secret":"…"}: put the OAuth client's there, make set-credentials STACK=%s`,
			secretName(id), e.Stack)
	default:
		return fmt.Sprintf("%s contains the credentials of client %s", secretName(id), there.ClientID), nil
	}
}

// minted reads the token as an exporter does: where there is none to be used, the rotator is asked.
func (e *examination) minted(ctx context.Context, name string) (string, error) {
	tokens := token.NewReader(tokenstore.New(ssm.NewFromConfig(e.AWS), name, ""), e.stack)

	stored, err := tokens.Token(ctx)

	switch {
	case failure.Is(err, failure.TokenUnavailable):
		return "", fmt.Errorf("%s: %w", name, err)
	case err != nil:
		return "", explained(ctx, "read the token "+name, err)
	}

	e.tokens = tokens

	return fmt.Sprintf("%s contains version %d, good for another %s", name, stored.Version, stored.Remaining(time.Now()).Truncate(time.Second)), nil
}

// Ask implements [token.Asker] by the stack's rotator.
func (s *deployed) Ask(ctx context.Context, rejected int64) error {
	event := "{}"
	if rejected != 0 {
		event = fmt.Sprintf(`{"rejected_version":%d}`, rejected)
	}

	_, err := s.rotate(ctx, event)

	return err
}

// recipients looks whether anybody hears of an alarm, by the topic's first hundred subscriptions. Only their protocols are shown,
// as an endpoint may be a person's address.
func (e *examination) recipients(ctx context.Context, topic string) (string, error) {
	reply, err := sns.NewFromConfig(e.AWS).ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	if err != nil {
		return "", explained(ctx, "list the subscriptions of the topic "+lastName(topic), err)
	}

	var confirmed, pending []string // protocols

	for _, s := range reply.Subscriptions {
		// A subscription has an ARN once it is confirmed; before, words stand there.
		switch id := aws.ToString(s.SubscriptionArn); {
		case strings.HasPrefix(id, "arn:"):
			confirmed = append(confirmed, aws.ToString(s.Protocol))
		case id != "Deleted":
			pending = append(pending, aws.ToString(s.Protocol))
		}
	}

	waiting := ""
	if len(pending) > 0 {
		waiting = "; not confirmed yet: " + strings.Join(pending, ", ") + ": open the link that AWS has sent there"
	}

	if len(confirmed) == 0 {
		return "", fmt.Errorf("nobody hears of an alarm: deploy with AlarmEmail=ADDRESS, or subscribe to the topic %s%s", lastName(topic), waiting)
	}

	return fmt.Sprintf("the topic %s sends to: %s%s", lastName(topic), strings.Join(confirmed, ", "), waiting), nil
}

// alarmNames are the alarms of template.yaml without the stack's name before them. Another stack's name may begin with
// this one's, so that the prefix alone would find that one's alarms too.
func alarmNames() []string {
	return []string{
		"rotator-errors", "rotator-silent", "token-expiring", "tokens-minted-often", "deliveries-failed", "invocations-failed",
		"executions-failed", "executions-timed-out", "executions-aborted",
		"export-overdue", "export-stalled", "export-waiting", "exporter-throttled",
	}
}

// indent puts a line below the finding that it belongs to.
const indent = "                     "

func (e *examination) alarms(ctx context.Context, _ string) (string, error) {
	// Of the three protocols that CloudWatch speaks, the one that emulators speak too.
	client := cloudwatch.NewFromConfig(e.AWS, func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
	})

	var names []string
	for _, name := range alarmNames() {
		names = append(names, e.Stack+"-"+name)
	}

	// One page has room for a hundred names.
	reply, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: names, MaxRecords: aws.Int32(100)})
	if err != nil {
		return "", explained(ctx, "read the alarms "+e.Stack+"-*", err)
	}

	missing := slices.DeleteFunc(names, func(name string) bool {
		there := slices.ContainsFunc(reply.MetricAlarms, func(alarm watched.MetricAlarm) bool { return name == aws.ToString(alarm.AlarmName) })

		return there || name == e.Stack+"-export-overdue" // which is there where exports are scheduled
	})

	var ringing, silent []string

	for _, alarm := range reply.MetricAlarms {
		if alarm.StateValue == watched.StateValueAlarm {
			ringing = append(ringing, "\n"+indent+withoutARNs(aws.ToString(alarm.AlarmName)+": "+aws.ToString(alarm.AlarmDescription)))
		}

		if !aws.ToBool(alarm.ActionsEnabled) || len(alarm.AlarmActions) == 0 {
			silent = append(silent, aws.ToString(alarm.AlarmName))
		}
	}

	switch all := len(reply.MetricAlarms); {
	case len(missing) > 0:
		return "", fmt.Errorf("missing: %s: deploy again", strings.Join(missing, ", "))
	case len(silent) > 0:
		return "", fmt.Errorf("these tell nobody, as their actions are switched off: %s: deploy again, or aws cloudwatch enable-alarm-actions", strings.Join(silent, ", "))
	case len(ringing) > 0:
		return "", fmt.Errorf("%d of %d in ALARM; what each means and what to do first stands in the runbook:%s", len(ringing), all, strings.Join(ringing, ""))
	default:
		return fmt.Sprintf("none of %d in ALARM", all), nil
	}
}
