package export

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/retry"
)

const (
	maxSubmits  = 3               // how often the job of a window is submitted before the export fails
	maxJobAge   = 24 * time.Hour  // how long a job may take
	firstPoll   = 5 * time.Second // the wait after the first look at a job that is not ready; it doubles
	longestPoll = 2 * time.Minute // up to this
)

// Jobs are pages that jobs of the API prepare, one for each window of the query's interval. Each method with a context sends
// one request, with errors as those of [Pages.Fetch].
type Jobs interface {
	Pages
	// Resolve fixes the interval of a new export. through is the watermark; zero: there is none. A query that asks for what is
	// not available is a failure of kind InvalidInput.
	Resolve(ctx context.Context, through time.Time) error
	// SinceLast reports whether the interval is to begin where the last such export ended.
	SinceLast() bool
	// Through is the end of the interval, once it is resolved.
	Through() time.Time
	// Windows is how many windows the interval has; 0: there is nothing to export.
	Windows() int
	// Submit begins the job of a window. It may have begun one although it fails.
	Submit(ctx context.Context, window int) (id string, err error)
	// Poll looks how far a job is.
	Poll(ctx context.Context, id string) (state JobState, err error)
	// Delete deletes a job, where the API knows how to.
	Delete(ctx context.Context, id string) error
	// Results are the pages of a job that is ready. Where it is gone before the first page, Fetch fails as JobFailed.
	Results(id string) Pages
}

// JobState is how far a job is. Neither ready nor failed: it is at work.
type JobState struct {
	Ready, Failed bool
	Text          string // for people: "its state is …", with the correlation id
}

// Job is the job of the window that is being read, as the checkpoint keeps it.
type Job struct {
	ID          string    `json:"id"` // "": it has to be submitted
	SubmittedAt time.Time `json:"submitted_at,omitzero"`
	Submits     int       `json:"submits"` // how many jobs were submitted for this window
	Polls       int       `json:"polls"`   // how often this one was not ready
	Ready       bool      `json:"ready,omitzero"`
}

// windows is how many windows a query has.
func windows(pages Pages) int {
	if jobs, ok := pages.(Jobs); ok {
		return jobs.Windows()
	}

	return 1
}

// resolve fixes the interval of a new export whose pages are prepared by jobs. There is no checkpoint yet: the stop is why it cannot
// be begun now, and a wait in it binds nobody but the caller. limit is the lowest rate limit that the API gave.
func (i *invocation) resolve(ctx context.Context) (limit int, stopped stop) {
	jobs, ok := i.pages.(Jobs)
	if !ok {
		return 0, stop{}
	}

	var through time.Time

	if jobs.SinceLast() {
		var err error
		if through, err = i.watermark(ctx); err != nil {
			return 0, stop{err: err}
		}
	}

	asking, end := i.engine.untilStopping(ctx)
	defer end()

	c := i.newCaller()
	stopped = c.do(asking, c.retry, "ask up to when the listing is available", func(ctx context.Context) error {
		return jobs.Resolve(ctx, through)
	})
	i.count(c)

	switch {
	case stopped.none() && through.After(jobs.Through()):
		return 0, stop{err: i.badWatermark("lies past what is available, which ends at " + jobs.Through().Format(time.RFC3339))}
	case stopped.reason == ReasonBudget && stopped.blames != "": // nothing would count how often
		return 0, stop{err: failure.New(failure.UpstreamUnavailable,
			"the invocation's time ended before the API said up to when the listing is available: invoke again, and give the function more time where it stays so")}
	default:
		return c.limit, stopped
	}
}

