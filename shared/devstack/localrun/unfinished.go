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

// unfinished is what a live run leaves, so that the next one resumes its export. No secret is in it.
type unfinished struct {
	order

	// Environment and ClientID say whose export it is: a domain has many organisations, and a client belongs to one.
	Environment string `json:"environment"`
	ClientID    string `json:"client_id"`
}

func unfinishedName(out string) string { return filepath.Join(out, "unfinished.json") }

// readUnfinished returns nil where nothing was left.
func readUnfinished(out string) (*unfinished, error) {
	name, left := unfinishedName(out), &unfinished{}
	text, err := os.ReadFile(name) //nolint:gosec // the folder is the caller's choice

	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read which export is unfinished: %w", err)
	case json.Unmarshal(text, left) != nil || left.ExportID == "":
		return nil, fmt.Errorf("%s does not say which export is unfinished: delete it to begin another", name)
	default:
		return left, nil
	}
}

// resumable returns an error that names everything in which wanted differs from what was left. A client's id that nobody has
// typed yet differs from none.
func (u unfinished) resumable(out string, wanted unfinished) error {
	var differences []string

	for _, field := range []struct {
		what      string
		left, now any
	}{
		{"environment", u.Environment, wanted.Environment},
		{"client", u.ClientID, cmp.Or(wanted.ClientID, u.ClientID)},
		{"listings", strings.Join(u.Listings, ","), strings.Join(wanted.Listings, ",")},
		{"state", u.State, wanted.State},
		{"page size", u.PageSize, wanted.PageSize},
	} {
		if field.left != field.now {
			differences = append(differences, fmt.Sprintf("%s %v, now %v", field.what, field.left, field.now))
		}
	}

	if len(differences) == 0 {
		return nil
	}

	return fmt.Errorf("export %s is unfinished and was begun otherwise (%s): go on with it as it was begun, choose another folder for this one, or delete %s to give it up",
		u.ExportID, strings.Join(differences, "; "), unfinishedName(out))
}

// write leaves the note whole or not at all.
func (u unfinished) write(out string) error {
	name := unfinishedName(out)
	draft := name + ".draft"
	text, _ := json.Marshal(u) // text, numbers and a time alone

	err := os.WriteFile(draft, append(text, '\n'), 0o600)
	if err == nil {
		err = os.Rename(draft, name)
	}

	if err != nil {
		return fmt.Errorf("note which export is unfinished: %w", err)
	}

	return nil
}
