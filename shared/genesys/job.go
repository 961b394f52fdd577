package genesys

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"genesys-cloud-export/shared/charset"
	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
)

// Job is what is particular to a listing whose pages are the results of jobs; [Definition.Path] is that of the jobs.
type Job struct {
	Available string // the path that says up to when there are data; "": none does, and it is an hour ago
	Order     string // with what a job is submitted beside its interval; "": without
	OrderBy   string
	Lasting   bool // a job cannot be deleted
}

// availableAfter is when data count as available that the API says nothing of. It is inferred.
const availableAfter = time.Hour

const maxJobID = 100 // characters

// maxJobReply bounds a reply about a job, in bytes; they are under a kilobyte.
const maxJobReply = 64 << 10

// jobs are what a query asks of a history. They implement [export.Jobs].
type jobs struct {
	*pages

	span span
}

// Query implements [export.Pages].
func (j *jobs) Query() export.Query {
	canonical := j.canonical()
	j.span.add(&canonical)

	return export.Query{PageSize: j.pageSize, Canonical: canonical.closed()}
}

// SinceLast implements [export.Jobs].
func (j *jobs) SinceLast() bool { return j.span.sinceLast }

// Through implements [export.Jobs].
func (j *jobs) Through() time.Time { return j.span.to }

// Windows implements [export.Jobs].
func (j *jobs) Windows() int { return j.span.windows() }

// Resolve implements [export.Jobs].
func (j *jobs) Resolve(ctx context.Context, through time.Time) error {
	available := time.Now().Add(-availableAfter).UTC().Truncate(time.Second)

	if path := j.definition.Job.Available; path != "" {
		var reply struct {
			Until time.Time `json:"dataAvailabilityDate"`
		}

		err := j.call(ctx, http.MethodGet, path, nil, &reply, func(*answer) bool { return !reply.Until.IsZero() })
		if err != nil {
			return err
		}

		available = earliest(reply.Until, time.Now()).UTC().Truncate(time.Millisecond) // nothing is there before it happens
	}

	resolved, err := j.span.resolved(available, through)
	if err == nil {
		j.span = resolved
	}

	return err
}

// Submit implements [export.Jobs].
func (j *jobs) Submit(ctx context.Context, window int) (id string, err error) {
	var query object
	query.add(intervalField, j.span.window(window).String())

	if order := j.definition.Job.Order; order != "" {
		query.add("order", order)
	}

	if by := j.definition.Job.OrderBy; by != "" {
		query.add("orderBy", by)
	}

	var reply struct {
		JobID string `json:"jobId"`
		ID    string `json:"id"`
	}

	err = j.call(ctx, http.MethodPost, j.definition.Path, query.closed(), &reply, func(a *answer) bool {
		id = cmp.Or(reply.JobID, reply.ID)
		// The id becomes part of a path.
		return len(id) <= maxJobID && charset.Only(id, charset.Alphanumeric+"_-") && !repeats(id, a.access.Access.Reveal())
	})

	return id, err
}

// Poll implements [export.Jobs].
func (j *jobs) Poll(ctx context.Context, id string) (state export.JobState, err error) {
	var reply struct {
		State string `json:"state"`
	}

	err = j.of(id).call(ctx, http.MethodGet, j.definition.Path+"/"+id, nil, &reply, func(a *answer) bool {
		name := strings.ToUpper(reply.State) // audits write it in small letters
		state.Ready = slices.Contains([]string{"FULFILLED", "SUCCEEDED"}, name)
		state.Failed = slices.Contains([]string{"FAILED", "CANCELLED", "EXPIRED"}, name)
		state.Text = fmt.Sprintf("its state is %s (correlation id %s)", name, a.correlationID())

		return state.Ready || state.Failed || slices.Contains([]string{"QUEUED", "PENDING", "RUNNING"}, name)
	})
	if failure.Is(err, failure.JobFailed) {
		return export.JobState{Failed: true, Text: err.Error()}, nil
	}

	return state, err
}

// Delete implements [export.Jobs].
func (j *jobs) Delete(ctx context.Context, id string) error {
	if j.definition.Job.Lasting {
		return nil
	}

	return j.call(ctx, http.MethodDelete, j.definition.Path+"/"+id, nil, nil, nil)
}

// Results implements [export.Jobs].
func (j *jobs) Results(id string) export.Pages { return j.of(id).pages }

// of is j for what is asked of one job, which may be gone.
func (j *jobs) of(id string) *jobs {
	results := *j.pages
	results.definition.Path += "/" + id + "/results"
	results.job = id

	return &jobs{&results, j.span}
}

// call sends one request and reads its reply into a struct; whether what it says can be meant is for valid to say.
func (j *jobs) call(ctx context.Context, method, path string, body []byte, into any, valid func(*answer) bool) error {
	return j.exchange(ctx, question{method: method, target: j.client.Base.JoinPath(path), body: body}, "", func(a *answer) error {
		if into == nil {
			return nil
		}

		raw, err := io.ReadAll(io.LimitReader(a.reply.Body, maxJobReply))
		if err != nil {
			return j.broken(ctx, err)
		}

		if json.Unmarshal(raw, into) != nil || !valid(a) {
			return a.noPage(ctx, "it is not the reply about a job that the API promises")
		}

		return nil
	})
}
