package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/devstack/trial"
)

// liveOptions is what devstack live is told besides what is exported.
type liveOptions struct {
	environment, tokenURL, apiURL, authorities string
	credentials, profile                       string
	yes                                        bool
}

// runLive is devstack live: a real organisation is exported to this machine. No option takes a secret.
func runLive(ctx context.Context, arguments []string, stdin, stdout *os.File, stderr io.Writer) error {
	var given liveOptions

	config := trial.Live{
		Stdout: stdout, Terminal: term.IsTerminal(int(stdout.Fd())),
		Logger:      slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Environment: proxies(os.Environ()),
	}

	if err := parseLive(arguments, stderr, &given, &config); err != nil {
		return err
	}

	terminal, present := credentials.Open(stdin, stderr)
	if !given.yes && !present {
		return errors.New("nobody is at a terminal to confirm: look at the options and say -yes (make: YES=1)")
	}

	config.Organisation = given.organisation()
	config.Confirm = func(ctx context.Context) error {
		if given.yes {
			return nil
		}

		return confirm(ctx, terminal)
	}

	// Before anybody types a secret. A profile may yet name the environment, and its reading asks nobody.
	if given.profile == "" {
		if err := config.Check(); err != nil {
			return err
		}
	}

	found, err := given.found(ctx, terminal, present)
	if err != nil {
		return err
	}

	if given.environment == "" && (given.tokenURL == "" || given.apiURL == "") {
		given.environment = found.Environment
	}

	config.Source, config.Warning = found.Source, found.Warning
	config.Organisation = given.organisation()
	config.Organisation.ClientID, config.Organisation.ClientSecret = found.ClientID, found.ClientSecret

	_, err = trial.RunLive(ctx, config)

	return err
}

func parseLive(arguments []string, stderr io.Writer, given *liveOptions, config *trial.Live) error {
	line := commandline.New("devstack live", stderr)
	line.StringVar(&given.environment, "environment", "", "the organisation's domain (mypurecloud.de) or AWS region (eu-central-1); the profile's where it has one")
	line.StringVar(&given.tokenURL, "token-url", "", "the token endpoint where it is not the environment's: a gateway's")
	line.StringVar(&given.apiURL, "api-url", "", "the API where it is not the environment's: a gateway's")
	line.StringVar(&given.authorities, "ca", "", "a PEM `file` of the certificate authorities to trust instead of the system's")
	line.StringVar(&given.credentials, "credentials", "", `a JSON `+"`file`"+` {"client_id":"…","client_secret":"…"} that you alone can read; without it and -profile they are asked for`)
	line.StringVar(&given.profile, "profile", "", "a profile of the vendor's command line gc, in ~/.gc/config.toml: default, or another's name")
	line.BoolVar(&given.yes, "yes", false, "do not ask before the first request")
	line.StringVar(&config.State, "state", "any", "which users: active, inactive, deleted or any")
	line.Var(pageSize(&config.PageSize), "page-size", pageSizeUsage)
	line.StringVar(&config.Out, "out", filepath.Join(".exports", "live"), "the folder for the export and logs")
	line.StringVar(&config.Binaries, "bin", ".build", "the folder with a folder for each built function")
	line.StringVar(&config.Template, "template", defaultTemplate, "the template that says what the functions and their roles are")
	line.DurationVar(&config.Timeout, "timeout", 0, "the export function's timeout; 0 is a minute")

	if err := commandline.Options(line, arguments); err != nil {
		return err
	}

	return nil
}

// organisation lacks the credentials.
func (o liveOptions) organisation() stack.Outside {
	return stack.Outside{Environment: o.environment, TokenURL: o.tokenURL, APIURL: o.apiURL, Authorities: o.authorities}
}

// found gets the credentials from where they are said to be, else from the person.
func (o liveOptions) found(ctx context.Context, terminal *credentials.Terminal, present bool) (credentials.Credentials, error) {
	switch {
	case o.credentials != "" && o.profile != "":
		return credentials.Credentials{}, errors.New("a file and a profile with credentials are given: choose one")
	case o.credentials != "":
		return credentials.FromFile(o.credentials)
	case o.profile != "":
		home, err := os.UserHomeDir()
		if err != nil {
			return credentials.Credentials{}, fmt.Errorf("find the profiles of gc: %w", err)
		}

		return credentials.FromProfile(filepath.Join(home, ".gc", "config.toml"), o.profile)
	case present:
		return credentials.FromTerminal(ctx, terminal)
	default:
		return credentials.Credentials{}, errors.New(
			"no client credentials: give -credentials FILE or -profile NAME (make: CREDENTIALS=, GC_PROFILE=), or be at a terminal to type them")
	}
}

func confirm(ctx context.Context, terminal *credentials.Terminal) error {
	yes, err := credentials.Confirm(ctx, terminal)
	if err == nil && !yes {
		err = errors.New("not confirmed, so nothing was asked of the organisation")
	}

	return err
}

// proxies are the variables that say which proxy leads outside, for the functions, which get nothing else of environ.
func proxies(environ []string) map[string]string {
	variables := make(map[string]string)

	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if slices.Contains([]string{"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"}, name) {
			variables[name] = value
		}
	}

	return variables
}
