package exporter_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	gocmp "github.com/google/go-cmp/cmp"
)

const (
	watermarkKey = "exports/_state/conversations/watermark.json"
	// watermark is the document, for its schema, environment, time and export.
	watermark = `{
  "schema_version": %d,
  "environment": %q,
  "through": %q,
  "export_id": %q
}
`
	userStatus = "/api/v2/analytics/users/details/jobs"
)

func TestSinceLastBeginsAtTheWatermarkLessTheLookBackAndEndsWhereDataDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories(40*time.Second))
		export := func(id, options string) (interval string, result export.Result) {
			t.Helper()

			result, _ = w.finish(w.history(), fmt.Sprintf(`{"export_id":%q,"listing":"conversations","since_last":true%s}`, id, options))

			var query struct {
				Interval string `json:"interval"`
			}
			if err := json.Unmarshal(w.manifest(result).Query.Canonical, &query); err != nil {
				t.Fatal(err)
			}

			return query.Interval, result
		}
		wantWatermark := func(through, id string) {
			t.Helper()

			if diff := gocmp.Diff(fmt.Sprintf(watermark, 1, genesysHost, through, id), string(w.object(watermarkKey))); diff != "" {
				t.Errorf("the watermark (-want +got):\n%s", diff)
			}
		}

		w.until(`{"listing":"conversations","since_last":true}`, 0) // what is to be sent the first time is shown in genesys

		// The bubble's clock began a minute before 0:01, and data lag by six hours.
		interval, first := export("first", `,"start":"1999-12-30T12:00:00Z"`)
		if interval != "1999-12-30T12:00:00Z/1999-12-31T18:01:00Z" {
			t.Errorf("the first export is of %s", interval)
		}

		w.wantWindows("conversations", first, "1999-12-30T12:00:00Z/1999-12-31T00:00:00Z", "1999-12-31T00:00:00Z/1999-12-31T18:01:00Z")
		wantWatermark("1999-12-31T18:01:00Z", "first")

		time.Sleep(24 * time.Hour)
		w.storeToken()
		began := time.Now().Add(-6 * time.Hour).UTC().Format("2006-01-02T15:04:05.999Z")

		if interval, _ := export("second", `,"look_back_hours":2`); interval != "1999-12-31T16:01:00Z/"+began {
			t.Errorf("the second export is of %s, and began at %s less six hours", interval, began)
		}

		wantWatermark(began, "second")

		if again, _ := export("first", ""); again != interval {
			t.Errorf("the first export, asked for again, is of %s", again)
		}

		wantWatermark(began, "second")
	})
}

func TestNothingNewIsCompleteWithoutAJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		organisation := histories(40 * time.Second)
		organisation.AvailableUntil = time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)
		w := newWorld(t, organisation)
		h := w.history()

		w.finish(h, `{"export_id":"e1","listing":"user-status","since_last":true,"start":"1999-12-30T00:00:00Z"}`)
		submits := w.requests(http.MethodPost, userStatus)

		result, invocations := w.finish(h, `{"export_id":"e2","listing":"user-status","since_last":true}`)
		if result.Records != 0 || result.Reason != export.ReasonEnd || invocations != 1 || len(w.manifest(result).Parts) != 0 {
			t.Errorf("after %d invocations got %+v, want an empty export", invocations, result)
		}

		if got := w.requests(http.MethodPost, userStatus); got != submits {
			t.Errorf("%d jobs were submitted", got-submits)
		}
	})
}

func TestAWatermarkThatCannotBeMeantIsRefusedByName(t *testing.T) {
	t.Parallel()

	for name, stored := range map[string]string{
		"that of the environment mypurecloud.de": fmt.Sprintf(watermark, 1, "mypurecloud.de", "1999-12-30T00:00:00Z", "e0"),
		"is none that this":                      `null`,
		"lies past what is":                      fmt.Sprintf(watermark, 1, genesysHost, "1999-12-31T23:00:00Z", "e0"),
		"by newer code":                          fmt.Sprintf(watermark, 2, genesysHost, "1999-12-30T00:00:00Z", "e0"),
		"none that this code":                    `{"schema_version":1}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, histories(40*time.Second))
			w.put(watermarkKey, stored)

			_, err := w.send(w.history(), time.Minute, `{"listing":"conversations","since_last":true}`)
			if failed := reported(t, err); failed.Type != string(failure.InvalidInput) ||
				!strings.Contains(failed.Message, "s3://exports/"+watermarkKey) || !strings.Contains(failed.Message, name) {
				t.Errorf("%s: got %s: %s", name, failed.Type, failed.Message)
			}
		})
	}
}

func TestTwoExportsSinceTheLastAtOnceOverlapAndTheWatermarkNeverMovesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, histories(40*time.Second))
		h := w.history()

		const payload = `{"export_id":%q,"listing":"conversations","since_last":true,"start":"1999-12-31T00:00:00Z"}`

		if older := w.invoke(h, 5*time.Minute, fmt.Sprintf(payload, "older")); older.Reason != export.ReasonPending {
			t.Fatalf("got %+v", older)
		}

		time.Sleep(time.Hour)

		newer, _ := w.finish(h, fmt.Sprintf(payload, "newer"))
		through := w.object(watermarkKey)
		older, _ := w.finish(h, fmt.Sprintf(payload, "older"))

		if older.Records == 0 || newer.Records < older.Records {
			t.Errorf("%d and %d records", older.Records, newer.Records)
		}

		if diff := gocmp.Diff(string(through), string(w.object(watermarkKey))); diff != "" {
			t.Errorf("the watermark (-newer +older):\n%s", diff)
		}
	})
}
