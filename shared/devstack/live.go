package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/commandline"
	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/devstack/localrun"
	"genesys-cloud-export/shared/devstack/stack"
)

// runSimulated is devstack run. Its defaults make the export stop and go on several times within seconds: the platform's own
// limit is 300 requests a minute, and a function has 15 minutes.
func runSimulated(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	organisation := platform()
	organisation.RateLimit, organisation.RateWindow = 80, 2*time.Second
	organisation.Latency = 10 * time.Millisecond

	config := localrun.Config{
		Stack: stack.Config{Environment: map[string]string{
			"EXPORT_TIME_RESERVE_SECONDS": "1",
			"MAX_REQUESTS_PER_MINUTE":     "60000", // far over the limit, which the export then learns from a 429
		}},
		Stdout: stdout,
	}

	line, read := organisationOptions("run", &organisation, stderr)
	exportOptions(line, &config, ".exports")
	line.DurationVar(&config.Stack.Timeout, "timeout", 3*time.Second, "the export function's timeout")

	if err := read(arguments); err != nil {
		return err
	}

	_, err := localrun.Run(ctx, config, organisation)

	return err
}

// runLive is devstack live: a real organisation is exported to this machine. No option takes a secret.
func runLive(ctx context.Context, arguments []string, stdin *os.File, stdout, stderr io.Writer) error {
	live := localrun.Live{Config: localrun.Config{
		Stdout: stdout, Logger: warnings(stderr),
		Stack: stack.Config{Environment: proxies(os.Environ())},
	}}
	organisation := &live.Organisation

	line := commandline.New("devstack live", stderr)
	line.StringVar(&organisation.Environment, "environment", "", "the organisation's domain (mypurecloud.de) or AWS region (eu-central-1); the profile's where it has one")
	line.StringVar(&organisation.TokenURL, "token-url", "", "the token endpoint where it is not the environment's: a gateway's")
	line.StringVar(&organisation.APIURL, "api-url", "", "the API where it is not the environment's: a gateway's")
	line.StringVar(&organisation.Authorities, "ca", "", "a PEM `file` of the certificate authorities to trust instead of the system's")
	file := line.String("credentials", "", `a JSON `+"`file`"+` {"client_id":"…","client_secret":"…"} that you alone can read; without it and -profile they are asked for`)
	profile := line.String("profile", "", "a profile of the vendor's command line gc, in ~/.gc/config.toml: default, or another's name")
	yes := line.Bool("yes", false, "do not ask before the first request")
	line.StringVar(&live.State, "state", "any", "which users: active, inactive, deleted or any")
	exportOptions(line, &live.Config, filepath.Join(".exports", "live"))
	// It is short, so that the lease of an invocation that was killed ends soon. It costs a few requests to S3 each.
	line.DurationVar(&live.Stack.Timeout, "timeout", time.Minute, "the export function's timeout")

	if err := commandline.Options(line, arguments); err != nil {
		return err
	}

	terminal, present := credentials.Open(stdin, stderr)
	if !*yes && !present {
		return errors.New("nobody is at a terminal to confirm: look at the options and say -yes (make: YES=1)")
	}

	live.Confirm = confirmation(*yes, terminal)

	// Before anybody types a secret. A profile may name the environment, and nobody is asked for it.
	if *profile == "" {
		if err := live.Check(); err != nil {
			return err
		}
	}

	if needed := live.Permissions(); len(needed) > 0 {
		_, _ = fmt.Fprintf(stdout, "needs         a role with %s, in all divisions\n", strings.Join(needed, ", "))
	}

	found, err := findCredentials(ctx, *file, *profile, terminal)
	if err != nil {
		return err
	}

	if organisation.Environment == "" && (organisation.TokenURL == "" || organisation.APIURL == "") {
		organisation.Environment = found.Environment
	}

	live.Source, live.Warning = found.Source, found.Warning
	organisation.ClientID, organisation.ClientSecret = found.ClientID, found.ClientSecret

	_, err = localrun.RunLive(ctx, live)

	return err
}

// confirmation asks at the terminal, unless the answer is yes already.
func confirmation(yes bool, terminal *credentials.Terminal) func(context.Context) error {
	return func(ctx context.Context) error {
		if yes {
			return nil
		}

		return credentials.Confirm(ctx, terminal, "nothing was asked of the organisation")
	}
}

// findCredentials gets the credentials from where they are said to be, else from the person at the terminal, if there is one.
func findCredentials(ctx context.Context, file, profile string, terminal *credentials.Terminal) (credentials.Credentials, error) {
	switch {
	case file != "" && profile != "":
		return credentials.Credentials{}, errors.New("a file and a profile with credentials are given: choose one")
	case file != "":
		return credentials.FromFile(file)
	case profile != "":
		home, err := os.UserHomeDir()
		if err != nil {
			return credentials.Credentials{}, fmt.Errorf("find the profiles of gc: %w", err)
		}

		return credentials.FromProfile(filepath.Join(home, ".gc", "config.toml"), profile)
	case terminal != nil:
		return credentials.FromTerminal(ctx, terminal)
	default:
		return credentials.Credentials{}, errors.New(
			"no client credentials: give -credentials FILE or -profile NAME (make: CREDENTIALS=, GC_PROFILE=), or be at a terminal to type them")
	}
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
