package export_test

import (
	"testing"

	"genesys-cloud-export/shared/failure"
)

func kindOf(err error) failure.Kind { return failure.KindOf(err) }

// wantKind ends the test where err is no failure of that kind.
func wantKind(t *testing.T, err error, want failure.Kind) {
	t.Helper()

	if got := failure.KindOf(err); got != want {
		t.Fatalf("got a failure of kind %q (%v), want %q", got, err, want)
	}
}
