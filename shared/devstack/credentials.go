package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"genesys-cloud-export/shared/credentials"
	"genesys-cloud-export/shared/devstack/genesyssim"
)

// credentialsFile is a client's credentials as they lie in a file, in the form in which Secrets Manager holds them too.
type credentialsFile struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// ensureCredentials makes credentials up and writes them to a file that its owner alone can read. One that is there
// already stays, so that what was configured with it goes on after the next start.
func ensureCredentials(name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("make the folder for the credentials: %w", err)
	}

	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the folder is the caller's choice
	if errors.Is(err, fs.ErrExist) {
		return nil
	}

	if err != nil {
		return fmt.Errorf("create the credentials file: %w", err)
	}

	made := credentialsFile{ClientID: "sim-" + strings.ToLower(rand.Text()), ClientSecret: rand.Text()}
	if err := errors.Join(json.NewEncoder(file).Encode(made), file.Close()); err != nil { //nolint:gosec // this file is where the secret belongs
		return fmt.Errorf("write the credentials file %s: %w", name, err)
	}

	return nil
}

// readCredentials gives the organisation the client of a credentials file, by the rules of [credentials.FromFile].
func readCredentials(name string, organisation *genesyssim.Config) error {
	given, err := credentials.FromFile(name)
	if err != nil {
		return err
	}

	organisation.ClientID, organisation.ClientSecret = given.ClientID, given.ClientSecret

	return nil
}