// prepare returns the pages of the window that is to be read, or why they cannot be read now. A job is submitted once an
// invocation, and committed before it is looked at, so that a crash or a lost reply leaves one job behind at most.
func (i *invocation) prepare(ctx, reading context.Context, jobs Jobs, w *writer, c *caller) (Pages, stop, error) {
	if w.job.ID == "" {
		if i.submitted {
			return nil, stop{reason: ReasonPending, notBefore: w.job.due()}, nil // for the next invocation to submit it
		}

		if stopped, err := i.submit(ctx, reading, jobs, w, c); !stopped.none() || err != nil {
			return nil, stopped, err
		}
	}

	if w.job.Ready { // where it is gone by now, its results say so
		return jobs.Results(w.job.ID), stop{}, nil
	}

	var state JobState

	stopped := c.do(reading, c.retry, "look at job "+w.job.ID, func(ctx context.Context) (err error) {
		state, err = jobs.Poll(ctx, w.job.ID)
		return err
	})

	switch age := time.Since(w.job.SubmittedAt); {
	case !stopped.none():
		return nil, stopped, nil
	case state.Ready:
		w.job.Ready = true
		return jobs.Results(w.job.ID), stop{}, nil
	case state.Failed:
		return nil, w.resubmit(ctx, state.Text), nil
	case age > maxJobAge:
		id := w.job.ID
		w.job = Job{} // a later invocation begins anew

		return nil, stop{err: failure.New(failure.JobFailed,
			"job %s is not ready after %s, %s: invoke again for a new job, and ask the vendor's support if it happens again", id, age.Round(time.Hour), state.Text)}, nil
	default:
		w.job.Polls++
		return nil, stop{reason: ReasonPending, notBefore: w.job.due()}, nil
	}
}

// submit submits the job of the window that is to be read, and commits its id.
func (i *invocation) submit(ctx, reading context.Context, jobs Jobs, w *writer, c *caller) (stop, error) {
	i.submitted = true

	var id string

	send := func() stop {
		return c.do(reading, c.once(), "submit a job", func(ctx context.Context) (err error) {
			id, err = jobs.Submit(ctx, w.position.Window)
			return err
		})
	}

	stopped := send()
	if rejectedOnce(stopped.err) {
		stopped = send() // the job was not made, and the next token is another one
	}

	if !stopped.none() {
		return stopped, nil
	}

	w.job = Job{ID: id, SubmittedAt: now(), Submits: w.job.Submits + 1}

	err := w.commit(ctx, w.next())
	if errors.Is(err, errLost) && i.state.checkpoint.Job.ID != id {
		i.drop(ctx, jobs, c, id)
	}

	return stop{}, err
}

// rejectedOnce reports whether a request failed because its token was rejected, which the next token may not be.
func rejectedOnce(err error) bool {
	_, transient := errors.AsType[*retry.TransientError](err)
	return transient && failure.Is(err, failure.TokenUnavailable)
}

// drop deletes a job that lost its commit. Where that fails, the API deletes it in time.
func (i *invocation) drop(ctx context.Context, jobs Jobs, c *caller, id string) {
	stopped := c.do(ctx, c.once(), "delete job "+id, func(ctx context.Context) error { return jobs.Delete(ctx, id) })
	if !stopped.none() {
		i.engine.Logger.WarnContext(ctx, "a job that another invocation's replaces stays until the API deletes it",
			slog.String("export_id", i.id), slog.String("job", id), slog.Any("error", stopped.err))
	}
}

// lost reports whether the window's job is gone before a page of it was committed; what was read of it is then thrown away.
func (w *writer) lost(err error) bool {
	committed := w.state.checkpoint.Position
	gone := failure.Is(err, failure.JobFailed) || failure.Is(err, failure.CursorExpired)

	if !gone || committed.Next != "" || committed.Window != w.position.Window {
		return false
	}

	w.position = committed
	w.part.reset()

	return true
}

// resubmit has this or the next invocation submit another job for one that is gone before a page was committed, twice.
func (w *writer) resubmit(ctx context.Context, how string) stop {
	id := w.job.ID
	w.job = Job{Submits: w.job.Submits}

	if w.job.Submits < maxSubmits {
		w.logger.WarnContext(ctx, "a job failed, and another one is submitted",
			slog.String("export_id", w.id), slog.String("job", id), slog.String("state", how))

		return stop{}
	}

	w.job = Job{} // a later invocation begins anew

	return stop{err: failure.New(failure.JobFailed,
		"%d jobs in a row failed; of the last, %s, %s: invoke again later, and ask the vendor's support if it happens again", maxSubmits, id, how)}
}

// due is when a job that is not ready is to be looked at again, or another one is to be submitted; zero, at once: the first of a window.
func (j Job) due() time.Time {
	if j.Submits == 0 {
		return time.Time{}
	}

	wait := firstPoll
	for range j.Polls - 1 {
		wait = min(2*wait, longestPoll)
	}

	return due(wait)
}
