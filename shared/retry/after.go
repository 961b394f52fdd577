package retry

import (
	"strconv"
	"strings"
	"time"
)

// longest bounds what a Retry-After is taken to ask for. No wait of this project comes near it; it keeps sums from overflowing.
const longest = 365 * 24 * time.Hour

// ParseAfter reads a Retry-After header (RFC 9110, 10.2.3): whole seconds or an HTTP date. The date is taken relative to
// serverNow, the server's own clock, so that a clock that is off here changes no wait. A date that has passed is 0. What
// is neither, absence included, gives false.
func ParseAfter(header string, serverNow time.Time) (time.Duration, bool) {
	header = strings.TrimSpace(header)
	if header == "" {
		return 0, false
	}

	if strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseInt(header, 10, 64)
		if err != nil || seconds > int64(longest/time.Second) {
			return longest, true
		}

		return time.Duration(seconds) * time.Second, true
	}

	for _, layout := range []string{time.RFC1123, time.RFC850, time.ANSIC} {
		if date, err := time.Parse(layout, header); err == nil {
			return min(max(date.Sub(serverNow), 0), longest), true
		}
	}

	return 0, false
}
