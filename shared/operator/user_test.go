package operator_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"genesys-cloud-export/shared/devstack/genesyssim"
)

func TestAnEnvironmentThatIsNotShownIsTheStacks(t *testing.T) {
	t.Parallel()

	w := healthy(t)
	url := w.functions.environment["GENESYS_API_URL"]
	w.functions.environment = nil
	w.stacks.change(stackName, func(d *described) { d.parameters["GenesysApiUrl"] = url })

	report, err := w.examined(t, nil)
	if got, want := lineOf(t, report, "user"), "ok      user         HOST handed one out"; err != nil || got != want {
		t.Errorf("%q, want %q (%v)", got, want, err)
	}
}

// empty gives the stack a secret that was never filled in.
func (w *world) empty(t *testing.T) {
	t.Helper()

	made, err := secretsmanager.NewFromConfig(w.config).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("exports/empty")})
	if err != nil {
		t.Fatal(err)
	}
	w.stacks.change(stackName, func(d *described) { d.outputs["CredentialsSecretArn"] = aws.ToString(made.ARN) })
}

// fault scripts the organisation's faults, a line each.
func (w *world) fault(t *testing.T, script string) {
	t.Helper()

	faults, err := genesyssim.ParseFaults(strings.NewReader(script))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.organisation.SetFaults(faults); err != nil {
		t.Fatal(err)
	}
}
