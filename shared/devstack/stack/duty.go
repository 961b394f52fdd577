package stack

import (
	"cmp"
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
	resource string
	actions  []string
}

// checkDuties reports, by role, action and resource, what AWS would fail to do for the functions, the state machines and
// the schedules.
func (d *deployment) checkDuties(guard *iamsim.Guard) error {
	duties, err := d.duties()
	problems := []error{err}

	for _, duty := range duties {
		role, err := d.roles.assume(duty.role, duty.session)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", duty.session, err))

			continue
		}

		for _, action := range duty.actions {
			access := iamsim.Access{Action: action, Resource: duty.resource}
			if !guard.Decide(role, access).Allowed {
				problems = append(problems, fmt.Errorf("%s may not %s on %s: add the statement to %s", role.Name, action, duty.resource, d.file))
			}
		}
	}

	return errors.Join(problems...)
}

func (d *deployment) duties() (all []duty, err error) {
	var problems []error

	for _, f := range d.functions {
		all = append(all, f.duties()...)
	}

	for _, machine := range d.OfType("AWS::Serverless::StateMachine") {
		duties, err := d.machineDuties(machine)
		all, problems = append(all, duties...), append(problems, err)
	}

	for _, resource := range d.OfType("AWS::Scheduler::Schedule") {
		var read struct{ Target schedule }

		problems = append(problems, decode(resource.Properties, &read))
		all = append(all, read.Target.duties(read.Target.Arn)...)
	}

	return all, errors.Join(problems...)
}

// arn is the ARN of something in the stack's account and region.
func arn(service, resource string) string {
	return "arn:aws:" + service + ":" + Region + ":" + Account + ":" + resource
}

// duties are what Lambda does for a function, and the Scheduler for its schedules.
func (f function) duties() (all []duty) {
	name := f.local.Name
	add := func(resource string, actions ...string) { all = append(all, duty{f.Role, name, resource, actions}) }

	stream := ":log-stream:2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef"
	group := cmp.Or(f.LoggingConfig.LogGroup, "/aws/lambda/"+f.FunctionName)
	add(arn("logs", "log-group:"+group+stream), "logs:CreateLogStream", "logs:PutLogEvents")

	if f.Tracing == "Active" {
		add("*", "xray:PutTraceSegments", "xray:PutTelemetryRecords")
	}

	if destination := f.EventInvokeConfig.DestinationConfig.OnFailure.Destination; destination != "" {
		add(destination, reaching(destination))
	}

	if f.VpcConfig != nil {
		add("*", "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
			"ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")
	}

	for _, event := range f.Events {
		if event.Type == "ScheduleV2" {
			all = append(all, event.Properties.duties(arn("lambda", "function:"+name))...)
		}
	}

	return all
}

// duties are what the Scheduler does: it starts the target, or keeps what it could not deliver.
func (s schedule) duties(target string) []duty {
	all := []duty{{s.RoleArn, "scheduler", target, []string{reaching(target)}}}
	if letters := s.DeadLetterConfig.Arn; letters != "" {
		all = append(all, duty{s.RoleArn, "scheduler", letters, []string{reaching(letters)}})
	}

	return all
}

// machineDuties are what Step Functions does for a state machine: it reaches every function and what else the definition names,
// and reports.
func (d *deployment) machineDuties(machine template.Resource) (all []duty, err error) {
	var read struct {
		Role                    string
		DefinitionSubstitutions map[string]any
		Logging                 any
		Tracing                 struct{ Enabled any }
	}
	if err := decode(machine.Properties, &read); err != nil {
		return nil, fmt.Errorf("%s: %w", machine.LogicalID, err)
	}

	add := func(resource string, actions ...string) {
		all = append(all, duty{read.Role, machine.LogicalID, resource, actions})
	}

	for _, f := range d.functions {
		add(arn("lambda", "function:"+f.FunctionName), "lambda:InvokeFunction")
	}

	for _, name := range slices.Sorted(maps.Keys(read.DefinitionSubstitutions)) {
		// What begins the functions' ARNs names none of them.
		if arn := fmt.Sprint(read.DefinitionSubstitutions[name]); strings.HasPrefix(arn, "arn:") && !strings.HasPrefix(arn, "arn:aws:lambda:") {
			add(arn, reaching(arn))
		}
	}

	if read.Logging != nil {
		add("*", "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
			"logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups")
	}

	if read.Tracing.Enabled == true {
		add("*", "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets")
	}

	return all, nil
}

// reaching is the action by which something is given to whatever has an ARN. No role may take the action of an unknown
// service, which the check then reports.
func reaching(arn string) string {
	for service, action := range map[string]string{
		"lambda": "lambda:InvokeFunction", "states": "states:StartExecution", "sqs": "sqs:SendMessage",
	} {
		if strings.HasPrefix(arn, "arn:aws:"+service+":") {
			return action
		}
	}

	return "an unknown action"
}
