// Command devstack is the local world: a simulated Genesys Cloud organisation and AWS's S3, SSM, Secrets Manager and
// Lambda, running the built functions.
//
//	devstack run    a trial: rotate a token, export every user, check the export, and end
//	devstack live   the same on a real organisation, with AWS's part alone simulated
//	devstack stack  the world alone, with the rotator on its schedule, until it is interrupted
//	devstack sim    the organisation alone, to develop any integration against, until it is interrupted
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			_, _ = fmt.Fprintln(os.Stderr, "devstack:", err)
		}

		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

// run hands the command line to the command that it names.
func run(ctx context.Context, arguments []string, stdout *os.File, stderr io.Writer) error {
	if len(arguments) == 0 {
		return errors.New("say what to do: devstack run, devstack live, devstack stack or devstack sim (-h lists the options of each)")
	}

	switch command, rest := arguments[0], arguments[1:]; command {
	case "run":
		return runTrial(ctx, rest, stdout, stderr)
	case "live":
		return runLive(ctx, rest, os.Stdin, stdout, stderr)
	case "stack":
		return runStack(ctx, rest, stdout, stderr)
	case "sim":
		return runSim(ctx, rest, stdout, stderr)
	default:
		return fmt.Errorf("%q is none of run, live, stack and sim", command)
	}
}
