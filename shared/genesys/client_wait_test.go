package genesys_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/retry"
)

func TestRetryAfterIsHandedOnAsTheServerMeansIt(t *testing.T) {
	t.Parallel()

	const now, fast = "Sat, 01 Jan 2000 00:00:00 GMT", "Sat, 01 Jan 2000 00:10:00 GMT"

	type row struct {
		status    int
		header    string
		date, age string // the server's own clock, and the time that a cache has kept the reply
		throttled bool
		after     time.Duration
	}

	const (
		inTen  = "Sat, 01 Jan 2000 00:00:10 GMT"
		minute = "Fri, 31 Dec 1999 23:59:00 GMT" // ago
	)

	eachInBubble(t, map[string]row{
		"seconds":                       {429, "22", now, "", true, 22 * time.Second},
		"the longest of several":        {429, "2|45.7|7", now, "", true, 46 * time.Second},
		"none":                          {429, "", now, "", true, 0},
		"garbage":                       {429, "soon", now, "", true, 0},
		"a date":                        {429, inTen, now, "", true, 10 * time.Second},
		"a date of a server that is on": {429, "Sat, 01 Jan 2000 00:10:10 GMT", fast, "", true, 10 * time.Second},
		"a date without a clock":        {429, inTen, "", "", true, 10 * time.Second},
		"a date by a wrong clock":       {429, inTen, "yesterday", "", true, 10 * time.Second},
		"a date by a clock of 1970":     {429, inTen, "Thu, 01 Jan 1970 00:00:00 GMT", "", true, 10 * time.Second},
		"a date by a clock of 2099":     {429, inTen, "Thu, 01 Jan 2099 00:00:00 GMT", "", true, 10 * time.Second},
		"a date by one two hours late":  {429, inTen, "Fri, 31 Dec 1999 22:00:00 GMT", "", true, 10 * time.Second},
		"a date kept for a minute":      {429, inTen, minute, "60", true, 10 * time.Second},
		"a date kept for two hours":     {429, inTen, minute, "7200", true, 10 * time.Second},
		"a date of an age that is none": {429, inTen, minute, "soon", true, 10 * time.Second},
		"a date that was not kept":      {429, inTen, minute, "0", true, 70 * time.Second},
		"a date without a cache":        {429, inTen, minute, "", true, 70 * time.Second},
		"a 202 with a wait":             {202, "7", now, "", false, 7 * time.Second},
		"a 503 with a wait":             {503, "7", now, "", false, 7 * time.Second},
		"a 500 without one":             {500, "", now, "", false, 0},
		"a 408 with a wait":             {408, "1", now, "", false, time.Second},
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Retry-After"] = strings.Split(row.header, "|")
			answer(row.status, errorBody(row.status, ""), "Date", row.date, "Age", row.age)(w, r)
		})

		failed, ok := errors.AsType[*retry.TransientError](f.fetch(query(), ""))
		if !ok {
			t.Fatal("got no transient error")
		}

		want := retry.TransientError{Err: failed.Err, Throttled: row.throttled, After: row.after}
		if *failed != want {
			t.Errorf("got %+v, want %+v", *failed, want)
		}
	})
}

func TestOnlyA429TeachesARateLimit(t *testing.T) {
	t.Parallel()

	limit := func(key, value string) string {
		return `{"code":"too.many.requests.retry.after","limit":{"key":"` + key + `","namespace":"directory","value":` + value + `}}`
	}
	const perMinute = "user.rate.per.minute"

	type row struct {
		status int
		body   string
		want   int
	}

	each(t, map[string]row{
		"a 429":                            {429, limit(perMinute, "180"), 180},
		"a 429 of the least":               {429, limit(perMinute, "10"), 10},
		"a 429 of less than the least":     {429, limit(perMinute, "1"), 10},
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
	}, func(t *testing.T, row row) {
		f := serveFake(t, listingBase, answer(row.status, row.body, "Inin-Ratelimit-Allowed", "1"))

		_ = f.fetch(query(), "")
		if f.page.Limit != row.want {
			t.Errorf("learned %d, want %d", f.page.Limit, row.want)
		}
	})
}
