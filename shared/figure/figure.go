// Package figure writes numbers as the commands show them to people.
package figure

import "strconv"

// Grouped is a number with commas between its thousands: -1,234,567.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}

	return digits
}
