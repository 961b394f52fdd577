package operator_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// queried is what CloudFormation, SNS, CloudWatch, IAM, STS and the Scheduler say of the stack. Tests change it before the
// command begins.
type queried struct {
	mu                  sync.Mutex
	status              string
	outputs, parameters map[string]string
	subscriptions       []string          // protocols; one that is not confirmed ends in ?
	alarms              map[string]string // states by name
	muted               string            // the alarm whose actions are switched off
	readers             []string          // roles that have the policy of readers
	schedule            string            // its state; without one there is none
}

type pair struct {
	OutputKey      string `xml:",omitempty"`
	OutputValue    string `xml:",omitempty"`
	ParameterKey   string `xml:",omitempty"`
	ParameterValue string `xml:",omitempty"`
}

func (q *queried) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()

	if name, timed := strings.CutPrefix(r.URL.Path, "/schedules/"); timed {
		q.time(w, name)
		return
	}

	switch action := r.FormValue("Action"); {
	case action == "ListEntitiesForPolicy" && r.FormValue("PolicyArn") == q.outputs["TokenReadPolicyArn"]:
		q.attached(w)
	case action == "DescribeStacks" && r.FormValue("StackName") == stackName:
		q.describe(w)
	case action == "ListSubscriptionsByTopic" && r.FormValue("TopicArn") == q.outputs["AlarmTopicArn"]:
		q.list(w)
	case action == "DescribeAlarms":
		q.watch(w, r)
	case action == "GetCallerIdentity":
		queryReply(w, action, struct{ Account, Arn, UserId string }{account, "arn:aws:iam::" + account + ":user/x", "x"})
	default:
		queryError(w, http.StatusBadRequest, "ValidationError", "it does not exist")
	}
}

// time tells of the rotator's schedule.
func (q *queried) time(w http.ResponseWriter, name string) {
	if q.schedule == "" || name != stackName+"-rotator" {
		w.Header().Set("X-Amzn-ErrorType", "ResourceNotFoundException")
		w.WriteHeader(http.StatusNotFound)
		return
	}

	_ = json.NewEncoder(w).Encode(map[string]string{"Name": name, "State": q.schedule, "ScheduleExpression": "rate(1 minute)"})
}

func (q *queried) attached(w http.ResponseWriter) {
	type member struct{ RoleName, RoleId string }

	var reply struct {
		PolicyRoles []member `xml:"PolicyRoles>member"`
	}
	for _, name := range q.readers {
		reply.PolicyRoles = append(reply.PolicyRoles, member{name, "x"})
	}

	queryReply(w, "ListEntitiesForPolicy", reply)
}

func (q *queried) describe(w http.ResponseWriter) {
	type member struct {
		StackName, StackStatus, CreationTime string
		Outputs                              []pair `xml:"Outputs>member"`
		Parameters                           []pair `xml:"Parameters>member"`
	}

	stack := member{StackName: stackName, StackStatus: q.status, CreationTime: "2026-11-25T12:00:00Z"}
	for key, value := range q.outputs {
		stack.Outputs = append(stack.Outputs, pair{OutputKey: key, OutputValue: value})
	}
	for key, value := range q.parameters {
		stack.Parameters = append(stack.Parameters, pair{ParameterKey: key, ParameterValue: value})
	}

	queryReply(w, "DescribeStacks", struct {
		Stacks []member `xml:"Stacks>member"`
	}{[]member{stack}})
}

func (q *queried) list(w http.ResponseWriter) {
	type member struct{ SubscriptionArn, Protocol, Endpoint string }

	var page struct {
		Subscriptions []member `xml:"Subscriptions>member"`
	}
	for _, s := range q.subscriptions {
		protocol, pending := strings.CutSuffix(s, "?")
		arn := "arn:aws:sns:x:" + account + ":topic:1"
		if pending {
			arn = "PendingConfirmation"
		}
		page.Subscriptions = append(page.Subscriptions, member{arn, protocol, canary + "@example.com"})
	}

	queryReply(w, "ListSubscriptionsByTopic", page)
}

func (q *queried) watch(w http.ResponseWriter, r *http.Request) {
	type member struct {
		AlarmName, AlarmDescription, StateValue string
		ActionsEnabled                          bool
		AlarmActions                            []string `xml:"AlarmActions>member"`
	}

	var reply struct {
		MetricAlarms []member `xml:"MetricAlarms>member"`
	}
	for key, names := range r.Form {
		if name := names[0]; strings.HasPrefix(key, "AlarmNames.member.") && q.alarms[name] != "" {
			reply.MetricAlarms = append(reply.MetricAlarms, member{
				name, "What " + name + " means. RUNBOOK.md", q.alarms[name], name != q.muted, []string{q.outputs["AlarmTopicArn"]},
			})
		}
	}
	slices.SortFunc(reply.MetricAlarms, func(a, b member) int { return strings.Compare(a.AlarmName, b.AlarmName) })

	queryReply(w, "DescribeAlarms", reply)
}

// queryReply answers in the query protocol.
func queryReply(w http.ResponseWriter, action string, result any) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<%sResponse>", action)
	_ = xml.NewEncoder(w).EncodeElement(result, xml.StartElement{Name: xml.Name{Local: action + "Result"}})
	fmt.Fprintf(w, "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></%sResponse>", action)
}

func queryError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
}
