package operator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
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

func (q *queried) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()

	if name, timed := strings.CutPrefix(r.URL.Path, "/schedules/"); timed {
		if q.schedule == "" || name != stackName+"-rotator" {
			w.Header().Set("X-Amzn-ErrorType", "ResourceNotFoundException")
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"Name": name, "State": q.schedule, "ScheduleExpression": "rate(1 minute)"})
		return
	}

	var (
		reply   string
		members []string
	)
	switch action := r.FormValue("Action"); {
	case action == "GetCallerIdentity":
		reply = tag("Account", account)
	case action == "DescribeStacks" && r.FormValue("StackName") == stackName:
		reply = tag("Stacks", tag("member", tag("StackName", stackName), tag("StackStatus", q.status),
			tag("Outputs", pairs("Output", q.outputs)...), tag("Parameters", pairs("Parameter", q.parameters)...)))
	case action == "ListEntitiesForPolicy" && r.FormValue("PolicyArn") == q.outputs["TokenReadPolicyArn"]:
		for _, name := range q.readers {
			members = append(members, tag("member", tag("RoleName", name)))
		}
		reply = tag("PolicyRoles", members...)
	case action == "ListSubscriptionsByTopic" && r.FormValue("TopicArn") == q.outputs["AlarmTopicArn"]:
		for _, s := range q.subscriptions {
			protocol, pending := strings.CutSuffix(s, "?")
			arn := "arn:aws:sns:x:" + account + ":topic:1"
			if pending {
				arn = "PendingConfirmation"
			}
			members = append(members, tag("member", tag("SubscriptionArn", arn), tag("Protocol", protocol), tag("Endpoint", canary+"@example.com")))
		}
		reply = tag("Subscriptions", members...)
	case action == "DescribeAlarms":
		for key, names := range r.Form {
			if name := names[0]; strings.HasPrefix(key, "AlarmNames.member.") && q.alarms[name] != "" {
				members = append(members, tag("member", tag("AlarmName", name), tag("AlarmDescription", "What "+name+" means. RUNBOOK.md"), tag("StateValue", q.alarms[name]),
					tag("ActionsEnabled", strconv.FormatBool(name != q.muted)), tag("AlarmActions", tag("member", q.outputs["AlarmTopicArn"]))))
			}
		}
		reply = tag("MetricAlarms", members...)
	default:
		queryError(w, http.StatusBadRequest, "ValidationError", "it does not exist")
		return
	}

	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprint(w, tag(r.FormValue("Action")+"Response", tag(r.FormValue("Action")+"Result", reply)))
}

// tag is an element of XML.
func tag(name string, inner ...string) string {
	return "<" + name + ">" + strings.Join(inner, "") + "</" + name + ">"
}

// pairs are keys and values as CloudFormation has them.
func pairs(kind string, values map[string]string) (members []string) {
	for key, value := range values {
		members = append(members, tag("member", tag(kind+"Key", key), tag(kind+"Value", value)))
	}

	return members
}

func queryError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	fmt.Fprint(w, tag("ErrorResponse", tag("Error", tag("Type", "Sender"), tag("Code", code), tag("Message", message))))
}
