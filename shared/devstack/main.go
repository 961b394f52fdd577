// Command devstack is the local world: a simulated Genesys Cloud organisation and AWS's S3, SSM, Secrets Manager and
// Lambda, running the built functions.
//
//	devstack run    a trial: rotate a token, export every user, check the export, and end
//	devstack stack  the world alone, with the rotator on its schedule, until it is interrupted
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/trial"
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

// options are what the command line says.
type options struct {
	users, pageSize       int
	out, binaries, listen string
	organisation          genesyssim.Config
	timeout               time.Duration
}

func run(ctx context.Context, arguments []string, stdout *os.File, stderr io.Writer) error {
	if len(arguments) == 0 {
		return errors.New("say what to do: devstack run, or devstack stack (-h lists the options)")
	}

	given, err := parse(arguments[0], arguments[1:], stderr)
	if err != nil {
		return err
	}

	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))

	switch arguments[0] {
	case "run":
		_, err := trial.Run(ctx, trial.Config{
			Users: given.users, PageSize: given.pageSize, Out: given.out, Binaries: given.binaries,
			Organisation: given.organisation, Timeout: given.timeout,
			Environment: map[string]string{"EXPORT_TIME_RESERVE_SECONDS": "1"},
			Stdout:      stdout, Terminal: term.IsTerminal(int(stdout.Fd())),
		})

		return err
	case "stack":
		return serve(ctx, given, stdout, logger)
	default:
		return fmt.Errorf("%q is neither run nor stack", arguments[0])
	}
}

// parse reads the options. The defaults of a run make it stop and go on several times within seconds: the platform's own
// limit is 300 requests a minute, and a function has 15 minutes.
func parse(command string, arguments []string, stderr io.Writer) (options, error) {
	given := options{timeout: 15 * time.Minute}
	limit, window := 300, time.Minute

	if command == "run" {
		given.timeout, limit, window = 3*time.Second, 80, 2*time.Second
		given.organisation.Latency = 10 * time.Millisecond
	}

	flags := flag.NewFlagSet("devstack "+command, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&given.users, "users", 25_000, "how many users the organisation has")
	flags.IntVar(&given.pageSize, "page-size", 0, "users a page in a run; 0 is the function's default")
	flags.StringVar(&given.out, "out", ".exports", "the folder for exports and logs")
	flags.StringVar(&given.binaries, "bin", ".build", "the folder with a folder for each built function")
	flags.StringVar(&given.listen, "listen", "127.0.0.1", "the IP address to listen on")
	flags.Uint64Var(&given.organisation.Seed, "seed", 1, "chooses the organisation's users")
	flags.DurationVar(&given.organisation.TokenLifetime, "token-lifetime", time.Hour, "the lifetime of a token")
	flags.DurationVar(&given.organisation.Latency, "latency", given.organisation.Latency, "how long the API thinks before each reply")
	flags.IntVar(&given.organisation.RateLimit, "rate-limit", limit, "API requests a token may make in each -rate-window; 0 is any number")
	flags.DurationVar(&given.organisation.RateWindow, "rate-window", window, "how long the rate limit counts before it begins anew")
	flags.DurationVar(&given.timeout, "timeout", given.timeout, "the export function's timeout")
	script := flags.String("faults", "", "a file with a fault script: one JSON object a line")

	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}

	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("%q is no option (-h lists them)", flags.Arg(0))
	}

	err := readFaults(*script, &given)

	return given, err
}

func readFaults(name string, given *options) error {
	if name == "" {
		return nil
	}

	file, err := os.Open(name) //nolint:gosec // the file is the caller's choice
	if err != nil {
		return fmt.Errorf("open the fault script: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read

	given.organisation.Faults, err = genesyssim.ParseFaults(file)
	if err != nil {
		return fmt.Errorf("read the fault script %s: %w", name, err)
	}

	return nil
}
