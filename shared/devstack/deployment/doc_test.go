// Package deployment_test compares template.yaml, its dashboard and alarms, the runbook and the built functions: what one of
// them says of another is looked up there.
//
// Rules: a list of resources is always taken from the template, so that what is added without its counterpart fails. Metrics
// of the functions are never made up: the built binaries run against the local stack, and what they wrote into their log is
// what alarms and dashboard are shown. Metrics of AWS's own services follow from what happened there, each with its source.
package deployment_test

import (
	"maps"
	"testing"

	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/template"
)

// The files that are compared.
const (
	templateFile = "../../../template.yaml"
	runbookFile  = "../../operator/RUNBOOK.md"
)

// source is the project's template.
func source(t *testing.T) *template.Template {
	t.Helper()

	read, err := template.Read(templateFile)
	if err != nil {
		t.Fatal(err)
	}

	return read
}

// everything are parameters with which the stack has all that it may have: its own secret, bucket and topic, a schedule for
// exports, a subscription, a network.
func everything() map[string]string {
	return map[string]string{
		"ExportScheduleExpression": "rate(1 day)", "AlarmEmail": "operators@example.com", "ExportRetentionDays": "30",
		"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1",
	}
}

// deployed is the template as a stack of that name has it; what is not said is the default.
func deployed(t *testing.T, name string, parameters map[string]string) *template.Stack {
	t.Helper()

	return evaluated(t, template.Deployment{StackName: name, Parameters: parameters})
}

func evaluated(t *testing.T, d template.Deployment) *template.Stack {
	t.Helper()

	given := map[string]string{"GenesysEnvironment": "mypurecloud.de", "RunbookUrl": "https://example.com/runbook"}
	maps.Copy(given, d.Parameters)
	d.Parameters = given

	result, err := source(t).Evaluate(d)
	if err != nil {
		t.Fatal(err)
	}

	return result
}

// running is the template as the local stack runs it: there a function is called as its folder.
func running(t *testing.T, parameters map[string]string) *template.Stack {
	t.Helper()

	return evaluated(t, template.Deployment{
		StackName: stack.Name, Region: stack.Region, Account: stack.Account, Parameters: parameters, Local: true,
	})
}

// within is what lies under keys, one inside the other; nil where there is nothing.
func within(content any, keys ...string) any {
	for _, key := range keys {
		inner, _ := content.(map[string]any)
		content = inner[key]
	}

	return content
}

// text is a text that has to lie under keys.
func text(t *testing.T, content any, keys ...string) string {
	t.Helper()

	found, is := within(content, keys...).(string)
	if !is {
		t.Fatalf("%v is no text", keys)
	}

	return found
}
