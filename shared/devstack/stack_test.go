package main_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"genesys-cloud-export/shared/devstack/functiontest"
)

func TestTheStackPrintsTheOperationsThatItHas(t *testing.T) {
	t.Parallel()
	binaries := functiontest.Binaries(t)
	p := start(t, "", nil, "stack", "-users", "1", "-bin", binaries, "-out", t.TempDir(), "-template", filepath.Join("..", "..", "template.yaml"))
	await(t, "the stack is up", func() bool { return strings.Contains(p.stdout.String(), "The stored token") })

	screen := p.stdout.String()
	address := regexp.MustCompile(`AWS_ENDPOINT_URL=(\S+)`).FindStringSubmatch(screen)[1]

	for _, target := range []string{"AmazonSSM", "secretsmanager"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}

		request.Header.Set("X-Amz-Target", target+".None")

		reply, err := http.DefaultClient.Do(request) //nolint:forbidigo // a test's call to its own server
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()

		text, err := io.ReadAll(reply.Body)
		has := regexp.MustCompile(`\w+(, \w+)+`).FindString(string(text))

		if err != nil || has == "" || !strings.Contains(screen, "  "+has+"\n") {
			t.Errorf("the screen lacks the operations %q of %s (%s, %v):\n%s", has, target, text, err, screen)
		}
	}

	if !strings.Contains(screen, "moto (https://") || !strings.Contains(screen, "LocalStack (https://") {
		t.Errorf("nobody is named who has other operations:\n%s", screen)
	}

	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}

	if code, _, stderr := p.ended(t); code != 0 {
		t.Errorf("it was interrupted and ended with %d:\n%s", code, stderr)
	}
}
