package operator

import (
	"fmt"
	"time"

	"genesys-cloud-export/shared/figure"
)

// clock writes a time as the project's logs do.
func clock(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// counted writes a number of things.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}

	return figure.Grouped(int64(n)) + " " + many
}

// dollars writes an amount of USD: to the cent, and below a cent as that.
func dollars(amount float64) string {
	if amount > 0 && amount < 0.01 {
		return "under 0.01 USD"
	}

	return fmt.Sprintf("%.2f USD", amount)
}
