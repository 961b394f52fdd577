package stack

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"genesys-cloud-export/shared/devstack/iamsim"
	"genesys-cloud-export/shared/devstack/template"
)

// duty is what AWS itself does with a role, without a request that could be refused here.
type duty struct {
	role     string // its ARN
	session  string
	actions  []string
	resource string
}

// checkDuties reports, by role, action and resource, what AWS would fail to do for the functions, the state machines and
// the schedules.
func (d *deployment) checkDuties(guard *iamsim.Guard) error {
	var problems []error

	for _, duty := range d.duties() {
		role, err := d.roles.find(duty.role)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", duty.session, err))

			continue
		}

		for _, action := range duty.actions {
			access := iamsim.Access{Action: action, Resource: duty.resource}
			if !guard.Decide(role.assumed(duty.session), access).Allowed {
				problems = append(problems, fmt.Errorf("%s may not %s on %s: add the statement to %s", role.id, action, duty.resource, d.file))
			}
		}
	}

	return errors.Join(problems...)
}

func (d *deployment) duties() []duty {
	var all []duty

	for _, f := range d.functions {
		all = append(all, f.duties()...)
	}

	for _, machine := range d.OfType("AWS::Serverless::StateMachine") {
		all = append(all, d.machineDuties(machine)...)
	}

	for _, schedule := range d.OfType("AWS::Scheduler::Schedule") {
		target := schedule.Properties["Target"]
		role := text(within(target, "RoleArn"))
		all = append(all,
			duty{role, "scheduler", []string{"states:StartExecution"}, text(within(target, "Arn"))},
			duty{role, "scheduler", []string{"sqs:SendMessage"}, text(within(target, "DeadLetterConfig", "Arn"))})
	}

	return all
}

// duties are what Lambda does for a function, and the Scheduler for its schedules.
func (f function) duties() []duty {
	properties := f.resource.Properties
	role := text(properties["Role"])

	group := text(within(properties, "LoggingConfig", "LogGroup"))
	if group == "" {
		group = "/aws/lambda/" + f.name
	}

	all := []duty{{
		role, f.name,
		[]string{"logs:CreateLogStream", "logs:PutLogEvents"},
		"arn:aws:logs:" + Region + ":" + Account + ":log-group:" + group + ":log-stream:2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
	}}

	if properties["Tracing"] == "Active" {
		all = append(all, duty{role, f.name, []string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, "*"})
	}

	if destination := within(properties, "EventInvokeConfig", "DestinationConfig", "OnFailure"); destination != nil {
		all = append(all, duty{role, f.name, []string{sending(text(within(destination, "Type")))}, text(within(destination, "Destination"))})
	}

	if properties["VpcConfig"] != nil {
		all = append(all, duty{role, f.name, []string{
			"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
			"ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
		}, "*"})
	}

	for _, scheduled := range schedules(f.resource) {
		scheduler := text(scheduled["RoleArn"])
		all = append(all, duty{scheduler, "scheduler", []string{"lambda:InvokeFunction"}, functionARN(f.name)})

		if letters := text(within(scheduled, "DeadLetterConfig", "Arn")); letters != "" {
			all = append(all, duty{scheduler, "scheduler", []string{"sqs:SendMessage"}, letters})
		}
	}

	return all
}

// machineDuties are what Step Functions does for a state machine: it invokes the functions that the definition is told,
// starts the machine itself again, and reports.
func (d *deployment) machineDuties(machine template.Resource) []duty {
	properties := machine.Properties
	role, session := text(properties["Role"]), machine.LogicalID

	var all []duty

	told, _ := properties["DefinitionSubstitutions"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(told)) {
		switch arn := text(told[name]); {
		case strings.HasPrefix(arn, "arn:aws:lambda:"):
			all = append(all, duty{role, session, []string{"lambda:InvokeFunction"}, arn})
		case strings.HasPrefix(arn, "arn:aws:states:"):
			all = append(all, duty{role, session, []string{"states:StartExecution"}, arn})
		}
	}

	if properties["Logging"] != nil {
		all = append(all, duty{role, session, []string{
			"logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
			"logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
		}, "*"})
	}

	if within(properties, "Tracing", "Enabled") == true {
		all = append(all, duty{role, session, []string{
			"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
		}, "*"})
	}

	return all
}

func functionARN(name string) string {
	return "arn:aws:lambda:" + Region + ":" + Account + ":function:" + name
}

// sending is the action by which an event that failed reaches a destination of a type.
func sending(kind string) string {
	switch kind {
	case "SNS":
		return "sns:Publish"
	case "Lambda":
		return "lambda:InvokeFunction"
	case "EventBridge":
		return "events:PutEvents"
	default:
		return "sqs:SendMessage"
	}
}
