package genesyssim

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// history is a listing of what happened in an interval. It is asked for by a job: submit, poll, results.
type history struct {
	name, path string
	permission string
	member     string // of the results, that has the entities
	paging     Paging // of the results
	most       int    // entities a page of results
	perDay     int    // how many there are a day; of user-status how many in each interval
	longest    time.Duration
	words      []string // the states that the API has for jobStates
}

// The states of a job, and what only a fault makes of it: nobody knows it any more.
const (
	jobQueued, jobPending, jobFulfilled   = "QUEUED", "PENDING", "FULFILLED"
	jobFailed, jobCancelled, jobExpired   = "FAILED", "CANCELLED", "EXPIRED"
	jobGone                               = "GONE"
	conversations, userStatus, auditsName = "conversations", "user-status", "audits"
)

func jobStates() []string {
	return []string{jobQueued, jobPending, jobFulfilled, jobFailed, jobCancelled, jobExpired, jobGone}
}

// newHistories is all that the API lists by job.
func newHistories(config Config) []history {
	const most, longest = 10_000, 30 * time.Hour
	audits := []string{"Queued", "Running", "Succeeded", "Failed", "Cancelled", "Failed", ""}
	all := []history{
		{conversations, "/api/v2/analytics/conversations/details/jobs", "analytics:conversationDetail:view", "conversations", byJob, most, 3000, longest, jobStates()},
		{userStatus, "/api/v2/analytics/users/details/jobs", "analytics:userDetail:view", "userDetails", byJob, most, 200, 0, jobStates()},
		{auditsName, "/api/v2/audits/query", "audits:audit:view", "entities", byAuditQuery, 500, 500, 0, audits},
	}
	for i := range all {
		if size, given := config.Sizes[all[i].name]; given {
			all[i].perDay = size
		}
	}

	return all
}

// span is an interval, and up to when there are data of it.
type span struct{ from, to, available time.Time }

// readSpan reads BEGIN/END.
func readSpan(interval string, available time.Time) (span, *apiError) {
	begin, end, _ := strings.Cut(interval, "/")
	from, errFrom := time.Parse(time.RFC3339, begin)
	to, errTo := time.Parse(time.RFC3339, end)
	if errFrom != nil || errTo != nil || !from.Before(to) {
		return span{}, errInvalidValue("interval", "use BEGIN/END, two times with a zone, the earlier one first")
	}

	return span{from.UTC(), to.UTC(), available.UTC()}, nil
}

// available is the time up to which a history has data at a moment.
func (s *Simulator) available(of history, now time.Time) time.Time {
	switch {
	case of.paging == byAuditQuery:
		return now.UTC()
	case !s.config.AvailableUntil.IsZero():
		return s.config.AvailableUntil.UTC()
	default:
		return now.Add(-s.config.AvailabilityLag).UTC().Truncate(time.Millisecond)
	}
}

// job is one question about a history, and what has become of it.
type job struct {
	id        string
	of        history
	asked     span
	interval  string
	submitted time.Time
	end       string // the state that it ends in
	backwards bool
}

// state is the job's state at a time.
func (j *job) state(config Config, now time.Time) string {
	switch age := now.Sub(j.submitted); {
	case age < config.JobTime/3:
		return jobQueued
	case age < config.JobTime:
		return jobPending
	case j.end == jobFulfilled && age >= config.JobTime+config.JobLife:
		return jobExpired
	default:
		return j.end
	}
}

// word is a state as the API of the history writes it.
func (of history) word(state string) string { return of.words[slices.Index(jobStates(), state)] }

// jobPath is a path with {id} in place of a job's id.
func (s *Simulator) jobPath(path string) string {
	for _, of := range s.histories {
		rest, found := strings.CutPrefix(path, of.path+"/")
		if id, deeper, more := strings.Cut(rest, "/"); found && id != "availability" {
			path = of.path + "/{id}"
			if more {
				path += "/" + deeper
			}
		}
	}

	return path
}

// answerHistory serves everything below a history's path.
func (s *Simulator) answerHistory(x *exchange, of history) *reply {
	if refusal := s.permit(of.name, of.permission); refusal != nil {
		return x.refuse(refusal)
	}
	now, method := time.Now(), x.request.Method
	rest := strings.TrimPrefix(x.request.URL.Path, of.path)
	switch {
	case rest == "" && method == http.MethodPost:
		return s.submit(x, of, now)
	case rest == "":
		return x.refuseMethod(http.MethodPost)
	case rest == "/availability" && of.paging == byJob:
		return x.object(http.StatusOK, member{"dataAvailabilityDate", marshal(s.available(of, now).Format(timeLayout))})
	}
	id, results := strings.CutSuffix(strings.TrimPrefix(rest, "/"), "/results")
	var found *job
	s.change(func(o *organisation) { found = o.jobs[id] })
	if found == nil || found.of.name != of.name || found.state(s.config, now) == jobGone {
		return x.refuse(newError(http.StatusNotFound, "not.found", "There is no job "+id))
	}
	switch {
	case method == http.MethodGet && results:
		return s.answerResults(x, found, now)
	case method == http.MethodGet:
		return s.answerJob(x, http.StatusOK, found, now)
	case method == http.MethodDelete && !results && of.paging == byJob:
		s.change(func(o *organisation) { delete(o.jobs, id) })

		return &reply{status: http.StatusNoContent}
	default:
		return x.refuseMethod(http.MethodGet)
	}
}

