package genesys_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"genesys-cloud-export/shared/retry"
)

func TestRetryAfterIsHandedOnAsTheServerMeansIt(t *testing.T) {
	t.Parallel()

	// In a bubble the time is 2000-01-01T00:00:00Z, and the server's clock is ours where it sends no other.
	const fast = "Sat, 01 Jan 2000 00:10:00 GMT"

	for name, test := range map[string]struct {
		status    int
		header    string
		date      string // the server's own clock
		throttled bool
		told      bool
		after     time.Duration
	}{
		"seconds":                       {429, "22", "", true, true, 22 * time.Second},
		"a day":                         {429, "86400", "", true, true, 24 * time.Hour},
		"none":                          {429, "", "", true, false, 0},
		"garbage":                       {429, "soon", "", true, false, 0},
		"zero":                          {429, "0", "", true, true, 0},
		"a date":                        {429, "Sat, 01 Jan 2000 00:00:10 GMT", "", true, true, 10 * time.Second},
		"a date in the past":            {429, "Fri, 31 Dec 1999 23:59:00 GMT", "", true, true, 0},
		"a date of a server that is on": {429, "Sat, 01 Jan 2000 00:10:10 GMT", fast, true, true, 10 * time.Second},
		"seconds of one that is on":     {429, "5", fast, true, true, 5 * time.Second},
		"a date without a clock":        {429, "Sat, 01 Jan 2000 00:00:10 GMT", "none", true, true, 10 * time.Second},
		"a date by a wrong clock":       {429, "Sat, 01 Jan 2000 00:00:10 GMT", "yesterday", true, true, 10 * time.Second},
		"a fraction":                    {429, "2.5", "", true, true, 3 * time.Second},
		"a year":                        {429, "31536000", "", true, true, 24 * time.Hour},
		"a date in 2099":                {429, "Thu, 01 Jan 2099 00:00:00 GMT", "", true, true, 24 * time.Hour},
		"a date by a clock of 1970":     {429, "Sat, 01 Jan 2000 00:00:10 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", true, true, 10 * time.Second},
		"a date by a clock of 2099":     {429, "Sat, 01 Jan 2000 00:00:10 GMT", "Thu, 01 Jan 2099 00:00:00 GMT", true, true, 10 * time.Second},
		"a date by one two hours late":  {429, "Sat, 01 Jan 2000 00:00:10 GMT", "Fri, 31 Dec 1999 22:00:00 GMT", true, true, 10 * time.Second},
		"a 202 that tells":              {202, "7", "", false, true, 7 * time.Second},
		"a 503 that tells":              {503, "7", "", false, true, 7 * time.Second},
		"a 500 that does not":           {500, "", "", false, false, 0},
		"a 408 that tells":              {408, "1", "", false, true, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) {
					if test.header != "" {
						w.Header().Set("Retry-After", test.header)
					}
					switch test.date {
					case "":
					case "none":
						w.Header()["Date"] = nil
					default:
						w.Header().Set("Date", test.date)
					}
					answer(test.status, errorBody(test.status, ""))(w, r)
				})

				err := f.fetch(query(), "")
				failed, ok := errors.AsType[*retry.TransientError](err)
				if !ok {
					t.Fatalf("got %v, want a transient error", err)
				}
				if failed.Throttled != test.throttled || failed.Told != test.told || failed.After != test.after {
					t.Errorf("got throttled %v, told %v, after %s, want %v, %v, %s",
						failed.Throttled, failed.Told, failed.After, test.throttled, test.told, test.after)
				}
			})
		})
	}
}

func TestARetryAfterOutOfACacheCountsByOurOwnClock(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		age  string
		want time.Duration
	}{
		"kept for a minute":   {"60", 10 * time.Second},
		"kept for two hours":  {"7200", 10 * time.Second},
		"an age that is none": {"soon", 10 * time.Second},
		"not kept":            {"0", 70 * time.Second},
		"no cache on the way": {"", 70 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Retry-After", "Sat, 01 Jan 2000 00:00:10 GMT")
					w.Header().Set("Date", "Fri, 31 Dec 1999 23:59:00 GMT")
					if test.age != "" {
						w.Header().Set("Age", test.age)
					}
					answer(429, errorBody(429, ""))(w, r)
				})

				failed, ok := errors.AsType[*retry.TransientError](f.fetch(query(), ""))
				if !ok || failed.After != test.want {
					t.Errorf("got %+v, want a wait of %s", failed, test.want)
				}
			})
		})
	}
}

func TestTheLongestOfSeveralRetryAfterHeadersIsHandedOn(t *testing.T) {
	t.Parallel()

	f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Retry-After"] = []string{"2", "45.7", "7"}
		answer(429, errorBody(429, ""))(w, r)
	})

	failed, ok := errors.AsType[*retry.TransientError](f.fetch(query(), ""))
	if !ok || failed.After != 46*time.Second {
		t.Errorf("got %+v, want a wait of 46s", failed)
	}
}

func TestOnlyA429TeachesARateLimit(t *testing.T) {
	t.Parallel()

	limit := func(key, value string) string {
		return `{"code":"too.many.requests.retry.after","limit":{"key":"` + key + `","namespace":"directory","value":` + value + `}}`
	}
	const perMinute = "user.rate.per.minute"

	for name, test := range map[string]struct {
		status int
		body   string
		want   int
	}{
		"a 429":                            {429, limit(perMinute, "180"), 180},
		"a 429 of the least":               {429, limit(perMinute, "10"), 10},
		"a 429 of less than the least":     {429, limit(perMinute, "1"), 10},
		"a fraction":                       {429, limit(perMinute, "0.5"), 10},
		"a 429 of more than any":           {429, limit(perMinute, "1e300"), 1 << 30},
		"a 429 of none":                    {429, limit(perMinute, "0"), 0},
		"a 429 below none":                 {429, limit(perMinute, "-180"), 0},
		"a 429 of a text":                  {429, limit(perMinute, `"180"`), 0},
		"a limit of a day":                 {429, limit("user.rate.per.day", "180"), 0},
		"a 429 without a limit":            {429, errorBody(429, ""), 0},
		"a limit that is no object":        {429, `{"code":"x","limit":180}`, 0},
		"a 503 with a limit":               {503, limit(perMinute, "180"), 0},
		"a page":                           {200, twoUsers, 0},
		"a 429 that only headers speak of": {429, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Inin-Ratelimit-Allowed", "1")
				answer(test.status, test.body)(w, r)
			})

			_ = f.fetch(query(), "")
			if f.page.Limit != test.want {
				t.Errorf("learned %d, want %d", f.page.Limit, test.want)
			}
		})
	}
}
