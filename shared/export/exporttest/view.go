package exporttest

import (
	"cmp"
	"context"
	"net/http"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

// view is a listing as one process sees it, and the pages of a query. It implements [export.Listing] and [export.Pages].
type view struct {
	*Listing

	process *Process
	query   export.Query // changes nothing in the pages

	job   string // whose results these are; "": of none
	first int    // the number of the first page
}

// users is the listing whose queries a scripted one takes, too.
func users() export.Listing {
	return genesys.NewListing(genesys.Users(http.MethodGet), genesys.Client{})
}

func (v *view) Name() string { return v.Called }

func (v *view) PageSizes() (least, most int) { return v.LeastPage, v.MostPage }

func (v *view) Options() []string { return users().Options() }

func (v *view) Ask(pageSize int, options export.Options) (export.Pages, error) {
	return v.pages(users().Ask(pageSize, options))
}

func (v *view) Open(stored export.Query) (export.Pages, error) { return v.pages(users().Open(stored)) }

// pages are those that are asked for like users.
func (v *view) pages(asked export.Pages, err error) (export.Pages, error) {
	if err != nil {
		return nil, err
	}

	pages := &view{Listing: v.Listing, process: v.process, query: asked.Query()}
	if v.polls != nil {
		return jobs{pages}, nil
	}

	return pages, nil
}

func (v *view) Query() export.Query { return v.query }

func (v *view) First() string { return linkTo(v.first) }

func (v *view) Fetch(ctx context.Context, link string, page *export.Page) (reply export.Reply, err error) {
	if link == "" && v.job != "" && !v.hasJob(v.job) {
		return reply, failure.New(failure.JobFailed, "job %s is gone", v.job)
	}

	link = cmp.Or(link, v.First())

	err = v.process.call(ctx, Call{OpFetch, link}, func() (err error) {
		reply, err = v.fetch(ctx, link, page)
		return err
	}, nil)

	return reply, err
}
