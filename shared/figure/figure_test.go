package figure_test

import (
	"math"
	"testing"

	"genesys-cloud-export/shared/figure"
)

func TestThousandsAreSetApart(t *testing.T) {
	t.Parallel()

	for n, want := range map[int64]string{
		0: "0", 12: "12", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567",
		-1: "-1", -999: "-999", -1000: "-1,000", -123456: "-123,456",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := figure.Grouped(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}
