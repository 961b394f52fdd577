package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/localrun"
	"genesys-cloud-export/shared/devstack/stack"
)

// platform is an organisation with the limits of the platform: 300 requests a minute, 500 users a page. Its jobs are quicker.
func platform() genesyssim.Config {
	return genesyssim.Config{
		Users: 25_000, Seed: 1, TokenLifetime: time.Hour,
		RateLimit: 300, RateWindow: genesyssim.DefaultRateWindow, JobTime: 3 * time.Second, AvailabilityLag: 6 * time.Hour,
	}
}

// organisationOptions makes the options of a command with those that describe its organisation, whose values are the defaults.
// read reads them, and the fault script that they name.
func organisationOptions(command string, organisation *genesyssim.Config, stderr io.Writer) (line *flag.FlagSet, read func([]string) error) {
	line = commandline.New("devstack "+command, stderr)
	organisation.Flags(line)
	script := line.String("faults", "", "a file with a fault script: one JSON object a line")

	return line, func(arguments []string) error {
		if err := commandline.Options(line, arguments); err != nil || *script == "" {
			return err
		}

		file, err := os.Open(*script)
		if err != nil {
			return fmt.Errorf("open the fault script: %w", err)
		}
		defer func() { _ = file.Close() }() // it was only read

		organisation.Faults, err = genesyssim.ParseFaults(file)
		if err != nil {
			return fmt.Errorf("read the fault script %s: %w", *script, err)
		}

		return nil
	}
}

// stackOptions are those of commands that run the functions; out gets the folder for what is left.
func stackOptions(line *flag.FlagSet, config *stack.Config, out *string, folder string) {
	line.StringVar(out, "out", folder, "the folder for exports and logs")
	line.StringVar(&config.Binaries, "bin", ".build", "the folder with a folder for each built function")
	line.StringVar(&config.Template, "template", "template.yaml", "the template that says what the functions and their roles are")
}

// exportOptions are those of commands that make one export.
func exportOptions(line *flag.FlagSet, config *localrun.Config, folder string) {
	stackOptions(line, &config.Stack, &config.Out, folder)

	config.Listings = []string{"users"}

	line.Func("listings", "`NAME,…`: what is exported, one after the other, or all; without it users", func(names string) error {
		config.Listings = strings.Split(names, ",")
		return nil
	})
	line.Func("page-size", "`entities` a page, 1 to 500; without it the function's default", func(number string) (err error) {
		if config.PageSize, err = strconv.Atoi(number); err != nil || config.PageSize < 1 || config.PageSize > localrun.MaxPageSize {
			return fmt.Errorf("give a whole number from 1 to %d", localrun.MaxPageSize)
		}

		return nil
	})
}
