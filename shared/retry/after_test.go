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

// headers are Retry-After headers by the wait that they ask for. A | stands between several.
func headers() map[time.Duration][]string {
	const date, past = "Sun, 01 Mar 2026 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"

	return map[time.Duration][]string{
		0: {
			"0", past, "Sat, 28 Feb 2026 23:59:50 GMT", "Sat, 28 Feb 2026 23:59:49 GMT", past + "|0",
			"", "   ", "-1", "+7", "7.", ".5", "7.5.3", "7s", "1e3", "0x7", "soon", "|soon", "٧", "2026-03-01T00:00:00Z",
			"Sun, 30 Feb 2026 00:00:00 GMT",
		},
		time.Second:      {"0.001"},
		3 * time.Second:  {"2.5", "2.00000000000000000000000001"},
		7 * time.Second:  {"7", "007", "soon, 7", "|soon|7|-9"},
		8 * time.Second:  {"7, 8", "8,7", "8|7", "7|8"},
		10 * time.Second: {date, "Sunday, 01-Mar-26 00:00:00 GMT", "Sun Mar  1 00:00:00 2026", "7|" + date},
		11 * time.Second: {date + "|11"},
		22 * time.Second: {" 22\t"},
		45 * time.Second: {"45.0"},
		46 * time.Second: {"45.7"},

		retry.Longest - time.Second: {"86399"},
		retry.Longest: {
			"86400", "86401", "86399.5", "99999999", "9223372036854775807", "9223372036854775808", strings.Repeat("9", 100),
			"Thu, 01 Jan 2099 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
		},
	}
}

func TestRetryAfterIsSecondsOrADateTheLongestOfThemAndNothingElse(t *testing.T) {
	t.Parallel()

	now := serverNow().Add(300 * time.Millisecond) // a date is rounded up to a whole second

	for want, texts := range headers() {
		for _, text := range texts {
			if got := retry.ParseAfter(strings.Split(text, "|"), now); got != want {
				t.Errorf("%q: got %s, want %s", text, got, want)
			}
		}
	}

	if got := retry.ParseAfter(nil, now); got != 0 {
		t.Errorf("no header: got %s", got)
	}
}

func TestRetryAfterReadsWhatItMeansToSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-1<<32, math.MaxInt32).Draw(t, "seconds")
		want := min(max(time.Duration(seconds)*time.Second, 0), retry.Longest)
		date := serverNow().Add(time.Duration(seconds) * time.Second).Format("Mon, 02 Jan 2006 15:04:05 GMT")

		for _, text := range []string{date, strconv.FormatInt(seconds, 10)} {
			if got := retry.ParseAfter([]string{text}, serverNow()); got != want {
				t.Fatalf("%q: got %s, want %s", text, got, want)
			}
		}
	})
}

func FuzzParseAfter(f *testing.F) {
	for _, texts := range headers() {
		for _, text := range texts {
			f.Add(text, serverNow().Unix())
		}
	}
	f.Add("\x00 7\r\n", int64(0))
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", int64(math.MinInt64))
	f.Add("Thu, 01 Jan 1970 00:00:00 GMT", int64(math.MaxInt64))

	f.Fuzz(func(t *testing.T, header string, now int64) {
		after := retry.ParseAfter([]string{header}, time.Unix(now, 0))
		if after < 0 || after > retry.Longest || after%time.Second != 0 {
			t.Errorf("ParseAfter(%q) at %d: got %s, want whole seconds, 0 to a day", header, now, after)
		}
	})
}
