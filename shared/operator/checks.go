package operator

import (
	"context"
	"errors"
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
	"genesys-cloud-export/shared/token"
	"genesys-cloud-export/shared/tokenstore"
)

func (e *examination) credentials(ctx context.Context, _ string) finding {
	if e.unready != nil {
		return failed(e.unready)
	}

	reply, err := sts.NewFromConfig(e.AWS).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return failed(explained(ctx, "ask AWS whose the credentials are", err))
	}

	e.account = aws.ToString(reply.Account)

	return found("account %s, region %s", e.account, e.AWS.Region)
}

func (e *examination) deployment(ctx context.Context, _ string) finding {
	if e.account == "" {
		return notSeen("not looked at: needs credentials")
	}

	stack, err := e.find(ctx)
	if err != nil {
		return failed(err)
	}

	if len(stack.outputs) > 0 {
		e.stack = stack
	}

	const why = "see why in its events (aws cloudformation describe-stack-events --stack-name "

	settled := []types.StackStatus{types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusImportComplete}

	switch status := stack.Status; {
	case slices.Contains(settled, status) && e.stack == nil:
		return failedf("%s has no outputs: it is another template's; name the right one with STACK=", stack.Name)
	case slices.Contains(settled, status):
		return found("%s is %s", stack.Name, status)
	case strings.HasSuffix(string(status), "_IN_PROGRESS"):
		return failedf("%s is %s: wait until that has ended, and look again", stack.Name, status)
	case status == types.StackStatusRollbackComplete:
		return failedf("%s is %s: its creation failed; %s%s), delete it and deploy again", stack.Name, status, why, stack.Name)
	default:
		return failedf("%s is %s: the last change failed, so what runs is older than what was deployed; %s%s) and deploy again",
			stack.Name, status, why, stack.Name)
	}
}

func (e *examination) secret(ctx context.Context, id string) finding {
	there, err := stored(ctx, secretsmanager.NewFromConfig(e.AWS), id)

	switch {
	case awsapi.Denied(err): // the token shows whether the rotator can use it
		return notSeen("your AWS role may not read %s", secretName(id))
	case err != nil:
		return failed(err)
	case there.ClientID == "":
		return failedf(`%s does not contain {"client_id":"…","client_secret":"…"}: put the OAuth client's there, make set-credentials STACK=%s`,
			secretName(id), e.Stack)
	default:
		return found("%s contains the credentials of client %s", secretName(id), there.ClientID)
	}
}

// minted looks for a usable token, and asks the rotator for one where there is none.
func (e *examination) minted(ctx context.Context, name string) finding {
	how := ""

	for {
		stored, lacking, err := usableToken(ctx, tokenstore.New(ssm.NewFromConfig(e.AWS), name, ""))

		switch {
		case err != nil:
			return failed(explained(ctx, "read the token "+name, err))
		case lacking == "":
			e.token = stored

			return found("%s contains version %d, good for another %s%s", name, stored.Version, stored.Remaining(time.Now()).Truncate(time.Second), how)
		case how != "":
			return failedf("%s: %s, also after the rotator was asked: look at its log", name, lacking)
		}

		if _, err := e.rotate(ctx, e.stack, "{}"); err != nil {
			return failedf("%s: %s, and the rotator could not help: %s", name, lacking, err)
		}

		how = "; " + lacking + ", so the rotator was asked"
	}
}

// usableToken reads the token, and says in words why what is there cannot be used.
func usableToken(ctx context.Context, store *tokenstore.Store) (stored token.Stored, lacking string, err error) {
	stored, err = store.Read(ctx)

	for _, known := range []error{token.ErrNotStored, token.ErrUnreadable, token.ErrNewerSchema} {
		if errors.Is(err, known) {
			return token.Stored{}, known.Error(), nil
		}
	}

	if err == nil && !stored.Usable(time.Now()) {
		return token.Stored{}, "the stored token has expired", nil
	}

	return stored, "", err
}

// recipients looks whether anybody hears of an alarm. Endpoints may be addresses of persons and are not shown.
func (e *examination) recipients(ctx context.Context, topic string) finding {
	var confirmed, pending []string // protocols

	pages := sns.NewListSubscriptionsByTopicPaginator(sns.NewFromConfig(e.AWS), &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failed(explained(ctx, "list the subscriptions of the topic "+lastName(topic), err))
		}

		for _, s := range page.Subscriptions {
			// A subscription has an ARN once it is confirmed; before, words stand there.
			switch id := aws.ToString(s.SubscriptionArn); {
			case strings.HasPrefix(id, "arn:"):
				confirmed = append(confirmed, aws.ToString(s.Protocol))
			case id != "Deleted":
				pending = append(pending, aws.ToString(s.Protocol))
			}
		}
	}

	waiting := ""
	if len(pending) > 0 {
		waiting = "; not confirmed yet: " + counted(len(pending), "subscription") + " (" + kinds(pending) + "): open the link that AWS has sent there"
	}

	if len(confirmed) == 0 {
		return failedf("nobody hears of an alarm: deploy with AlarmEmail=ADDRESS, or subscribe to the topic %s%s", lastName(topic), waiting)
	}

	return found("%s to the topic %s (%s)%s", counted(len(confirmed), "subscription"), lastName(topic), kinds(confirmed), waiting)
}

// kinds names each protocol once.
func kinds(protocols []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(protocols))), ", ")
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

func (e *examination) alarms(ctx context.Context, _ string) finding {
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
		return failed(explained(ctx, "read the alarms "+e.Stack+"-*", err))
	}

	var ringing, silent []string

	for _, alarm := range reply.MetricAlarms {
		if alarm.StateValue == watched.StateValueAlarm {
			ringing = append(ringing, "\n"+indent+withoutARNs(aws.ToString(alarm.AlarmName)+": "+aws.ToString(alarm.AlarmDescription)))
		}

		if !aws.ToBool(alarm.ActionsEnabled) || len(alarm.AlarmActions) == 0 {
			silent = append(silent, aws.ToString(alarm.AlarmName))
		}

		names = slices.DeleteFunc(names, func(name string) bool { return name == aws.ToString(alarm.AlarmName) })
	}

	// Only a scheduled export can be overdue.
	names = slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "-export-overdue") })

	switch all := len(reply.MetricAlarms); {
	case len(names) > 0:
		return failedf("missing: %s: deploy again", strings.Join(names, ", "))
	case len(silent) > 0:
		return failedf("these tell nobody, as their actions are switched off: %s: deploy again, or aws cloudwatch enable-alarm-actions", strings.Join(silent, ", "))
	case len(ringing) > 0:
		return failedf("%d of %d in ALARM; what each means and what to do first stands in the runbook:%s", len(ringing), all, strings.Join(ringing, ""))
	default:
		return found("none of %d in ALARM", all)
	}
}
