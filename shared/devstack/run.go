package main

import (
	"context"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"genesys-cloud-export/shared/devstack/trial"
)

// runTrial is devstack run. Its defaults make the export stop and go on several times within seconds: the platform's own
// limit is 300 requests a minute, and a function has 15 minutes.
func runTrial(ctx context.Context, arguments []string, stdout *os.File, stderr io.Writer) error {
	organisation := defaultOrganisation()
	organisation.RateLimit, organisation.RateWindow = 80, 2*time.Second
	organisation.Latency = 10 * time.Millisecond

	config := trial.Config{
		Environment: map[string]string{
			"EXPORT_TIME_RESERVE_SECONDS": "1",
			"MAX_REQUESTS_PER_MINUTE":     "60000", // far over the limit, which the export then learns from a 429
		},
		Stdout: stdout, Terminal: term.IsTerminal(int(stdout.Fd())),
	}

	line := newCommandLine("run", &organisation, stderr)
	line.Var(pageSize(&config.PageSize), "page-size", pageSizeUsage)
	line.StringVar(&config.Out, "out", ".exports", "the folder for exports and logs")
	line.StringVar(&config.Binaries, "bin", ".build", "the folder with a folder for each built function")
	line.StringVar(&config.Template, "template", defaultTemplate, "the template that says what the functions and their roles are")
	line.DurationVar(&config.Timeout, "timeout", 3*time.Second, "the export function's timeout")

	if err := line.read(arguments); err != nil {
		return err
	}

	config.Users, config.Organisation = organisation.Users, organisation

	_, err := trial.Run(ctx, config)

	return err
}
