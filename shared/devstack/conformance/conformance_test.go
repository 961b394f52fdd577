package conformance_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/conformance"
	"genesys-cloud-export/shared/devstack/ssmsim"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

func simulator() (http.Handler, error) { return ssmsim.New(ssmsim.Config{}), nil }

func lead(t *testing.T, name, endpoint string) {
	t.Helper()

	t.Setenv(conformance.NameVariable, name)
	t.Setenv(conformance.EndpointVariable, endpoint)
}

//nolint:paralleltest // the environment is one for all
func TestTheEndpointThatIsNamedAnswersElseTheSimulator(t *testing.T) {
	lead(t, "", "")

	endpoint := conformance.New(t, simulator)

	_, err := ssm.NewFromConfig(endpoint.Config).DescribeParameters(t.Context(), &ssm.DescribeParametersInput{})
	if err != nil || endpoint.Name != conformance.Simulator {
		t.Errorf("the %s answered with the error %v, want the simulator", endpoint.Name, err)
	}

	for _, name := range []conformance.Name{conformance.Moto, conformance.Versitygw} {
		lead(t, string(name), "http://127.0.0.1:4566")

		endpoint := conformance.New(t, nil)
		if got := aws.ToString(endpoint.Config.BaseEndpoint); endpoint.Name != name || got != "http://127.0.0.1:4566" {
			t.Errorf("got %s at %s, want %s at the address that was named", endpoint.Name, got, name)
		}
	}
}

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
		{"moto", "https://s3.eu-central-1.amazonaws.com", "amazonaws"},
	} {
		lead(t, test.name, test.endpoint)
		inner := &halted{TB: t}

		func() {
			defer func() { _ = recover() }()
			conformance.New(inner, simulator)
		}()

		if !strings.Contains(inner.why, test.says) {
			t.Errorf("%q at %q: it ended with %q, want %q in it", test.name, test.endpoint, inner.why, test.says)
		}
	}
}
