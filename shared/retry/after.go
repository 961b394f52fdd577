package retry

import (
	"strconv"
	"strings"
	"time"

	"genesys-cloud-export/shared/charset"
)

// Longest is the longest wait that a server is taken to ask for. Whoever has to wait longer asks again after a day.
const Longest = 24 * time.Hour

// ParseAfter reads the values of Retry-After headers (RFC 9110, 10.2.3): seconds or an HTTP date. The longest counts where
// there are several, also in one header. A wait is in whole seconds, rounded up, and at most [Longest]. A date counts from
// now, the clock that it was written by. No wait is 0: without a value that is either, or with a date that has passed.
func ParseAfter(values []string, now time.Time) (after time.Duration) {
	for _, value := range values {
		// Whoever joins two headers into one puts a comma between them. A date has a comma of its own.
		for _, text := range append(strings.Split(value, ","), value) {
			after = max(after, parseWait(strings.TrimSpace(text), now))
		}
	}

	return after
}

func parseWait(text string, now time.Time) time.Duration {
	// A fraction of a second is against the RFC and is seen all the same.
	whole, fraction, cut := strings.Cut(text, ".")
	if charset.Only(whole, charset.Digits) && (!cut || charset.Only(fraction, charset.Digits)) {
		return parseSeconds(whole, fraction)
	}

	for _, layout := range []string{time.RFC1123, time.RFC850, time.ANSIC} {
		if date, err := time.Parse(layout, text); err == nil {
			wait := min(max(date.Sub(now), 0), Longest)

			return (wait + time.Second - 1).Truncate(time.Second)
		}
	}

	return 0
}

func parseSeconds(digits, fraction string) time.Duration {
	whole, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || whole >= int64(Longest/time.Second) {
		return Longest
	}

	if strings.Trim(fraction, "0") != "" {
		whole++
	}

	return time.Duration(whole) * time.Second
}
