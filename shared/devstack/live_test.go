package main_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/functiontest"
)

func TestLiveMode(t *testing.T) {
	t.Parallel()

	binaries, err := functiontest.Binaries("rotator", "export-users")
	if err != nil {
		t.Fatal(err)
	}

	t.Run("an export that was interrupted is resumed and ends whole", func(t *testing.T) {
		t.Parallel()
		interruptAndResume(t, newLive(t, binaries))
	})

	t.Run("a profile of gc gives the credentials", func(t *testing.T) {
		t.Parallel()

		l := newLive(t, binaries)
		name := l.file(t, ".gc/config.toml",
			"[default]\nclient_credentials = 'a-client'\nclient_secret = '"+liveSecret+"'\nenvironment = 'mypurecloud.ie'\n", 0o644)

		code, stdout, stderr := l.start(t, "-yes", "-profile", "default").ended(t)
		if code != 0 || !strings.Contains(stdout, "verified  the export in itself") || !strings.Contains(stdout, "chmod 600 "+name) {
			t.Errorf("ended with %d:\n%s%s", code, stdout, stderr)
		}

		l.requireExport(t, stdout)
		l.requireNoSecret(t, stdout, stderr)
	})

	t.Run("what cannot go well fails by name", func(t *testing.T) {
		t.Parallel()
		failures(t, binaries)
	})
}

func interruptAndResume(t *testing.T, l *live) {
	t.Helper()

	file := l.credentials(t, liveSecret)
	first := l.start(t, "-yes", "-credentials", file)

	var pages int64

	await(t, "the first invocation ends", func() bool {
		pages = l.organisation.Stats().Pages

		return strings.Contains(first.stdout.String(), "invocation 1 ")
	})
	await(t, "the second invocation reads", func() bool { return l.organisation.Stats().Pages > pages })

	if err := first.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}

	code, stdout, stderr := first.ended(t)
	if code != 1 || !strings.Contains(stderr, "interrupted, and nothing is lost") || strings.Contains(stdout, "complete") {
		t.Fatalf("the interrupted run ended with %d:\n%s%s", code, stdout, stderr)
	}

	note, err := os.ReadFile(filepath.Join(l.out, "unfinished.json"))
	if err != nil {
		t.Fatal(err)
	}

	var left map[string]any
	if err := json.Unmarshal(note, &left); err != nil {
		t.Fatal(err)
	}

	id, _ := left["export_id"].(string)
	want := map[string]any{
		"export_id": id, "environment": strings.TrimPrefix(l.url, "https://"), "client_id": "a-client", "state": "any", "page_size": 50.,
	}
	if diff := cmp.Diff(want, left); diff != "" || !strings.Contains(stderr, "export "+id+" goes on") {
		t.Errorf("what is left (-want +got):\n%s\nand what was said: %s", diff, stderr)
	}

	code, again, stderrAgain := l.start(t, "-yes", "-credentials", file).ended(t)
	if code != 0 {
		t.Fatalf("the second run ended with %d:\n%s%s", code, again, stderrAgain)
	}

	if strings.Contains(again, "has the lease") {
		t.Errorf("the second run waited for the lease of the first, which was to release it:\n%s", again)
	}

	for _, says := range []string{"resumes       export " + id, "verified  the export in itself", "export_id=" + id} {
		if !strings.Contains(again, says) {
			t.Errorf("the second run does not say %q:\n%s", says, again)
		}
	}

	if _, err := os.Stat(filepath.Join(l.out, "unfinished.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the export is still unfinished: %v", err)
	}

	l.requireExport(t, again)
	l.requireNoSecret(t, stdout, stderr, again, stderrAgain)
}

func failures(t *testing.T, binaries string) {
	t.Helper()

	type options = func(*testing.T, *live) []string

	always := func(all ...string) options {
		return func(*testing.T, *live) []string { return append([]string{"-yes"}, all...) }
	}

	for says, given := range map[string]options{
		"InvalidCredentials": func(t *testing.T, l *live) []string {
			t.Helper()
			return []string{"-yes", "-credentials", l.credentials(t, liveSecret+"-not")}
		},
		"-yes (make: YES=1)": func(t *testing.T, l *live) []string {
			t.Helper()
			return []string{"-credentials", l.credentials(t, liveSecret)}
		},
		"chmod 600": func(t *testing.T, l *live) []string {
			t.Helper()
			name := l.credentials(t, liveSecret)

			return []string{"-yes", "-credentials", l.file(t, filepath.Base(name), `{"client_id":"a-client","client_secret":"`+liveSecret+`"}`, 0o640)}
		},
		"choose one": func(t *testing.T, l *live) []string {
			t.Helper()
			return []string{"-yes", "-profile", "default", "-credentials", l.credentials(t, liveSecret)}
		},
		"no client credentials": always(),
		"gc profiles new":       always("-profile", "default"),
		`"now" is no option`:    always("now"),
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()

			l := newLive(t, binaries)

			code, stdout, stderr := l.start(t, given(t, l)...).ended(t)
			if code != 1 || !strings.Contains(stderr, says) {
				t.Errorf("ended with %d, want 1, and said %q, want %q", code, stderr, says)
			}

			if n := l.asked(); n != 0 && says != "InvalidCredentials" {
				t.Errorf("%d requests reached the organisation", n)
			}

			if n := strings.Count(stdout+stderr, "InvalidCredentials"); n > 1 {
				t.Errorf("it is printed %d times:\n%s", n, stderr)
			}

			l.requireNoSecret(t, stdout, stderr)
		})
	}
}
