package genesys

import (
	"cmp"
	"encoding/json"
	"maps"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
)

// Definition is what is particular to a listing: a row of the table in listings.go.
type Definition struct {
	Name       string // in events, keys, results and metrics: "users"
	Path       string // below the API's address: "/api/v2/users/query"
	Permission string // what the OAuth client's role needs, for the error that it is missing; "": nothing is documented
	Paging     Paging
	Entities   string // the name of a page's list; "": entities

	LeastPage, MostPage int // the bounds of a page size; 0: 1 and [MaxPageSize]

	// Options are the fields of an event that the listing takes, in the order in which its query shows them.
	Options []Option
	// Method is how pages are asked for. It is fixed when an export begins, so the query shows it; "" is GET, not shown.
	Method string
	// Job says how the listing's jobs are made; nil: its pages are there at once.
	Job *Job
}

// Listing is a listing of the API. It implements [export.Listing], and may be used by many at once.
type Listing struct {
	definition Definition
	client     Client
}

// NewListing returns the listing of that definition, read with client.
func NewListing(definition Definition, client Client) *Listing {
	definition.Entities = cmp.Or(definition.Entities, "entities")

	return &Listing{definition: definition, client: client}
}

// Name implements [export.Listing].
func (l *Listing) Name() string { return l.definition.Name }

// PageSizes implements [export.Listing].
func (l *Listing) PageSizes() (least, most int) {
	return cmp.Or(l.definition.LeastPage, 1), cmp.Or(l.definition.MostPage, MaxPageSize)
}

// Options implements [export.Listing].
func (l *Listing) Options() []string {
	names := make([]string, 0, len(l.definition.Options))
	for _, option := range l.definition.Options {
		names = append(names, option.Name)
	}

	if l.definition.Job != nil {
		names = append(names, intervalField, sinceLastField, startField, lookBackField)
	}

	return names
}

// Ask implements [export.Listing].
func (l *Listing) Ask(pageSize int, options export.Options) (export.Pages, error) {
	p := l.pages(pageSize)
	for _, option := range l.definition.Options {
		if raw, given := options[option.Name]; given && !p.set(option.Name, raw) {
			return nil, failure.New(failure.InvalidInput, "%s must be %s", option.Name, option.rule())
		}
	}

	if l.definition.Job == nil {
		return p, nil
	}

	span, err := newSpan(maps.Clone(options))
	if err == nil {
		err = span.check()
	}

	return &jobs{p, span}, err
}

// Open implements [export.Listing]. What the query leaves out was not known to the code that wrote it, and has its default.
func (l *Listing) Open(stored export.Query) (export.Pages, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(stored.Canonical, &members); err != nil || stored.PageSize < 1 {
		return nil, failure.New(failure.CheckpointInvalid,
			"the checkpoint has no query: restore the object's last good version, or begin a new export under another export_id")
	}

	p := l.pages(stored.PageSize)
	delete(members, pageSizeField)

	opened, known := export.Pages(p), true

	if l.definition.Job != nil {
		span, err := newSpan(members) // which it takes out of them
		opened, known = &jobs{p, span}, err == nil
	}

	for name, raw := range members {
		known = known && p.set(name, raw)
	}

	if !known {
		return nil, failure.New(failure.CheckpointInvalid,
			"the query in the checkpoint has something that this code does not know, so it was written by newer code: deploy the newer version; the checkpoint was left as it is")
	}

	return opened, nil
}
