package export

import (
	"slices"

	"genesys-cloud-export/shared/failure"
)

// The API's own defaults. They are written down in the query, so that an analyst reads in the manifest what was asked.
const (
	defaultState     = "active" // leaves out inactive and deleted entities
	defaultSortOrder = "ASC"
)

// Query is what an export asks of its listing. It is fixed when the export begins, kept in its checkpoint and told in its
// manifest.
type Query struct {
	Method    string   `json:"method"` // GET, or POST for the tutorial's dialect
	PageSize  int      `json:"page_size"`
	Expand    []string `json:"expand"`
	State     string   `json:"state"`
	SortOrder string   `json:"sort_order"`
}

// DefaultState is the state that the API assumes where none is asked for.
func (Query) DefaultState() string { return defaultState }

// DefaultSortOrder is the order that the API uses where none is asked for.
func (Query) DefaultSortOrder() string { return defaultSortOrder }

// newQuery fixes the query of a new export: the event's options, then the function's defaults, then the API's.
func newQuery(method string, pageSize int, event Event) Query {
	q := Query{Method: method, PageSize: pageSize, Expand: []string{}, State: defaultState, SortOrder: defaultSortOrder}

	if event.PageSize != nil {
		q.PageSize = *event.PageSize
	}

	if event.Expand != nil {
		q.Expand = append(q.Expand, *event.Expand...)
	}

	if event.State != nil {
		q.State = *event.State
	}

	if event.SortOrder != nil {
		q.SortOrder = *event.SortOrder
	}

	return q
}

// accepts holds the options of a later event to the query: they may be left out or repeated. expand is a set.
func (q Query) accepts(event Event) error {
	differs := func(field string, fixed any) error {
		return failure.New(failure.InvalidInput,
			"%s differs from the value %v that this export was begun with: leave it out, or begin another export with an export_id of its own", field, fixed)
	}

	switch {
	case event.PageSize != nil && *event.PageSize != q.PageSize:
		return differs("page_size", q.PageSize)
	case event.Expand != nil && !slices.Equal(sorted(*event.Expand), sorted(q.Expand)):
		return differs("expand", q.Expand)
	case event.State != nil && *event.State != q.State:
		return differs("state", q.State)
	case event.SortOrder != nil && *event.SortOrder != q.SortOrder:
		return differs("sort_order", q.SortOrder)
	}

	return nil
}

func sorted(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}
