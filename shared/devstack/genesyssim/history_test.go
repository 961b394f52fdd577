package genesyssim_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

const (
	callJobs  = "/api/v2/analytics/conversations/details/jobs"
	userJobs  = "/api/v2/analytics/users/details/jobs"
	auditJobs = "/api/v2/audits/query"

	day = "1999-12-29T00:00:00Z/1999-12-30T00:00:00Z"
)

// submit submits a job for an interval and returns its path.
func (s *sim) submit(token, path, interval string) string {
	s.t.Helper()
	got := s.ask(token, "POST "+path+` {"interval":"`+interval+`"}`)
	id := member[string](s.t, got.body, "jobId") + member[string](s.t, got.body, "id")
	if got.status != 202 || id == "" {
		s.t.Fatalf("the submit to %s is answered %d: %s", path, got.status, got.body)
	}

	return path + "/" + id
}

func TestAJobsResultsAreWhatTheHistoryHasOfItsInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // it is midnight, the first of January 2000
		s := start(t, genesyssim.Config{AvailabilityLag: 24 * time.Hour, Sizes: map[string]int{"conversations": 600}})
		token := s.token()
		for name, test := range map[string]struct {
			path        string
			least, most int
		}{
			"conversations": {callJobs, 599, 620},
			"user-status":   {userJobs, 200, 200},
			"audits":        {auditJobs, 499, 500},
		} {
			got := lines(t, s.pages(token, "GET "+s.submit(token, test.path, day)+"/results?pageSize=500")...)
			if diff := cmp.Diff(s.ownList(name+"?interval="+day), got); diff != "" {
				t.Errorf("%s (-own list +got):\n%.2000s", name, diff)
			}
			if count := strings.Count(got, "\n"); count < test.least || count > test.most {
				t.Errorf("%s has %d events a day, want %d to %d", name, count, test.least, test.most)
			}
		}
	})
}

func TestAConversationThatSpansMidnightIsInBothDaysAndChangesUntilItHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, genesyssim.Config{AvailabilityLag: 24 * time.Hour, Sizes: map[string]int{"conversations": 300}})
		read := func(interval string) map[string]string { // from id to end
			found := map[string]string{}
			for line := range strings.Lines(s.ownList("conversations?interval=" + interval)) {
				found[member[string](t, line, "conversationId")] = member[string](t, line, "conversationEnd")
			}

			return found
		}
		const next = "1999-12-30T00:00:00Z/1999-12-31T00:00:00Z"
		one, other := read(day), read(next)
		both := 0
		for id, end := range one {
			if _, spans := other[id]; spans {
				both++
			} else if end > "1999-12-30" && end < "1999-12-31" {
				t.Errorf("%s ends at %s and is not in that day", id, end)
			}
		}
		open := func(found map[string]string) (count int) {
			for _, end := range found {
				if end == "" {
					count++
				}
			}

			return count
		}
		unfinished, early := open(other), open(read("1999-12-30T00:00:00Z/1999-12-31T12:00:00Z"))
		time.Sleep(36 * time.Hour)
		if later := open(read(next)); both == 0 || unfinished == 0 || early != unfinished || later != 0 {
			t.Errorf("%d in both days, %d have not ended when data stop, %d with data asked beyond that, and %d a day and a half later", both, unfinished, early, later)
		}
	})
}

func TestAJobTakesItsTimeAndEndsAsConfigured(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for name, test := range map[string]struct {
		path, fault string
		want        []string // after 0, 8, 23 and 47 hours
	}{
		"good":           {callJobs, "", []string{"QUEUED 400", "PENDING 400", "FULFILLED 200", "EXPIRED 400"}},
		"a user's":       {userJobs, "", []string{"QUEUED 400", "PENDING 400", "FULFILLED 200", "EXPIRED 400"}},
		"an audit query": {auditJobs, "", []string{"Queued 400", "Running 400", "Succeeded 200", " 404"}},
		"failed":         {callJobs, "FAILED", []string{"QUEUED 400", "PENDING 400", "FAILED 400", "EXPIRED 400"}},
		"a failed audit": {auditJobs, "FAILED", []string{"Queued 400", "Running 400", "Failed 400", " 404"}},
		"cancelled":      {userJobs, "CANCELLED", []string{"QUEUED 400", "PENDING 400", "CANCELLED 400", "EXPIRED 400"}},
		"expired":        {callJobs, "EXPIRED", []string{"QUEUED 400", "PENDING 400", "EXPIRED 400", "EXPIRED 400"}},
		"gone":           {callJobs, "GONE", []string{"QUEUED 400", "PENDING 400", " 404", " 404"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			config := genesyssim.Config{JobTime: 23 * hour, AvailabilityLag: hour, TokenLifetime: 48 * hour}
			if test.fault != "" {
				config.Faults = []genesyssim.Fault{{Path: test.path, Method: "POST", Job: test.fault}}
			}
			s := start(t, config)
			token := s.token()
			job := s.submit(token, test.path, day)
			var got []string
			for _, wait := range []time.Duration{0, 8 * hour, 15 * hour, 24 * hour} {
				time.Sleep(wait)
				got = append(got, fmt.Sprint(member[string](t, s.ask(token, "GET "+job).body, "state"), " ", s.status(token, "GET "+job+"/results")))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s: states, and what the results are answered (-want +got):\n%s", name, diff)
			}
		})
	}
}

func TestADeletedJobIsForgotten(t *testing.T) {
	t.Parallel()
	s := start(t, genesyssim.Config{})
	token := s.token()
	job, audit := s.submit(token, callJobs, day), s.submit(token, auditJobs, day)
	got := []int{
		s.status(token, "GET "+job), s.status(token, "GET "+strings.Replace(job, "conversations", "users", 1)), s.status(token, "DELETE "+job),
		s.status(token, "GET "+job), s.status(token, "DELETE "+job), s.status(token, "DELETE "+audit), s.status(token, "PUT "+audit),
	}
	deletes := s.Stats().Requests["DELETE "+callJobs+"/{id}"]
	if want := []int{200, 404, 204, 404, 404, 405, 405}; !cmp.Equal(got, want) || deletes != 2 {
		t.Errorf("polls, deletes, and what there is not are answered %d, want %d; %d deletes are counted, want 2", got, want, deletes)
	}
}

func TestCursorsOfScansAndResultsDie(t *testing.T) {
	t.Parallel()
	for given, life := range map[time.Duration]time.Duration{0: 24 * time.Hour, 9 * time.Hour: 9 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, genesyssim.Config{
				AvailabilityLag: time.Hour, TokenLifetime: 48 * time.Hour, CursorLife: given, Users: 100, Sizes: map[string]int{"conversations": 1200},
			})
			token := s.token()
			job := s.submit(token, callJobs, day)
			scan, result := s.ask(token, "GET /api/v2/externalcontacts/scan/contacts").body, s.ask(token, "GET "+job+"/results").body
			asked := []string{
				"GET " + member[string](t, scan, "nextUri"), "GET " + job + "/results?cursor=" + member[string](t, result, "cursor"),
				"GET " + member[string](t, s.ask(token, usersQuery).body, "nextUri"),
			}
			var got []int
			for range 2 {
				time.Sleep(life - time.Second)
				for _, what := range asked {
					got = append(got, s.status(token, what))
				}
			}
			if diff := cmp.Diff([]int{200, 200, 200, 400, 400, 200}, got); diff != "" {
				t.Errorf("cursors of a scan, of results and of users, before and after their life (-want +got):\n%s", diff)
			}
		})
	}
}
