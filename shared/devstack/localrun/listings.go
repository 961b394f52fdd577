package localrun

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/stack"
	"genesys-cloud-export/shared/genesys"
)

// AllListings stands for every listing.
const AllListings = "all"

const day = 24 * time.Hour

// listing is one that a run exports, and the function that does it.
type listing struct {
	genesys.Definition

	function string
}

// listings are those of these names.
func listings(names []string) (found []listing, err error) {
	known := []listing{{genesys.Users(http.MethodGet), stack.ExportUsers}}
	for _, definition := range genesys.Directory() {
		known = append(known, listing{definition, stack.ExportDirectory})
	}

	for _, definition := range genesys.Histories() {
		known = append(known, listing{definition, stack.ExportHistory})
	}

	if slices.Equal(names, []string{AllListings}) {
		return known, nil
	}

	var all []string
	for _, listing := range known {
		all = append(all, listing.Name)
	}

	for _, name := range names {
		at := slices.Index(all, name)
		if at < 0 {
			return nil, fmt.Errorf("the listing %q is none of %s, or %s alone", name, strings.Join(all, ", "), AllListings)
		}

		found = append(found, known[at])
	}

	return found, nil
}

// order is what is asked for: which export, of what.
type order struct {
	ExportID string   `json:"export_id"`
	Listings []string `json:"listings"`
	State    string   `json:"state"` // of users
	PageSize int      `json:"page_size,omitempty"`
	// Interval is that of histories. Without it they are exported since the last export, and the first time from Start on.
	Interval string    `json:"interval,omitempty"`
	Start    time.Time `json:"start,omitzero"`
}

// event is the function's event of a listing.
func (o order) event(of listing) ([]byte, error) {
	event := map[string]any{"export_id": o.ExportID, "listing": of.Name}
	if o.PageSize > 0 {
		event["page_size"] = o.PageSize
	}

	switch {
	case of.function == stack.ExportUsers:
		event["state"] = o.State
	case of.Job != nil && o.Interval != "":
		event["interval"] = o.Interval
	case of.Job != nil:
		event["since_last"], event["start"] = true, o.Start
	}

	encoded, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("encode the event: %w", err)
	}

	return encoded, nil
}

// expected writes what a simulated organisation has of a listing: of a history what each day's job gives, one after the other.
func (o order) expected(w io.Writer, organisation *genesyssim.Simulator, of listing) error {
	switch {
	case of.function == stack.ExportUsers:
		return organisation.WriteListing(w, of.Name+"?state="+o.State)
	case of.Job == nil:
		return organisation.WriteListing(w, of.Name)
	}

	begin, end, _ := strings.Cut(o.Interval, "/")

	from, err := time.Parse(time.RFC3339, begin)
	if err != nil {
		return fmt.Errorf("read the interval: %w", err)
	}

	to, err := time.Parse(time.RFC3339, end)
	if err != nil {
		return fmt.Errorf("read the interval: %w", err)
	}

	for from.Before(to) {
		midnight := from.Truncate(day).Add(day)
		if midnight.After(to) {
			midnight = to
		}

		window := from.Format(time.RFC3339) + "/" + midnight.Format(time.RFC3339)
		if err := organisation.WriteListing(w, of.Name+"?interval="+window); err != nil {
			return err
		}

		from = midnight
	}

	return nil
}
