package genesyssim

import (
	"cmp"
	"io"
	"net/http"
	"strings"
	"time"
)

// jobStates are the states of a job, in the words of analytics and of audits. GONE is what a fault makes of one: nobody knows it.
func jobStates() map[string]string {
	return map[string]string{
		"QUEUED": "Queued", "PENDING": "Running", "FULFILLED": "Succeeded", "FAILED": "Failed", "CANCELLED": "Cancelled", "EXPIRED": gone, gone: gone,
	}
}

const gone = "GONE"

// histories are what happened in an interval. They are asked for by a job: submit, poll, results. Entities is how many there are a
// day, of user-status how many there are in each interval.
func histories() []Listing {
	const most = 10_000
	details := func(what string) string { return "/api/v2/analytics/" + what + "/details/jobs" }

	return []Listing{
		{
			Name: "conversations", Path: details("conversations"), Paging: byJob, Permission: "analytics:conversationDetail:view",
			Entities: 3000, Most: most, member: "conversations", longest: 30 * time.Hour,
		},
		{
			Name: userStatus, Path: details("users"), Paging: byJob, Permission: "analytics:userDetail:view",
			Entities: 200, Most: most, member: "userDetails",
		},
		{Name: "audits", Path: "/api/v2/audits/query", Paging: byAuditQuery, Permission: "audits:audit:view", Entities: 500, Most: 500},
	}
}

// userStatus has one entity of each user, whatever the interval.
const userStatus = "user-status"

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
func (s *Simulator) available(of Listing, now time.Time) time.Time {
	switch {
	case of.Paging == byAuditQuery:
		return now.UTC()
	case !s.config.AvailableUntil.IsZero():
		return s.config.AvailableUntil.UTC()
	default:
		return now.Add(-s.config.AvailabilityLag).UTC().Truncate(time.Millisecond)
	}
}

// job is one question about a history, and what becomes of it.
type job struct {
	id        string
	of        Listing
	asked     span
	interval  string
	submitted time.Time
	end       string // the state that it ends in
}

// state is the job's state at a time.
func (j *job) state(config Config, now time.Time) string {
	state := j.end
	switch age := now.Sub(j.submitted); {
	case age < config.JobTime/3:
		state = "QUEUED"
	case age < config.JobTime:
		state = "PENDING"
	case j.end != gone && age >= config.JobTime+jobLife:
		state = "EXPIRED"
	}
	if j.of.Paging == byAuditQuery {
		return jobStates()[state]
	}

	return state
}

// jobPath is a path with {id} in place of a job's id.
func jobPath(path string) string {
	for _, of := range histories() {
		if rest, found := strings.CutPrefix(path, of.Path+"/"); found && rest != "availability" {
			_, deeper, _ := strings.Cut(rest, "/")
			return strings.TrimSuffix(of.Path+"/{id}/"+deeper, "/")
		}
	}

	return path
}

// answerHistory serves everything below a history's path.
func (s *Simulator) answerHistory(x *exchange, of Listing) *reply {
	now, method := time.Now(), x.request.Method
	rest := strings.TrimPrefix(x.request.URL.Path, of.Path)
	switch {
	case rest == "" && method == http.MethodPost:
		return s.submit(x, of, now)
	case rest == "":
		return x.refuseMethod(http.MethodPost)
	case rest == "/availability" && of.Paging == byJob:
		return x.object(http.StatusOK, newMember("dataAvailabilityDate", s.available(of, now).Format(timeLayout)))
	}
	id, results := strings.CutSuffix(strings.TrimPrefix(rest, "/"), "/results")
	var found *job
	s.change(func(o *organisation) { found = o.jobs[id] })
	if found == nil || found.of.Name != of.Name || found.state(s.config, now) == gone {
		return x.refuse(newError(http.StatusNotFound, "not.found", "There is no such job"))
	}
	switch {
	case method == http.MethodGet && results:
		return s.answerResults(x, found, now)
	case method == http.MethodGet:
		return s.answerJob(x, http.StatusOK, found, now)
	case method == http.MethodDelete && !results && of.Paging == byJob:
		s.change(func(o *organisation) { delete(o.jobs, id) })
		return &reply{status: http.StatusNoContent}
	default:
		return x.refuseMethod(http.MethodGet)
	}
}

// submit makes a job.
func (s *Simulator) submit(x *exchange, of Listing, now time.Time) *reply {
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
	if refusal == nil && (cmp.Or(given.Order, "asc") != "asc" || cmp.Or(given.OrderBy, "conversationStart") != "conversationStart") {
		refusal = errInvalidValue("order", "only asc by conversationStart is simulated")
	}
	if refusal != nil {
		return x.refuse(refusal)
	}
	made := &job{newUUID(), of, asked, given.Interval, now, cmp.Or(x.fault.Job, "FULFILLED")}
	s.change(func(o *organisation) { o.jobs[made.id] = made })
	if of.Paging == byAuditQuery {
		return s.answerJob(x, http.StatusAccepted, made, now)
	}

	return x.object(http.StatusAccepted, newMember("jobId", made.id))
}

// answerJob says how far a job is.
func (s *Simulator) answerJob(x *exchange, status int, j *job, now time.Time) *reply {
	state := j.state(s.config, now)
	after := func(d time.Duration) string { return j.submitted.Add(d).UTC().Format(timeLayout) }
	if j.of.Paging == byAuditQuery {
		return x.object(status, newMember("id", j.id), newMember("state", state),
			newMember("startDate", after(0)), newMember("interval", j.interval))
	}
	members := []member{newMember("state", state), newMember("submissionDate", after(0))}
	switch state {
	case "FULFILLED":
		members = append(members, newMember("completionDate", after(s.config.JobTime)),
			newMember("expirationDate", after(s.config.JobTime+jobLife)))
	case "FAILED":
		members = append(members, newMember("errorMessage", "The job failed"))
	}

	return x.object(status, members...)
}

// object answers with an object, as a fault bends it.
func (x *exchange) object(status int, members ...member) *reply {
	p := &page{members: members}
	p.bend(x.fault)

	return x.reply(status, p.render())
}

// answerResults serves one page of a job's results.
func (s *Simulator) answerResults(x *exchange, j *job, now time.Time) *reply {
	if state := j.state(s.config, now); state != "FULFILLED" && state != "Succeeded" {
		return x.refuse(errBadRequest("The job has no results: it is " + state))
	}
	pages := j.of
	pages.Path = x.request.URL.Path
	more := newMember("dataAvailabilityDate", j.asked.available.Format(timeLayout))
	if j.of.Paging == byAuditQuery {
		more = newMember("id", j.id)
	}

	return s.answerPageOf(x, pages, x.request.URL.RawQuery, func(selection) source { return s.events(j.of, j.asked) }, more)
}
