package genesys_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"
	"genesys-cloud-export/shared/genesys"
)

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

			id, _, err := f.jobs(genesys.Histories()[0], oneDay).Submit(t.Context(), 0)
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

		_, _, first := jobs.Poll(t.Context(), "a")
		_, _, second := jobs.Poll(t.Context(), "a")

		requireFailure(t, first, failure.TokenUnavailable, true, "invoke again later")
		requireFailure(t, second, failure.TokenUnavailable, false, "twice")
	})
}
