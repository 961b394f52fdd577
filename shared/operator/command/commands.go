package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/operator"
)

// operation is one of the commands on a deployed stack: its options besides -stack, and what it does.
type operation struct {
	options func(*flag.FlagSet)
	do      func(context.Context, operator.Target) error
}

// commands are all of them by name, each made for whoever is at stdin, is told on stderr, and may be at a terminal.
func commands() map[string]func(stdin *os.File, stderr io.Writer, terminal bool) operation {
	return map[string]func(*os.File, io.Writer, bool) operation{
		"deployer": deployer, "ready": ready, "set-credentials": setCredentials, "doctor": doctor, "export": export,
		"delete-stack": deleteStack,
	}
}

// run hands the command line to the command that it names. They reach AWS as its command line does, by the usual variables and
// profiles. No option takes a secret.
func run(ctx context.Context, arguments []string, stdin, stdout *os.File, stderr io.Writer) error {
	all := strings.Join(slices.Sorted(maps.Keys(commands())), ", ")

	if len(arguments) == 0 {
		return errors.New("say what to do: operator has the commands " + all + " (-h lists the options of each)")
	}

	command, rest := arguments[0], arguments[1:]

	chosen, known := commands()[command]
	if !known {
		return fmt.Errorf("%q is none of the commands %s", command, all)
	}

	target := operator.Target{Out: stdout, Command: os.Args[0]}
	operation := chosen(stdin, stderr, term.IsTerminal(int(stdout.Fd())))

	line := commandline.New("operator "+command, stderr)
	line.StringVar(&target.Stack, "stack", "genesys-cloud-export", "the stack's name")
	operation.options(line)

	if err := commandline.Options(line, rest); err != nil {
		return err
	}

	return operation.do(ctx, target)
}

// reached is the target with AWS's configuration, or what is missing of it.
func reached(ctx context.Context, target operator.Target) (operator.Target, error) {
	var err error
	if target.AWS, err = operator.Load(ctx); err != nil {
		return target, err
	}

	return target, operator.Ready(ctx, target.AWS)
}

// ready says nothing where AWS can be asked, for tools that say a lot where it cannot.
func ready(*os.File, io.Writer, bool) operation {
	return operation{
		options: func(*flag.FlagSet) {},
		do: func(ctx context.Context, target operator.Target) error {
			_, err := reached(ctx, target)

			return err
		},
	}
}

func setCredentials(stdin *os.File, stderr io.Writer, _ bool) operation {
	var (
		file  string
		yes   bool
		noTry bool
	)

	return operation{
		options: func(line *flag.FlagSet) {
			line.StringVar(&file, "credentials", "", `a JSON `+"`file`"+` {"client_id":"…","client_secret":"…"} that you alone can read; without it they are asked for`)
			line.BoolVar(&yes, "yes", false, "do not ask before another client's credentials are replaced")
			line.BoolVar(&noTry, "no-try", false, "do not have the rotator try them")
		},
		do: func(ctx context.Context, target operator.Target) error {
			terminal, present := credentials.Open(stdin, stderr)
			if file == "" && !present {
				return errors.New("no client credentials: give -credentials FILE (make: CREDENTIALS=), or be at a terminal to type them")
			}

			target, err := reached(ctx, target)
			if err != nil {
				return err
			}

			return operator.SetCredentials(ctx, operator.Credentials{
				Target: target, NoTry: noTry,
				Ask: func(ctx context.Context) (credentials.Credentials, error) {
					if file != "" {
						return credentials.FromFile(file)
					}

					return credentials.FromTerminal(ctx, terminal)
				},
				Confirm: func(ctx context.Context) error {
					switch {
					case yes:
						return nil
					case !present:
						return errors.New("nobody is at a terminal to confirm, so nothing was changed: say -yes (make: YES=1)")
					default:
						return confirmReplacement(ctx, terminal)
					}
				},
			})
		},
	}
}

func confirmReplacement(ctx context.Context, terminal credentials.Terminal) error {
	yes, err := credentials.Confirm(ctx, terminal)
	if err == nil && !yes {
		err = errors.New("not confirmed, so nothing was changed")
	}

	return err
}

func doctor(*os.File, io.Writer, bool) operation {
	return operation{
		options: func(*flag.FlagSet) {},
		do: func(ctx context.Context, target operator.Target) error {
			target, unready := reached(ctx, target)

			return operator.Examine(ctx, operator.Doctor{Target: target, Unready: unready})
		},
	}
}

func export(_ *os.File, _ io.Writer, terminal bool) operation {
	order := operator.Order{Terminal: terminal}

	return operation{
		options: func(line *flag.FlagSet) {
			line.StringVar(&order.Listing, "listing", "users", "what is exported")
			line.StringVar(&order.ExportID, "export-id", "", "the export's name; a known one is resumed; without one a new export begins")
			line.StringVar(&order.Options, "options", "", `what the exporter is asked for, such as {"state":"any","page_size":500}`)
			line.StringVar(&order.WaitFor, "wait-for", "", "an `execution` that runs, by name or ARN, to be followed instead of starting one")
		},
		do: func(ctx context.Context, target operator.Target) error {
			var err error
			if order.Target, err = reached(ctx, target); err != nil {
				return err
			}

			return operator.Export(ctx, order)
		},
	}
}

func deleteStack(*os.File, io.Writer, bool) operation {
	return operation{
		options: func(*flag.FlagSet) {},
		do: func(ctx context.Context, target operator.Target) error {
			target, err := reached(ctx, target)
			if err != nil {
				return err
			}

			return operator.AfterDeletion(ctx, target)
		},
	}
}
