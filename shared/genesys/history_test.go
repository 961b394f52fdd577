package genesys_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

func TestWhatOfAHistoryIsAskedForIsSentOnceAndOtherwiseSaysWhatToSend(t *testing.T) {
	t.Parallel()

	const available = `{"dataAvailabilityDate":"1999-12-31T18:00:00.5Z"}`

	for options, want := range map[string]struct {
		through string // the watermark
		says    string // what the failure says; "": that it is the interval
		query   string
	}{
		`{"interval":"1999-12-01T00:00:00Z/1999-12-31T18:00:00.5Z"}`:                              {query: `"interval":"1999-12-01T00:00:00Z/1999-12-31T18:00:00.5Z"`},
		`{"interval":"1999-12-01T02:00:00+02:00/1999-12-02T00:00:00Z"}`:                           {query: `"interval":"1999-12-01T00:00:00Z/1999-12-02T00:00:00Z"`},
		`{"interval":"1999-12-02T00:00:00Z/1999-12-01T00:00:00Z"}`:                                {says: "interval must be a string: two times"},
		`{"interval":"1999-12-01T00:00:00Z/1999-12-01T00:00:00Z"}`:                                {says: "interval is empty"},
		`{"interval":"1998-12-01T00:00:00Z/1999-12-31T00:00:00Z"}`:                                {says: "interval is longer than a year"},
		`{"interval":"1999-12-01T00:00:00/1999-12-02T00:00:00"}`:                                  {says: "with their zone"},
		`{"interval":"1999-12-01/1999-12-02"}`:                                                    {says: "interval must be"},
		`{"interval":7}`:                                                                          {says: "interval must be"},
		`{"interval":"1999-12-31T00:00:00Z/1999-12-31T18:00:00.501Z"}`:                            {says: "interval ends after 1999-12-31T18:00:00.5Z"},
		`{"interval":"1999-12-31T00:00:00Z/2000-03-01T00:00:00Z"}`:                                {says: "interval ends after 1999-12-31T18:00:00.5Z"},
		`{"interval":"1999-12-01T00:00:00Z/1999-12-02T00:00:00Z","start":"1999-12-01T00:00:00Z"}`: {says: "interval stands beside"},
		`{"interval":"1999-12-01T00:00:00Z/1999-12-02T00:00:00Z","since_last":true}`:              {says: "interval stands beside"},
		`{"interval":"1999-12-01T00:00:00Z/1999-12-02T00:00:00Z","look_back_hours":3}`:            {says: "interval stands beside"},
		`{}`:                                 {says: "interval is missing"},
		`{"since_last":false}`:               {says: "interval is missing"},
		`{"start":"1999-12-01T00:00:00Z"}`:   {says: "belong to since_last"},
		`{"look_back_hours":3}`:              {says: "belong to since_last"},
		`{"since_last":"yes"}`:               {says: "since_last must be true or false"},
		`{"since_last":null}`:                {says: "since_last must be true or false"},
		`{"since_last":true}`:                {says: "send start too the first time"},
		`{"since_last":true,"start":"1999"}`: {says: "start must be a string"},
		`{"since_last":true,"start":"1999-12-31T19:00:00Z"}`: {says: "start lies after 1999-12-31T18:00:00.5Z"},
		`{"since_last":true,"look_back_hours":0}`:            {says: "look_back_hours must be a whole number of hours"},
		`{"since_last":true,"look_back_hours":1.5}`:          {says: "look_back_hours must be a whole number of hours"},
		`{"since_last":true,"start":"1999-12-30T00:00:00Z"}`: {
			query: `"interval":"1999-12-30T00:00:00Z/1999-12-31T18:00:00.5Z","since_last":true,"start":"1999-12-30T00:00:00Z","look_back_hours":24`,
		},
		`{"since_last":true,"start":"1999-12-30T00:00:00Z","look_back_hours":2}`: {
			through: "1999-12-31T12:00:00Z",
			query:   `"interval":"1999-12-31T10:00:00Z/1999-12-31T18:00:00.5Z","since_last":true,"start":"1999-12-30T00:00:00Z","look_back_hours":2`,
		},
		`{"since_last":true,"start":"1997-12-30T00:00:00Z"}`: { // however long ago
			query: `"interval":"1997-12-30T00:00:00Z/1999-12-31T18:00:00.5Z","since_last":true,"start":"1997-12-30T00:00:00Z","look_back_hours":24`,
		},
		`{"look_back_hours":1,"since_last":true}`: {
			through: "1999-12-31T18:00:00.5Z",
			query:   `"interval":"1999-12-31T18:00:00.5Z/1999-12-31T18:00:00.5Z","since_last":true,"look_back_hours":1`,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := serveFake(t, listingBase, answer(http.StatusOK, available))
			listing := genesys.NewListing(genesys.Histories()[0], f.Client)
			through, _ := time.Parse(time.RFC3339, want.through)

			pages, err := ask(t, listing, options)
			if err == nil {
				err = pages.(export.Jobs).Resolve(t.Context(), through)
			}

			if want.says != "" {
				requireFailure(t, err, failure.InvalidInput, false, want.says)
				return
			}

			if err != nil {
				t.Fatalf("%s: %v", options, err)
			}

			if got, want := string(pages.Query().Canonical), `{"page_size":100,`+want.query+`}`; got != want {
				t.Errorf("%s: the query is %s, want %s", options, got, want)
			}

			// What is stored is opened as it was.
			opened, err := listing.Open(pages.Query())
			if err != nil || string(opened.Query().Canonical) != string(pages.Query().Canonical) {
				t.Errorf("%s: opened as %v, %v", options, opened, err)
			}
		})
	}
}

