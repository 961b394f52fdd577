package conformance_test

import (
	"fmt"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/conformance"
)

// halted is a test that notes why it was ended.
type halted struct {
	testing.TB

	why string
}

func (h *halted) Fatalf(format string, arguments ...any) {
	h.why = fmt.Sprintf(format, arguments...)
	panic(h)
}

//nolint:paralleltest // the environment is one for all
func TestASettingThatIsHalfOrWrongEndsTheTest(t *testing.T) {
	for _, test := range []struct{ name, endpoint, says string }{
		{"", "http://127.0.0.1:4566", conformance.NameVariable},
		{"moto", "", conformance.EndpointVariable},
		{"mto", "http://127.0.0.1:4566", "mto"},
		{"simulator", "http://127.0.0.1:4566", "simulator"},
		{"versitygw", "https://s3.eu-central-1.amazonaws.com", "amazonaws"},
	} {
		t.Setenv(conformance.NameVariable, test.name)
		t.Setenv(conformance.EndpointVariable, test.endpoint)
		inner := &halted{TB: t}
		func() {
			defer func() { _ = recover() }()
			conformance.New(inner, nil)
		}()
		if !strings.Contains(inner.why, test.says) {
			t.Errorf("%q at %q: it ended with %q, want %q in it", test.name, test.endpoint, inner.why, test.says)
		}
	}
}
