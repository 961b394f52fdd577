// Package credentials gets the client credentials of a real Genesys Cloud organisation: typed at a terminal, from a file, or
// from a profile of the vendor's command line.
//
// Its rules: credentials are taken neither from a command line nor from an environment variable, which other processes of
// the machine can read and shells remember. They stay in memory and are written nowhere. No secret is in any error, and
// no file's content either.
package credentials

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"genesys-cloud-export/shared/secret"
)

// Credentials are those of an OAuth client that logs in by the client credentials grant. Neither part is empty.
type Credentials struct {
	ClientID     string
	ClientSecret secret.Text
	// Environment is the organisation's, domain or AWS region, where the source names it; else "".
	Environment string
	// Source says in words where the credentials are from.
	Source string
	// Warning says in words what is unsafe about the source; "" where nothing is.
	Warning string
}

const (
	// fileLimit is how much is read of a file, in bytes; both kinds are a few hundred.
	fileLimit = 1 << 20
	// others are the permissions of a file's group and of everybody else.
	others os.FileMode = 0o077
)

// FromFile reads the file {"client_id":"…","client_secret":"…"}, the form that the functions' secret has too. A file that
// others than its owner may read is refused. Fields beside these two are passed over.
func FromFile(name string) (Credentials, error) {
	text, mode, err := read(name)
	if err != nil {
		return Credentials{}, fmt.Errorf("read the client credentials: %w", err)
	}

	if mode&others != 0 {
		return Credentials{}, fmt.Errorf(
			"the file with the client credentials can be read by others than you (mode %#o): chmod 600 %s", mode.Perm(), name)
	}

	var given struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	// The decoder's own errors may repeat what they stumbled over.
	if err := json.Unmarshal(text, &given); err != nil {
		return Credentials{}, fmt.Errorf(`the file with the client credentials is not {"client_id":"…","client_secret":"…"}: correct %s`, name)
	}

	found := Credentials{
		ClientID: strings.TrimSpace(given.ClientID), ClientSecret: secret.New(strings.TrimSpace(given.ClientSecret)), Source: name,
	}

	return found, found.complete(name, "client_id")
}

// complete names what is missing first in a file, whose key for the client's id is given.
func (c Credentials) complete(where, idKey string) error {
	missing := "client_secret"

	switch {
	case c.ClientID == "":
		missing = idKey
	case !c.ClientSecret.Empty():
		return nil
	}

	return fmt.Errorf("%s has no %s: an OAuth client with the grant type Client Credentials has an id and a secret", where, missing)
}

// read returns the beginning of a file, and its mode as it was when it was opened.
func read(name string) ([]byte, os.FileMode, error) {
	file, err := os.Open(name) //nolint:gosec // the file is the caller's choice
	if err != nil {
		return nil, 0, err // it names the file
	}
	defer func() { _ = file.Close() }() // it was only read

	info, statErr := file.Stat()
	text, readErr := io.ReadAll(io.LimitReader(file, fileLimit))

	if err := errors.Join(statErr, readErr); err != nil {
		return nil, 0, err
	}

	return text, info.Mode(), nil
}
