package cloudwatchsim

import (
	"fmt"
	"slices"
	"strings"
)

// parseUnit checks a unit. None is the unit of what has none.
func parseUnit(unit string) (string, error) {
	if unit == "" {
		return "None", nil
	}

	size, perSecond := strings.CutSuffix(unit, "/Second")
	known := []string{
		"Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Count",
	}

	if !perSecond {
		known = append(known, "Seconds", "Microseconds", "Milliseconds", "Percent", "None")
	}

	if !slices.Contains(known, size) {
		return "", fmt.Errorf("%q is no unit of CloudWatch", unit)
	}

	return unit, nil
}
