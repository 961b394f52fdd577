package localrun

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// unfinished is what a run leaves, so that the next one resumes its export. No secret is in it.
type unfinished struct {
	order

	// Environment and ClientID say whose export it is: a domain has many organisations, and a client belongs to one.
	Environment string `json:"environment"`
	ClientID    string `json:"client_id"`
}

func unfinishedName(out string) string { return filepath.Join(out, "unfinished.json") }

// readUnfinished reports false where nothing was left.
func readUnfinished(out string) (unfinished, bool, error) {
	name := unfinishedName(out)

	text, err := os.ReadFile(name) //nolint:gosec // the folder is the caller's choice
	if errors.Is(err, fs.ErrNotExist) {
		return unfinished{}, false, nil
	}

	if err != nil {
		return unfinished{}, false, fmt.Errorf("read which export is unfinished: %w", err)
	}

	var left unfinished
	if err := json.Unmarshal(text, &left); err != nil || left.ExportID == "" {
		return unfinished{}, false, fmt.Errorf("%s does not say which export is unfinished: delete it to begin another", name)
	}

	return left, true, nil
}

// resumable returns an error that names everything in which wanted differs from what was left. A client's id that nobody has
// typed yet differs from none.
func (u unfinished) resumable(out string, wanted unfinished) error {
	var differences []string

	differ := func(what string, left, now any) {
		if left != now {
			differences = append(differences, fmt.Sprintf("%s %v, now %v", what, left, now))
		}
	}

	differ("environment", u.Environment, wanted.Environment)
	differ("client", u.ClientID, cmp.Or(wanted.ClientID, u.ClientID))
	differ("state", u.State, wanted.State)
	differ("page size", u.PageSize, wanted.PageSize)

	if len(differences) == 0 {
		return nil
	}

	return fmt.Errorf("export %s is unfinished and was begun otherwise (%s): go on with it as it was begun, choose another folder for this one, or delete %s to give it up",
		u.ExportID, strings.Join(differences, "; "), unfinishedName(out))
}

// write leaves the note whole or not at all.
func (u unfinished) write(out string) error {
	text, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("encode which export is unfinished: %w", err)
	}

	name := unfinishedName(out)
	draft := name + ".draft"

	err = os.WriteFile(draft, append(text, '\n'), 0o600)
	if err == nil {
		err = os.Rename(draft, name)
	}

	if err != nil {
		return fmt.Errorf("note which export is unfinished: %w", err)
	}

	return nil
}

func removeUnfinished(out string) error {
	if err := os.Remove(unfinishedName(out)); err != nil {
		return fmt.Errorf("forget the export that is now finished: %w", err)
	}

	return nil
}
