package exporttest

import (
	"cmp"
	"context"
	"slices"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"github.com/go-json-experiment/json"
)

// view is a listing as one process sees it, and the pages of a query. It implements [export.Listing] and [export.Pages].
type view struct {
	*Listing

	process *Process
	query   query

	job   string // whose results these are; "": of none
	first int    // the number of the first page
}

// query is what a scripted listing is asked, in the form of the users' listing. Its options change nothing in the pages.
type query struct {
	Method    string   `json:"method"`
	PageSize  int      `json:"page_size"`
	Expand    []string `json:"expand"`
	State     string   `json:"state"`
	SortOrder string   `json:"sort_order"`
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

	return v.pages(q), nil
}

// pages are those that q asks for.
func (v *view) pages(q query) export.Pages {
	asked := &view{Listing: v.Listing, process: v.process, query: q}
	if v.polls != nil {
		return jobs{asked}
	}

	return asked
}

func (v *view) Open(stored export.Query) (export.Pages, error) {
	var q query

	if err := json.Unmarshal(stored.Canonical, &q, json.RejectUnknownMembers(true)); err != nil {
		return nil, failure.New(failure.CheckpointInvalid, "the query was written by newer code: deploy the newer version")
	}

	return v.pages(q), nil
}

func (v *view) Query() export.Query {
	q := v.query
	q.Expand = slices.Compact(slices.Sorted(slices.Values(q.Expand)))

	body, _ := json.Marshal(q) // numbers and strings always encode

	return export.Query{PageSize: q.PageSize, Canonical: body}
}

func (v *view) First() string { return linkTo(v.first) }

func (v *view) Fetch(ctx context.Context, link string, page *export.Page) error {
	if link == "" && v.job != "" && !v.hasJob(v.job) {
		return failure.New(failure.JobFailed, "job %s is gone", v.job)
	}

	link = cmp.Or(link, v.First())

	return v.process.call(ctx, Call{OpFetch, link}, func() error { return v.fetch(ctx, link, page) }, nil)
}
