package retry_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"genesys-cloud-export/shared/retry"

	"pgregory.net/rapid"
)

func serverNow() time.Time { return time.Date(2026, time.February, 28, 23, 59, 50, 0, time.UTC) }

func TestRetryAfterIsSecondsOrADateTheLongestOfThemAndNothingElse(t *testing.T) {
	t.Parallel()

	type wait struct {
		after time.Duration
		told  bool
	}

	const date, past = "Sun, 01 Mar 2026 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"

	for headers, want := range map[string]wait{ // several headers with | between them
		"0":                              {0, true},
		"7":                              {7 * time.Second, true},
		"007":                            {7 * time.Second, true},
		" 22\t":                          {22 * time.Second, true},
		"86400":                          {24 * time.Hour, true},
		"86399":                          {retry.Longest - time.Second, true},
		"86401":                          {retry.Longest, true},
		"99999999":                       {retry.Longest, true},
		"2.5":                            {3 * time.Second, true},
		"45.7":                           {46 * time.Second, true},
		"45.0":                           {45 * time.Second, true},
		"0.001":                          {time.Second, true},
		"2.00000000000000000000000001":   {3 * time.Second, true},
		"86399.5":                        {retry.Longest, true},
		"7, 8":                           {8 * time.Second, true},
		"8,7":                            {8 * time.Second, true},
		"soon, 7":                        {7 * time.Second, true},
		"Thu, 01 Jan 2099 00:00:00 GMT":  {retry.Longest, true},
		"9223372036854775807":            {retry.Longest, true},
		"9223372036854775808":            {retry.Longest, true},
		strings.Repeat("9", 100):         {retry.Longest, true},
		date:                             {10 * time.Second, true},
		"Sunday, 01-Mar-26 00:00:00 GMT": {10 * time.Second, true},
		"Sun Mar  1 00:00:00 2026":       {10 * time.Second, true},
		"Sat, 28 Feb 2026 23:59:50 GMT":  {0, true},
		"Sat, 28 Feb 2026 23:59:49 GMT":  {0, true},
		past:                             {0, true},
		"Fri, 31 Dec 9999 23:59:59 GMT":  {retry.Longest, true},
		"Sun, 30 Feb 2026 00:00:00 GMT":  {},
		"":                               {},
		"   ":                            {},
		"-1":                             {},
		"+7":                             {},
		"7.":                             {},
		".5":                             {},
		"7.5.3":                          {},
		"7s":                             {},
		"1e3":                            {},
		"0x7":                            {},
		"soon":                           {},
		"٧":                              {},
		"2026-03-01T00:00:00Z":           {},
		"8|7":                            {8 * time.Second, true},
		"7|8":                            {8 * time.Second, true},
		"7|" + date:                      {10 * time.Second, true},
		date + "|11":                     {11 * time.Second, true},
		"|soon|7|-9":                     {7 * time.Second, true},
		"|soon":                          {},
		past + "|0":                      {0, true},
	} {
		now := serverNow().Add(300 * time.Millisecond) // a date is rounded up to a whole second
		after, told := retry.ParseAfter(strings.Split(headers, "|"), now)
		if got := (wait{after, told}); got != want {
			t.Errorf("%q: got %v, want %v", headers, got, want)
		}
	}

	if after, told := retry.ParseAfter(nil, serverNow()); after != 0 || told {
		t.Errorf("no header: got %s, %v", after, told)
	}
}

func TestRetryAfterReadsWhatItMeansToSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-1<<32, math.MaxInt32).Draw(t, "seconds")
		want := min(max(time.Duration(seconds)*time.Second, 0), retry.Longest)

		date := serverNow().Add(time.Duration(seconds) * time.Second)
		if after, told := retry.ParseAfter([]string{date.Format("Mon, 02 Jan 2006 15:04:05 GMT")}, serverNow()); !told || after != want {
			t.Fatalf("a date %d s from now: got %s, %v, want %s", seconds, after, told, want)
		}

		after, told := retry.ParseAfter([]string{strconv.FormatInt(seconds, 10)}, serverNow())
		if told != (seconds >= 0) || told && after != want {
			t.Fatalf("%d seconds: got %s, %v, want %s", seconds, after, told, want)
		}
	})
}

func FuzzParseAfter(f *testing.F) {
	for _, seed := range []string{
		"", "0", "7", "-1", "86400", "99999999999999999999", "Sun, 01 Mar 2026 00:00:00 GMT", "Sunday, 01-Mar-26 00:00:00 GMT",
		"Sun Mar  1 00:00:00 2026", "Sun, 01 Mar 2026 00:00:00 CET", "garbage", "\x00", "7\r\n", "2.5", "7, 8", "99999999", "Thu, 01 Jan 2099 00:00:00 GMT",
	} {
		f.Add(seed, int64(1772323190))
	}
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", int64(math.MinInt64))
	f.Add("Thu, 01 Jan 1970 00:00:00 GMT", int64(math.MaxInt64))

	f.Fuzz(func(t *testing.T, header string, now int64) {
		after, told := retry.ParseAfter([]string{header}, time.Unix(now, 0))
		if after < 0 || after > retry.Longest || after%time.Second != 0 || (!told && after != 0) {
			t.Errorf("ParseAfter(%q) at %d: got %s, %v, want whole seconds, 0 to a day", header, now, after, told)
		}

		// Whatever was read, the wait made of it is no shorter and at most a second longer.
		wait := retry.Policy{}.WaitAfter(1, &retry.TransientError{Told: told, After: after})
		if wait < after || wait > after+time.Second {
			t.Errorf("ParseAfter(%q): the wait for %s is %s", header, after, wait)
		}
	})
}
