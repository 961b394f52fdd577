// Command devstack is the local world: a simulated Genesys Cloud organisation and AWS's S3, SSM, Secrets Manager and
// Lambda, running the built functions.
//
//	devstack run       rotate a token, export every user of a simulated organisation, check the export, and end
//	devstack live      the same on a real organisation; AWS alone is simulated
//	devstack stack     the world alone, with the rotator on its schedule, until it is interrupted
//	devstack sim       the organisation alone, to develop any integration against, until it is interrupted
//	devstack drive     an export taken to its end wherever AWS's configuration leads to, without a state machine
//	devstack evaluate  what a CloudFormation template comes to for one deployment, as JSON
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"genesys-cloud-export/shared/commandline"
)

func main() {
	os.Exit(commandline.Run("devstack", func(ctx context.Context, arguments []string) error {
		return run(ctx, arguments, os.Stdout, os.Stderr)
	}))
}

// commands names all of them, in the order of the package comment.
const commands = "run, live, stack, sim, drive and evaluate"

// run runs the command that the command line names.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	if len(arguments) == 0 {
		return errors.New("say what to do: devstack has the commands " + commands + " (-h lists the options of each)")
	}

	switch command, rest := arguments[0], arguments[1:]; command {
	case "run":
		return runSimulated(ctx, rest, stdout, stderr)
	case "live":
		return runLive(ctx, rest, os.Stdin, stdout, stderr)
	case "stack":
		return runStack(ctx, rest, stdout, stderr)
	case "sim":
		return runSim(ctx, rest, stdout, stderr)
	case "drive":
		return runDrive(ctx, rest, stdout, stderr)
	case "evaluate":
		return runEvaluate(rest, stdout, stderr)
	default:
		return fmt.Errorf("%q is none of "+commands, command)
	}
}

// warnings is a logger of what a person should know.
func warnings(stderr io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
