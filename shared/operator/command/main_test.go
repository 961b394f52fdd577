package main_test

import (
	"os"
	"testing"

	"genesys-cloud-export/shared/devstack/functiontest"
)

// binary is the command, built once for all tests.
var binary string //nolint:gochecknoglobals // set by TestMain alone

func TestMain(m *testing.M) {
	os.Exit(functiontest.Command(m, &binary, "shared/operator/command"))
}
