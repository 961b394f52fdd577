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

const (
	// allListings stands for every listing.
	allListings = "all"

	day = 24 * time.Hour
)

// listing is one that a run exports, and the function that does it.
type listing struct {
	genesys.Definition

	function string
}

// history reports whether what is listed happened in an interval.
func (l listing) history() bool { return l.Job != nil }

// listings are those of these names.
func listings(names []string) (found []listing, err error) {
	known := []listing{{genesys.Users(http.MethodGet), stack.ExportUsers}}
	for _, definition := range genesys.Directory() {
		known = append(known, listing{definition, stack.ExportDirectory})
	}

	for _, definition := range genesys.Histories() {
		known = append(known, listing{definition, stack.ExportHistory})
	}

	if slices.Equal(names, []string{allListings}) {
		return known, nil
	}

	var all []string
	for _, listing := range known {
		all = append(all, listing.Name)
	}

	for _, name := range names {
		at := slices.Index(all, name)
		if at < 0 {
			return nil, fmt.Errorf("the listing %q is none of %s, or %s alone", name, strings.Join(all, ", "), allListings)
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
	// Start is when histories are exported from that were not exported before.
	Start time.Time `json:"start,omitzero"`

	// From and Until are the interval of histories. Without it they are exported since their last export.
	From  time.Time `json:"-"`
	Until time.Time `json:"-"`
}

// interval is one of the event's.
func interval(from, until time.Time) string {
	return from.Format(time.RFC3339) + "/" + until.Format(time.RFC3339)
}

// event is the function's event of a listing.
func (o order) event(of listing) []byte {
	event := map[string]any{"export_id": o.ExportID, "listing": of.Name}
	if o.PageSize > 0 {
		event["page_size"] = o.PageSize
	}

	switch {
	case of.function == stack.ExportUsers:
		event["state"] = o.State
	case of.history() && !o.Until.IsZero():
		event["interval"] = interval(o.From, o.Until)
	case of.history():
		event["since_last"], event["start"] = true, o.Start
	}

	encoded, _ := json.Marshal(event) // text, numbers and a time alone

	return encoded
}

// expected writes what a simulated organisation has of a listing: of a history what each day's job gives, one after the other.
func (o order) expected(w io.Writer, organisation *genesyssim.Simulator, of listing) error {
	switch {
	case of.function == stack.ExportUsers:
		return organisation.WriteListing(w, of.Name+"?state="+o.State)
	case !of.history():
		return organisation.WriteListing(w, of.Name)
	}

	for from := o.From; from.Before(o.Until); {
		midnight := from.Truncate(day).Add(day)
		if midnight.After(o.Until) {
			midnight = o.Until
		}

		if err := organisation.WriteListing(w, of.Name+"?interval="+interval(from, midnight)); err != nil {
			return err
		}

		from = midnight
	}

	return nil
}
