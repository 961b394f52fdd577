package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

// simOptions is what devstack sim is told besides what its organisation is like.
type simOptions struct {
	listen, credentials, out string
	verbose                  bool
}

// runSim is devstack sim: the organisation alone, with the platform's own lifetimes and limits, until ctx ends.
func runSim(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	organisation := defaultOrganisation()
	organisation.TokenLifetime = genesyssim.DefaultTokenLifetime

	var given simOptions

	line := newCommandLine("sim", &organisation, stderr)
	line.StringVar(&given.listen, "listen", "127.0.0.1:0", "the host:port to listen on; port 0 is a free one")
	line.StringVar(&given.credentials, "credentials", "", `a JSON file with "client_id" and "client_secret"; without one they are made up and kept below -out`)
	line.StringVar(&given.out, "out", ".exports", "the folder below which credentials that were made up are kept")
	line.BoolVar(&given.verbose, "verbose", false, "log every request to standard error")

	if err := line.read(arguments); err != nil {
		return err
	}

	if given.verbose {
		organisation.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}

	if given.credentials == "" {
		given.credentials = filepath.Join(given.out, "sim", "credentials.json")
		if err := ensureCredentials(given.credentials); err != nil {
			return err
		}
	}

	if err := readCredentials(given.credentials, &organisation); err != nil {
		return err
	}

	return serveSim(ctx, given, organisation, stdout)
}

// serveSim serves the organisation until ctx ends, or until serving fails.
func serveSim(ctx context.Context, given simOptions, organisation genesyssim.Config, stdout io.Writer) error {
	simulator, err := genesyssim.New(organisation)
	if err != nil {
		return err
	}

	var listening net.ListenConfig

	listener, err := listening.Listen(ctx, "tcp", given.listen)
	if err != nil {
		return fmt.Errorf("listen on %s (-listen host:port says where): %w", given.listen, err)
	}

	server := &http.Server{Handler: simulator, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)

	go func() { served <- server.Serve(listener) }()

	if err := describeSim(stdout, listener.Addr(), given, organisation.Users); err != nil {
		return errors.Join(err, server.Close())
	}

	select {
	case err = <-served:
		return fmt.Errorf("serve the organisation: %w", err)
	case <-ctx.Done():
		return errors.Join(server.Close(), ignoreClosed(<-served))
	}
}

// ignoreClosed passes over the error with which serving ends because it was told to.
func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}

	return err
}

func describeSim(out io.Writer, address net.Addr, given simOptions, users int) error {
	host, warning := address.String(), ""

	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		warning = "Others than this machine can reach it, and the admin page asks nobody for a password.\n"

		if tcp.IP.IsUnspecified() { // listened on, but nowhere to go to
			host = net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
		}
	}

	_, err := fmt.Fprintf(out, `Genesys Cloud, simulated, is up; Ctrl-C ends it.
%[4]s
API          http://%[1]s   %[2]d users; tokens from http://%[1]s/oauth/token
credentials  %[3]s
admin page   http://%[1]s/_sim/
`, host, users, given.credentials, warning)
	if err != nil {
		return fmt.Errorf("describe the simulator: %w", err)
	}

	return nil
}
