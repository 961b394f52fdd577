package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/testca"
)

// runSim is devstack sim: the organisation alone, with the platform's own lifetimes and limits, until ctx ends.
func runSim(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	organisation := platform()
	organisation.TokenLifetime = genesyssim.DefaultTokenLifetime

	line, read := organisationOptions("sim", &organisation, stderr)
	address := line.String("listen", "127.0.0.1:0", "the host:port to listen on; port 0 is a free one")
	file := line.String("credentials", "", `a JSON file with "client_id" and "client_secret"; without one they are made up and kept below -out`)
	out := line.String("out", ".exports", "the folder below which credentials that were made up are kept")
	ca := line.String("tls", "", "serve over https, and write the certificate that clients have to trust to this PEM `file`")
	verbose := line.Bool("verbose", false, "log every request to standard error")

	if err := read(arguments); err != nil {
		return err
	}

	if *verbose {
		organisation.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}

	if *file == "" {
		*file = filepath.Join(*out, "sim", "credentials.json")
		if err := ensureCredentials(*file); err != nil {
			return err
		}
	}

	given, err := credentials.FromFile(*file)
	if err != nil {
		return err
	}

	organisation.ClientID, organisation.ClientSecret = given.ClientID, given.ClientSecret

	simulator, err := genesyssim.New(organisation)
	if err != nil {
		return err
	}

	var listening net.ListenConfig

	listener, err := listening.Listen(ctx, "tcp", *address)
	if err != nil {
		return fmt.Errorf("listen on %s (-listen host:port says where): %w", *address, err)
	}

	server := &http.Server{Handler: simulator, ReadHeaderTimeout: time.Minute}
	scheme, serve := "http", server.Serve

	if *ca != "" {
		if server.TLSConfig, err = testca.New(*ca); err != nil {
			return errors.Join(err, listener.Close())
		}

		scheme, serve = "https", func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}

	if err := describeSim(stdout, scheme, listener.Addr(), *file, organisation.Users); err != nil {
		return errors.Join(err, listener.Close())
	}

	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()

	if err := serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the organisation: %w", err)
	}

	return nil
}

func describeSim(out io.Writer, scheme string, address net.Addr, file string, users int) error {
	host, warning := address.String(), ""

	if tcp, ok := address.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		warning = "Others than this machine can reach it, and /_sim/ asks nobody for a password.\n"

		if tcp.IP.IsUnspecified() { // listened on, but nowhere to go to
			host = net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
		}
	}

	_, err := fmt.Fprintf(out, `Genesys Cloud, simulated, is up; Ctrl-C ends it.
%[4]s
API          %[1]s   %[2]d users; tokens from %[1]s/oauth/token
credentials  %[3]s
counts       %[1]s/_sim/stats
`, scheme+"://"+host, users, file, warning)
	if err != nil {
		return fmt.Errorf("describe the simulator: %w", err)
	}

	return nil
}

// ensureCredentials makes credentials up and writes them to a file that its owner alone can read. A file that is there already
// stays, so that what was configured with it works after the next start too.
func ensureCredentials(name string) error {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err // nil, or it names the file
	}

	made, _ := json.Marshal(map[string]string{"client_id": "sim-" + strings.ToLower(rand.Text()), "client_secret": rand.Text()})
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, append(made, '\n'), 0o600)); err != nil {
		return fmt.Errorf("keep the credentials that were made up: %w", err)
	}

	return nil
}
