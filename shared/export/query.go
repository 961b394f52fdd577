package export

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"genesys-cloud-export/shared/event"
	"genesys-cloud-export/shared/failure"
)

// Query is what an export asks of its listing. It is fixed when the export begins, and stands in checkpoint and manifest.
type Query struct {
	PageSize int
	// Canonical is the whole query in the listing's canonical form: one JSON object with page_size and the listing's options,
	// defaults included. Queries that ask for the same are the same bytes. What is stored stays, whatever that form becomes.
	Canonical json.RawMessage
}

// MarshalJSON implements [json.Marshaler].
func (q Query) MarshalJSON() ([]byte, error) { return q.Canonical.MarshalJSON() }

// UnmarshalJSON implements [json.Unmarshaler]. Whether the listing knows what stands there is for [Listing.Open] to say.
func (q *Query) UnmarshalJSON(raw []byte) error {
	var known struct {
		PageSize int `json:"page_size"`
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return err
	}

	q.PageSize, q.Canonical = known.PageSize, bytes.Clone(raw)

	return nil
}

// members are the query's members by name, in canonical form.
func (q Query) members() map[string]json.RawMessage {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(q.Canonical, &members) // the listing has read it as an object

	return members
}

// ask is what a new export of the event would ask of the listing. A bad option is refused here, before anything is looked at.
func (e *Engine) ask(ctx context.Context, listing Listing, asked Event) (Pages, error) {
	known := slices.Concat([]string{fieldExportID, fieldListing, fieldPageSize}, listing.Options())
	if err := event.Known(asked.Options, known); err != nil {
		return nil, fmt.Errorf("listing %s: %w", listing.Name(), err)
	}

	return listing.Ask(e.bounded(ctx, listing, cmp.Or(asked.PageSize, e.PageSize)), asked.Options)
}

// pick is the listing of that name; "" is the only one.
func (e *Engine) pick(name string) (Listing, error) {
	var names []string
	for _, listing := range e.Listings {
		if listing.Name() == name || name == "" && len(e.Listings) == 1 {
			return listing, nil
		}

		names = append(names, listing.Name())
	}

	return nil, failure.New(failure.InvalidInput, "listing must name one of this function's listings: %s", strings.Join(names, ", "))
}

// bounded brings a page size into the listing's bounds.
func (e *Engine) bounded(ctx context.Context, listing Listing, size int) int {
	least, most := listing.PageSizes()

	bounded := min(max(size, least), most)
	if bounded != size {
		e.Logger.InfoContext(ctx, "the page size was brought into the listing's bounds", slog.String("listing", listing.Name()),
			slog.Int("asked", size), slog.Int("page_size", bounded))
	}

	return bounded
}

// accepts refuses a later event, which by itself would ask for asked, where it gives another value than the query.
func (q Query) accepts(later Event, asked Query) error {
	differs := func(field string, fixed any) error {
		return failure.New(failure.InvalidInput,
			"%s differs from the value %v that this export was begun with: leave it out, or begin another export with an export_id of its own", field, fixed)
	}

	if later.PageSize != 0 && asked.PageSize != q.PageSize {
		return differs(fieldPageSize, q.PageSize)
	}

	fixed, given := q.members(), asked.members()
	for _, name := range slices.Sorted(maps.Keys(later.Options)) {
		if !bytes.Equal(fixed[name], given[name]) {
			return differs(name, string(fixed[name]))
		}
	}

	return nil
}