// submit makes a job.
func (s *Simulator) submit(x *exchange, of history, now time.Time) *reply {
	var given struct {
		Interval string `json:"interval"`
		Order    string `json:"order"`
		OrderBy  string `json:"orderBy"`
		Service  string `json:"serviceName"`
	}
	if err := decodeStrictly(io.LimitReader(x.request.Body, maxBodyBytes), &given); err != nil {
		return x.refuse(errBadRequest("The body cannot be read: " + err.Error()))
	}
	asked, refusal := readSpan(given.Interval, s.available(of, now))
	if refusal == nil && !slices.Contains([]string{"", "asc", "desc"}, given.Order) {
		refusal = errInvalidValue("order", "use asc or desc")
	}
	if refusal != nil {
		return x.refuse(refusal)
	}
	made := &job{newUUID(), of, asked, given.Interval, now, cmp.Or(x.fault.Job, jobFulfilled), given.Order == "desc"}
	s.change(func(o *organisation) { o.jobs[made.id] = made })
	if of.paging == byAuditQuery {
		return s.answerJob(x, http.StatusAccepted, made, now)
	}

	return x.object(http.StatusAccepted, member{"jobId", marshal(made.id)})
}

// answerJob says how far a job is.
func (s *Simulator) answerJob(x *exchange, status int, j *job, now time.Time) *reply {
	state := j.state(s.config, now)
	if j.of.paging == byAuditQuery {
		return x.object(status, member{"id", marshal(j.id)}, member{"state", marshal(j.of.word(state))},
			member{"startDate", marshal(j.submitted.UTC().Format(timeLayout))}, member{"interval", marshal(j.interval)})
	}
	at := func(after time.Duration) []byte { return marshal(j.submitted.Add(after).UTC().Format(timeLayout)) }
	members := []member{{"state", marshal(j.of.word(state))}, {"submissionDate", at(0)}}
	switch state {
	case jobFulfilled:
		members = append(members, member{"completionDate", at(s.config.JobTime)}, member{"expirationDate", at(s.config.JobTime + s.config.JobLife)})
	case jobFailed:
		members = append(members, member{"errorMessage", marshal("The job failed")})
	}

	return x.object(status, members...)
}

// object answers with one object, as a fault bends it.
func (x *exchange) object(status int, members ...member) *reply {
	p := page{members: members}
	p.bend(x.fault)

	return x.reply(status, "application/json", p.render())
}

// answerResults serves one page of a job's results.
func (s *Simulator) answerResults(x *exchange, j *job, now time.Time) *reply {
	if state := j.state(s.config, now); state != jobFulfilled {
		return x.refuse(errBadRequest("The job has no results: it is " + j.of.word(state)))
	}
	pages := Listing{
		Name: j.of.name, Path: x.request.URL.Path, Paging: j.of.paging, Most: j.of.most, member: j.of.member,
	}
	more := []member{{"dataAvailabilityDate", marshal(j.asked.available.Format(timeLayout))}}
	if j.of.paging == byAuditQuery {
		more = []member{{"id", marshal(j.id)}}
	}

	return s.answerPageOf(x, pages, x.request.URL.RawQuery, func(selection) source { return s.events(j.of, j.asked, j.backwards) }, more...)
}

// listHistory is the results of a job that is submitted now, or when data were available up to a given time.
func (s *Simulator) listHistory(of history, values url.Values) (source, *apiError) {
	available := s.available(of, time.Now())
	for name := range values {
		if name != "interval" && name != "available" {
			return source{}, errBadRequest(fmt.Sprintf("There is no query parameter %q", name))
		}
	}
	if values.Has("available") {
		at, err := time.Parse(time.RFC3339, values.Get("available"))
		if err != nil {
			return source{}, errInvalidValue("available", "use a time with a zone")
		}
		available = at
	}
	asked, refusal := readSpan(values.Get("interval"), available)
	if refusal != nil {
		return source{}, refusal
	}

	return s.events(of, asked, false), nil
}
