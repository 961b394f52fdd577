package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/operator"
)

// names are the commands, as they are listed.
const names = "built, delete-stack, doctor, export, policy, ready, region, set-credentials"

// run hands the command line to the command that it names. They reach AWS as its command line does, by the usual variables and
// profiles. No option takes a secret.
func run(ctx context.Context, arguments []string, stdin, stdout *os.File, stderr io.Writer) error {
	if len(arguments) == 0 {
		return errors.New("say what to do: operator has the commands " + names + " (-h lists the options of each)")
	}

	target := operator.Target{Out: stdout, Command: os.Args[0]}
	line := commandline.New("operator "+arguments[0], stderr)
	line.StringVar(&target.Stack, "stack", "genesys-cloud-export", "the stack's name")

	// Each says what its options are, and what is done once they are read; AWS's configuration is read before, but for some.
	var do func(context.Context, operator.Target) error

	parse, alone := commandline.Options, false

	switch arguments[0] {
	case "policy":
		who := line.String("of", "deployer", "`whose`: deployer or operator")
		alone = true
		do = func(context.Context, operator.Target) error { return shown(stdout)(operator.Policy(*who)) }
	case "ready":
		file := line.String("template", "template.yaml", "the template's `file`; the deployment's parameters follow the options")
		parse = commandline.Parse
		do = func(ctx context.Context, target operator.Target) error {
			return operator.Ready(ctx, operator.Deployment{Target: target, Template: *file, Parameters: line.Args()})
		}
	case "region":
		do = func(_ context.Context, target operator.Target) error { return shown(stdout)(target.AWS.Region, nil) }
	case "built":
		folder := line.String("functions", ".aws-sam/build", "the `folder` with the built functions")
		alone = true
		do = func(context.Context, operator.Target) error { return shown(stdout)(operator.Built(*folder)) }
	case "set-credentials":
		do = setCredentials(line, stdin, stderr)
	case "doctor":
		alone = true // that there is no configuration is one of its findings
		do = func(ctx context.Context, target operator.Target) error {
			var unready error
			target.AWS, unready = operator.Load(ctx)

			return operator.Examine(ctx, target, unready)
		}
	case "export":
		do = export(line)
	case "delete-stack":
		do = operator.AfterDeletion
	default:
		return fmt.Errorf("%q is none of the commands %s", arguments[0], names)
	}

	err := parse(line, arguments[1:])
	if err == nil && !alone {
		target.AWS, err = operator.Load(ctx)
	}

	if err != nil {
		return err
	}

	return do(ctx, target)
}

// shown prints a text for another program.
func shown(out io.Writer) func(string, error) error {
	return func(text string, err error) error {
		if err == nil {
			_, err = fmt.Fprintln(out, text)
		}

		return err
	}
}

func export(line *flag.FlagSet) func(context.Context, operator.Target) error {
	order := operator.Order{}
	line.StringVar(&order.Listings, "listings", "users", "what is exported: a listing, several separated by commas, or all")
	line.StringVar(&order.ExportID, "export-id", "", "the export's name; a known one is resumed; without one a new export begins")
	line.StringVar(&order.Options, "options", "", `what the exporter is asked for, such as {"state":"any","page_size":500}; of several listings by listing, {"users":{…}}`)
	line.StringVar(&order.WaitFor, "wait-for", "", "an `execution` that runs, by name or ARN, to be followed instead of starting one")

	return func(ctx context.Context, target operator.Target) error {
		order.Target = target

		return operator.Export(ctx, order)
	}
}

func setCredentials(line *flag.FlagSet, stdin *os.File, stderr io.Writer) func(context.Context, operator.Target) error {
	file := line.String("credentials", "", `a JSON `+"`file`"+` {"client_id":"…","client_secret":"…"} that you alone can read; without it they are asked for`)
	yes := line.Bool("yes", false, "do not ask before another client's credentials are replaced")
	terminal, present := credentials.Open(stdin, stderr)
	ask := func(ctx context.Context) (credentials.Credentials, error) {
		switch {
		case *file != "":
			return credentials.FromFile(*file)
		case !present:
			return credentials.Credentials{}, errors.New("no client credentials: give -credentials FILE (make: CREDENTIALS=), or be at a terminal to type them")
		default:
			return credentials.FromTerminal(ctx, terminal)
		}
	}
	confirm := func(ctx context.Context) error {
		switch {
		case *yes:
			return nil
		case !present:
			return errors.New("nobody is at a terminal to confirm, so nothing was changed: say -yes (make: YES=1)")
		default:
			return credentials.Confirm(ctx, terminal, "nothing was changed")
		}
	}

	return func(ctx context.Context, target operator.Target) error {
		return operator.SetCredentials(ctx, operator.Credentials{Target: target, Ask: ask, Confirm: confirm})
	}
}
