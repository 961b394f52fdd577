package localrun

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/stack"
)

// Live says which real organisation is exported, and how. Only AWS is simulated.
type Live struct {
	Config

	// Organisation is what is exported.
	Organisation stack.Outside
	// Source says in words where the client credentials are from, Warning what is unsafe about that; "" is nothing.
	Source, Warning string
	// State is which users are exported: active, inactive, deleted or any.
	State string
	// Confirm asks after it was printed what will be read, and before the first request. An error ends the run.
	Confirm func(context.Context) error
}

// Check returns all problems at once, but for those of the credentials, so that nobody types a secret in vain. It sends no
// request.
func (l Live) Check() error {
	_, _, err := l.prepare()
	return err
}

// Permissions are those that the OAuth client needs for the listings, in all divisions; listings that are not known need none.
func (l Live) Permissions() (names []string) {
	found, _ := listings(l.Listings)
	for _, listing := range found {
		if listing.Permission != "" && !slices.Contains(names, listing.Permission) {
			names = append(names, listing.Permission)
		}
	}

	return names
}

// RunLive exports listings of a real organisation to this machine, checks the export in itself, and reports both. It prints
// first what it will read, and sends no request before Confirm. Nothing is left running.
//
// An export that is not complete is remembered in Out and resumed by the next run with the same organisation, client, listings,
// state and page size; a run with others is refused. The error is [verify.ErrFailed] where the check found something.
func RunLive(ctx context.Context, live Live) (Summary, error) {
	found, note, err := live.prepare()
	if err != nil {
		return Summary{}, err
	}

	r, err := newRun(live.Config, note.order, "live")
	if err != nil {
		return Summary{}, err
	}

	r.view.announce(live, found, note)
	note.order, r.note = r.order, &note

	if err := live.Confirm(ctx); err != nil {
		return Summary{}, err
	}

	// Nobody else enters the folder, which may have been there before.
	const privateMode = 0o700

	data := dataFolder(live.Out)
	if err := errors.Join(os.MkdirAll(data, privateMode), os.Chmod(data, privateMode)); err != nil {
		return Summary{}, fmt.Errorf("keep others out of the folder for exports: %w", err)
	}

	return r.do(ctx, live.Organisation)
}

// prepare finds the organisation, and the note of an unfinished export or a new one. The error is everything that is wrong.
func (l Live) prepare() (found stack.Addresses, note unfinished, err error) {
	found, err = l.Organisation.Addresses()
	problems := []error{err}

	for _, name := range []string{l.Stack.Binaries, l.Stack.Template} {
		if _, err := os.Stat(name); err != nil {
			problems = append(problems, fmt.Errorf("look for the built functions and the template: %w", err))
		}
	}

	if info, err := os.Stat(l.Out); err == nil && !info.IsDir() {
		problems = append(problems, fmt.Errorf("%s is no folder, so that no export can be left there: choose another by -out (make: OUT=)", l.Out))
	}

	if l.Stack.Timeout < 0 {
		problems = append(problems, fmt.Errorf("the timeout %s is negative", l.Stack.Timeout))
	}

	if states := []string{"active", "inactive", "deleted", allStates}; !slices.Contains(states, l.State) {
		problems = append(problems, fmt.Errorf("the state %q is none of %s", l.State, strings.Join(states, ", ")))
	}

	asked, err := listings(l.Listings)
	if err := errors.Join(append(problems, err)...); err != nil {
		return found, note, err
	}

	wanted := unfinished{order{Listings: l.Listings, State: l.State, PageSize: l.PageSize}, found.Name, l.Organisation.ClientID}
	if slices.ContainsFunc(asked, listing.history) {
		wanted.Start = time.Now().UTC().Add(-day).Truncate(time.Hour) // of a history that was not exported yet
	}

	left, err := readUnfinished(l.Out)
	if err != nil || left == nil {
		return found, wanted, err
	}

	return found, *left, left.resumable(l.Out, wanted)
}

// howToGoOn adds to the error of an export that is not complete how it is resumed, if it can be.
func (r *run) howToGoOn(ctx context.Context, err error) error {
	interrupted := r.note != nil && ctx.Err() != nil && !errors.Is(context.Cause(ctx), errNoRoom)

	switch {
	case interrupted && r.noted:
		return fmt.Errorf("interrupted, and nothing is lost: start again in the same way, and export %s goes on: %w",
			r.order.ExportID, context.Cause(ctx))
	case interrupted:
		return fmt.Errorf("interrupted before the export began: %w", context.Cause(ctx))
	case r.noted:
		return fmt.Errorf("%w; start again in the same way to go on with export %s, or delete %s to begin another",
			err, r.order.ExportID, unfinishedName(r.Out))
	default:
		return err
	}
}
