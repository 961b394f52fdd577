package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/trial"
)

// commandLine is the options of one command. Every command has an organisation, with a fault script from a file.
type commandLine struct {
	*flag.FlagSet

	organisation *genesyssim.Config
	script       string
}

// newCommandLine defines the options that describe the organisation; their defaults are what it is.
func newCommandLine(command string, organisation *genesyssim.Config, stderr io.Writer) *commandLine {
	line := &commandLine{FlagSet: commandline.New("devstack "+command, stderr), organisation: organisation}
	organisation.Flags(line.FlagSet)
	line.StringVar(&line.script, "faults", "", "a file with a fault script: one JSON object a line")

	return line
}

// read parses the arguments, and the fault script where they name one.
func (l *commandLine) read(arguments []string) error {
	if err := commandline.Options(l.FlagSet, arguments); err != nil {
		return err
	}

	if l.script == "" {
		return nil
	}

	file, err := os.Open(l.script)
	if err != nil {
		return fmt.Errorf("open the fault script: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read

	l.organisation.Faults, err = genesyssim.ParseFaults(file)
	if err != nil {
		return fmt.Errorf("read the fault script %s: %w", l.script, err)
	}

	return nil
}

// defaultOrganisation has the limits of the platform: 300 requests a minute, 500 users a page.
func defaultOrganisation() genesyssim.Config {
	return genesyssim.Config{
		Users: 25_000, Seed: 1, TokenLifetime: time.Hour, MaxPageSize: genesyssim.DefaultMaxPageSize,
		RateLimit: 300, RateWindow: genesyssim.DefaultRateWindow,
	}
}

// pageSizeUsage is what -page-size means.
const pageSizeUsage = "`users` a page, 1 to 500; without it the function's default"

// pageSize is the value of -page-size. 0 would be the function's default, which is what a page size that is not given is.
func pageSize(into *int) commandline.Number {
	return commandline.Number{Into: into, Least: 1, Most: trial.MaxPageSize}
}