func TestDataAreAvailableUpToNowAtTheLatestAndAuditsUntilAnHourAgo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for history, want := range map[int]time.Duration{0: 0, 2: -time.Hour} {
			f := serveFake(t, listingBase, answer(http.StatusOK, `{"dataAvailabilityDate":"2000-03-02T00:00:00Z"}`))

			jobs := f.jobs(genesys.Histories()[history], `{"since_last":true,"start":"1999-12-31T00:00:00Z"}`)
			if err := jobs.Resolve(t.Context(), time.Time{}); err != nil || !jobs.Through().Equal(time.Now().Add(want)) {
				t.Errorf("history %d: got data up to %s and %v, want up to %s before now", history, jobs.Through(), err, -want)
			}
		}
	})
}

func TestAnIntervalIsCutAtMidnight(t *testing.T) {
	t.Parallel()

	f := newFake(t, listingBase, &http.Client{})

	for interval, want := range map[string]int{
		"1999-12-01T00:00:00Z/1999-12-02T00:00:00Z": 1, "1999-12-01T00:00:00Z/1999-12-02T00:00:01Z": 2, "1999-12-01T23:59:59Z/1999-12-02T00:00:01Z": 2,
		"1999-12-01T10:00:00Z/1999-12-01T11:00:00Z": 1, "1999-12-01T10:00:00Z/1999-12-03T10:00:00Z": 3, "1998-12-31T00:00:00Z/1999-12-31T00:00:00Z": 365,
	} {
		if got := f.jobs(genesys.Histories()[0], `{"interval":"`+interval+`"}`).Windows(); got != want {
			t.Errorf("%s: %d windows, want %d", interval, got, want)
		}
	}
}

// oneDay are the options of a history of one day.
const oneDay = `{"interval":"1999-12-01T00:00:00Z/1999-12-02T00:00:00Z"}`

// jobs are what options ask of a history.
func (f *fakeAPI) jobs(history genesys.Definition, options string) export.Jobs {
	f.t.Helper()

	pages, err := ask(f.t, genesys.NewListing(history, f.Client), options)
	if err != nil {
		f.t.Fatal(err)
	}

	return pages.(export.Jobs)
}

func TestAJobIsSubmittedInTheAPIsFormAndItsIDIsWhatAPathMayHave(t *testing.T) {
	t.Parallel()

	for reply, valid := range map[string]bool{
		`{"jobId":"5f0c6d1e-1"}`: true, `{"id":"5f0c6d1e-1","state":"Queued"}`: true, `{"jobId":"../users"}`: false, `{"jobId":""}`: false, `{}`: false,
		`[]`: false, `{"jobId":"` + bearer(1) + `"}`: false, // no token in a checkpoint
	} {
		synctest.Test(t, func(t *testing.T) {
			f := serveFake(t, listingBase, answer(http.StatusAccepted, reply))

			id, err := f.jobs(genesys.Histories()[0], oneDay).Submit(t.Context(), 0)
			if valid && (err != nil || id != "5f0c6d1e-1") {
				t.Errorf("%s: %q, %v", reply, id, err)
			}

			if !valid {
				requireFailure(t, err, failure.UpstreamInvalid, true, "it is not the reply about a job")
			}

			want := `{"interval":"1999-12-01T00:00:00Z/1999-12-02T00:00:00Z","order":"asc","orderBy":"conversationStart"}`
			if got := f.seen()[0]; got.Method != http.MethodPost || got.body != want {
				t.Errorf("sent %s %s, want %s", got.Method, got.body, want)
			}
		})
	}
}

func TestASecondTokenThatIsRejectedInARowIsFinalForJobsToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := serveFake(t, listingBase, answer(http.StatusUnauthorized, errorBody(401, "bad.credentials")))
		jobs := f.jobs(genesys.Histories()[0], oneDay)

		_, first := jobs.Poll(t.Context(), "a")
		_, second := jobs.Poll(t.Context(), "a")

		requireFailure(t, first, failure.TokenUnavailable, true, "invoke again later")
		requireFailure(t, second, failure.TokenUnavailable, false, "twice")
	})
}
