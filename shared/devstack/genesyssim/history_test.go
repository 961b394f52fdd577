package genesyssim_test

import (
	"encoding/json"
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

// results follows the cursors of a job's results to their end.
func (s *sim) results(token, job, array, size string) string {
	s.t.Helper()
	var all strings.Builder
	for cursor := ""; ; {
		page := s.ask(token, "GET "+job+"/results?pageSize="+size+cursor)
		if page.status != 200 {
			s.t.Fatalf("a page of results is answered %d: %s", page.status, page.body)
		}
		for _, entity := range member[[]json.RawMessage](s.t, page.body, array) {
			all.WriteString(string(entity) + "\n")
		}
		next := member[string](s.t, page.body, "cursor")
		if next == "" {
			return all.String()
		}
		cursor = "&cursor=" + next
	}
}

func TestAJobsResultsAreWhatTheHistoryHasOfItsInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // it is midnight, the first of January 2000
		s := start(t, genesyssim.Config{AvailabilityLag: 24 * time.Hour})
		token := s.token()
		const day = "1999-12-29T00:00:00Z/1999-12-30T00:00:00Z"
		for name, test := range map[string]struct {
			path, array string
			least, most int
		}{
			"conversations": {callJobs, "conversations", 3000, 3060},
			"user-status":   {userJobs, "userDetails", 200, 200},
			"audits":        {auditJobs, "entities", 499, 500},
		} {
			got := s.results(token, s.submit(token, test.path, day), test.array, "1000")
			if diff := cmp.Diff(s.ownList(name, day), got); diff != "" {
				t.Errorf("%s (-own list +got):\n%.2000s", name, diff)
			}
			if count := strings.Count(got, "\n"); count < test.least || count > test.most {
				t.Errorf("%s has %d events a day, want %d to %d", name, count, test.least, test.most)
			}
		}
	})
}
