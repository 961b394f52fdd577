package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/devstack/template"
)

// runEvaluate is devstack evaluate: what a CloudFormation template comes to for one deployment, as JSON on stdout.
func runEvaluate(arguments []string, stdout, stderr io.Writer) error {
	line := commandline.New("devstack evaluate", stderr)
	line.Usage = func() {
		_, _ = fmt.Fprintln(stderr, "Usage of devstack evaluate: [options] FILE [Parameter=Value …]")
		line.PrintDefaults()
	}

	var deployment template.Deployment

	line.StringVar(&deployment.StackName, "stack", "", "the stack's name; without one it is genesys-cloud-export")
	conditionsOnly := line.Bool("conditions-only", false, "decide the conditions alone, and print the template that is left")

	if err := commandline.Parse(line, arguments); err != nil {
		return err
	}

	if line.NArg() == 0 {
		return errors.New("say which template: devstack evaluate FILE [Parameter=Value …]")
	}

	var err error
	if deployment.Parameters, err = parameterValues(line.Args()[1:]); err != nil {
		return err
	}

	source, err := template.Read(line.Arg(0))
	if err != nil {
		return err
	}

	result, err := evaluated(source, deployment, *conditionsOnly)
	if err != nil {
		return err
	}

	if _, err := stdout.Write(result); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}

	return nil
}

// parameterValues reads Parameter=Value; a value may have further equals signs.
func parameterValues(arguments []string) (map[string]string, error) {
	values := make(map[string]string, len(arguments))

	for _, argument := range arguments {
		name, value, assigned := strings.Cut(argument, "=")
		if !assigned || name == "" {
			return nil, fmt.Errorf("%q is no Parameter=Value", argument)
		}

		if _, twice := values[name]; twice {
			return nil, fmt.Errorf("the parameter %s is given twice", name)
		}

		values[name] = value
	}

	return values, nil
}

func evaluated(source *template.Template, deployment template.Deployment, conditionsOnly bool) ([]byte, error) {
	if conditionsOnly {
		return source.Settle(deployment)
	}

	stack, err := source.Evaluate(deployment)
	if err != nil {
		return nil, err
	}

	return stack.JSON()
}
