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
		all = append(all, machineDuties(machine)...)
	}

	for _, schedule := range d.OfType("AWS::Scheduler::Schedule") {
		target := schedule.Properties["Target"]
		all = append(all, scheduleDuties(target, text(within(target, "Arn")))...)
	}

	return all
}

// duties are what Lambda does for a function, and the Scheduler for its schedules.
func (f function) duties() []duty {
	properties := f.resource.Properties
	role := text(properties["Role"])

	stream := text(within(properties, "LoggingConfig", "LogGroup")) + ":log-stream:2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef"
	all := []duty{{
		role, f.name,
		[]string{"logs:CreateLogStream", "logs:PutLogEvents"},
		"arn:aws:logs:" + Region + ":" + Account + ":log-group:" + stream,
	}}

	if properties["Tracing"] == "Active" {
		all = append(all, duty{role, f.name, []string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, "*"})
	}

	if destination := text(within(properties, "EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination")); destination != "" {
		all = append(all, duty{role, f.name, []string{reaching(destination)}, destination})
	}

	if properties["VpcConfig"] != nil {
		all = append(all, duty{role, f.name, []string{
			"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
			"ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
		}, "*"})
	}

	for _, scheduled := range schedules(f.resource) {
		all = append(all, scheduleDuties(scheduled, "arn:aws:lambda:"+Region+":"+Account+":function:"+f.name)...)
	}

	return all
}

// scheduleDuties are what the Scheduler does: it starts the target, or keeps what it could not deliver.
func scheduleDuties(schedule any, target string) []duty {
	role := text(within(schedule, "RoleArn"))
	all := []duty{{role, "scheduler", []string{reaching(target)}, target}}

	if letters := text(within(schedule, "DeadLetterConfig", "Arn")); letters != "" {
		all = append(all, duty{role, "scheduler", []string{reaching(letters)}, letters})
	}

	return all
}

// machineDuties are what Step Functions does for a state machine: it invokes the functions that the definition names,
// starts the machine itself again, and reports.
func machineDuties(machine template.Resource) []duty {
	properties := machine.Properties
	role, session := text(properties["Role"]), machine.LogicalID

	var all []duty

	named, _ := properties["DefinitionSubstitutions"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if arn := text(named[name]); strings.HasPrefix(arn, "arn:") {
			all = append(all, duty{role, session, []string{reaching(arn)}, arn})
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

// reaching is the action by which something is handed to whatever has an ARN. Of another service than these no role may do
// it, which the check then reports.
func reaching(arn string) string {
	switch {
	case strings.HasPrefix(arn, "arn:aws:lambda:"):
		return "lambda:InvokeFunction"
	case strings.HasPrefix(arn, "arn:aws:states:"):
		return "states:StartExecution"
	case strings.HasPrefix(arn, "arn:aws:sqs:"):
		return "sqs:SendMessage"
	default:
		return "an unknown action"
	}
}
