package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/functiontest"
)

func TestTheStackPrintsTheOperationsThatItHas(t *testing.T) {
	t.Parallel()
	binaries := functiontest.Binaries(t)
	p := start(t, "", nil, "stack", "-users", "1", "-bin", binaries, "-out", t.TempDir(), "-template", filepath.Join("..", "..", "template.yaml"))
	await(t, "the stack is up", func() bool { return strings.Contains(p.stdout.String(), "The stored token") })

	for _, says := range []string{
		"CreateBucket, DeleteObject, GetObject, HeadObject, ListObjectsV2, PutObject\n",
		"DeleteParameter, DescribeParameters, GetParameter, GetParameterHistory, PutParameter\n",
		"CreateSecret, DeleteSecret, DescribeSecret, GetSecretValue, PutSecretValue\n", "Invoke\n", "moto (https://", "LocalStack (https://",
	} {
		if screen := p.stdout.String(); !strings.Contains(screen, says) {
			t.Errorf("the screen does not say %q:\n%s", says, screen)
		}
	}

	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}

	if code, _, stderr := p.ended(t); code != 0 {
		t.Errorf("it was interrupted and ended with %d:\n%s", code, stderr)
	}
}
