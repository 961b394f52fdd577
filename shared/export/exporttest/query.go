package exporttest

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
)

// defaultMostPage is the largest page of a scripted listing, unless it is told another.
const defaultMostPage = 500

// query is what a scripted listing is asked: a fixed method, a set and two texts, in the form of the users' listing. Its
// options change nothing in the pages.
type query struct {
	Method    string   `json:"method"`
	PageSize  int      `json:"page_size"`
	Expand    []string `json:"expand"`
	State     string   `json:"state"`
	SortOrder string   `json:"sort_order"`
}

func (q query) canonical() export.Query {
	q.Expand = slices.Compact(slices.Sorted(slices.Values(q.Expand)))
	if q.Expand == nil {
		q.Expand = []string{}
	}

	body, err := json.Marshal(q)
	if err != nil {
		panic(err) // numbers and strings always encode
	}

	return export.Query{PageSize: q.PageSize, Canonical: body}
}

// view implements [export.Listing] for one process.
type view struct {
	*Listing

	process *Process
}

func (v *view) Name() string { return v.Called }

func (v *view) PageSizes() (least, most int) { return v.LeastPage, v.MostPage }

func (v *view) Options() []string { return []string{"expand", "state", "sort_order"} }

func (v *view) Ask(pageSize int, options export.Options) (export.Pages, error) {
	q := query{Method: "GET", PageSize: pageSize, State: "active", SortOrder: "ASC"}

	for name, to := range map[string]any{"expand": &q.Expand, "state": &q.State, "sort_order": &q.SortOrder} {
		if raw, given := options[name]; given && json.Unmarshal(raw, to) != nil {
			return nil, failure.New(failure.InvalidInput, "%s is of the wrong type", name)
		}
	}

	return &pages{v, q}, nil
}

func (v *view) Open(stored export.Query) (export.Pages, error) {
	var q query

	strict := json.NewDecoder(bytes.NewReader(stored.Canonical))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&q); err != nil {
		return nil, failure.New(failure.CheckpointInvalid, "the query was written by newer code: deploy the newer version")
	}

	return &pages{v, q}, nil
}

// pages implements [export.Pages].
type pages struct {
	*view

	query query
}

func (p *pages) Query() export.Query { return p.query.canonical() }

func (p *pages) First() string { return p.link(0) }

func (p *pages) Fetch(ctx context.Context, link string, page *export.Page) error {
	if link == "" {
		link = p.link(0)
	}

	return p.process.call(ctx, request{op: OpFetch, name: link, do: func() error { return p.fetch(ctx, link, page) }})
}
