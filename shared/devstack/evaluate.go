package main

import (
	"encoding/json"
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
	line.Usage = func() { _, _ = fmt.Fprintln(stderr, "Usage of devstack evaluate: FILE [Parameter=Value …]") }

	if err := commandline.Parse(line, arguments); err != nil {
		return err
	}

	if line.NArg() == 0 {
		return errors.New("say which template: devstack evaluate FILE [Parameter=Value …]")
	}

	parameters := make(map[string]string)

	for _, argument := range line.Args()[1:] {
		name, value, assigned := strings.Cut(argument, "=") // a value may have further equals signs
		if !assigned || name == "" {
			return fmt.Errorf("%q is no Parameter=Value", argument)
		}

		parameters[name] = value
	}

	source, err := template.Read(line.Arg(0))
	if err != nil {
		return err
	}

	stack, err := source.Evaluate(template.Deployment{Parameters: parameters})
	if err != nil {
		return err
	}

	printed := json.NewEncoder(stdout)
	printed.SetEscapeHTML(false)
	printed.SetIndent("", "  ")

	if err := printed.Encode(stack); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}

	return nil
}
