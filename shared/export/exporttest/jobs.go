package exporttest

import (
	"context"
	"fmt"
	"time"

	"genesys-cloud-export/shared/export"
)

// ByJobs has jobs prepare the listing, since the last export, a window for each of these numbers of pages. A job is ready at
// the second look.
func (l *Listing) ByJobs(pages ...int) {
	l.polls, l.windows = make(map[string]int), nil

	first := 0
	for _, count := range pages {
		l.windows = append(l.windows, first)
		first += count
		l.script[first-1].next = end
	}
}

// Jobs is how many jobs are there that nobody deleted.
func (l *Listing) Jobs() int {
	l.mu.Lock()
	defer l.mu.Unlock()

	return len(l.polls)
}

// jobs are a view of a listing whose pages jobs prepare. It implements [export.Jobs].
type jobs struct{ *view }

func (j jobs) Windows() int       { return len(j.windows) }
func (j jobs) SinceLast() bool    { return true }
func (j jobs) Through() time.Time { return time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC) }

func (j jobs) Resolve(ctx context.Context, _ time.Time) error {
	return j.do(ctx, OpResolve, "", func() error { return nil })
}

func (j jobs) Submit(ctx context.Context, window int) (id string, err error) {
	err = j.do(ctx, OpSubmit, "", func() error {
		j.submits++
		id = fmt.Sprintf("job-%d-%d", window, j.submits)
		j.polls[id] = 0

		return nil
	})

	return id, err
}

func (j jobs) Poll(ctx context.Context, id string) (state export.JobState, err error) {
	err = j.do(ctx, OpPoll, id, func() error {
		polls, known := j.polls[id]
		if known {
			j.polls[id]++
		}

		state = export.JobState{Ready: polls > 0, Failed: !known, Text: "scripted"}

		return nil
	})

	return state, err
}

func (j jobs) Delete(ctx context.Context, id string) error {
	return j.do(ctx, OpDeleteJob, id, func() error {
		delete(j.polls, id)
		return nil
	})
}

// do makes a call while no other one changes the listing.
func (j jobs) do(ctx context.Context, op, name string, change func() error) error {
	return j.process.call(ctx, Call{op, name}, func() error { return locked(&j.mu, change) }, nil)
}

func (j jobs) Results(id string) export.Pages {
	var window int
	_, _ = fmt.Sscanf(id, "job-%d-", &window)

	results := *j.view
	results.job, results.first = id, j.windows[window]

	return &results
}

// hasJob reports whether a job is there.
func (l *Listing) hasJob(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()

	_, there := l.polls[id]

	return there
}
