package retry

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Longest is the longest wait that a server is taken to ask for. Whoever has to wait longer asks again after a day.
const Longest = 24 * time.Hour

// ParseAfter reads the values of Retry-After headers (RFC 9110, 10.2.3): seconds or an HTTP date. The longest counts where
// there are several, also in one header. A wait is in whole seconds, rounded up, and at most [Longest]. A date counts from
// now, the clock that it was written by; one that has passed is 0. Without a value that is either, it returns false.
func ParseAfter(values []string, now time.Time) (after time.Duration, told bool) {
	for _, value := range values {
		// Whoever joins two headers into one puts a comma between them. A date has a comma of its own.
		for _, text := range append(strings.Split(value, ","), value) {
			if wait, ok := parseWait(strings.TrimSpace(text), now); ok {
				after, told = max(after, wait), true
			}
		}
	}

	return after, told
}

func parseWait(text string, now time.Time) (time.Duration, bool) {
	if wait, ok := parseSeconds(text); ok {
		return wait, true
	}

	for _, layout := range []string{time.RFC1123, time.RFC850, time.ANSIC} {
		if date, err := time.Parse(layout, text); err == nil {
			wait := min(max(date.Sub(now), 0), Longest)

			return (wait + time.Second - 1).Truncate(time.Second), true
		}
	}

	return 0, false
}

// seconds is a number of seconds. A fraction is against the RFC and is seen all the same.
var seconds = regexp.MustCompile(`^([0-9]+)(?:\.([0-9]+))?$`)

func parseSeconds(text string) (time.Duration, bool) {
	found := seconds.FindStringSubmatch(text)
	if found == nil {
		return 0, false
	}

	whole, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil || whole >= int64(Longest/time.Second) {
		return Longest, true
	}

	if strings.Trim(found[2], "0") != "" {
		whole++
	}

	return time.Duration(whole) * time.Second, true
}
