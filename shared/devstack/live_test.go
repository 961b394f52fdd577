package main_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/authority"
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

	t.Run("a profile of gc logs in", func(t *testing.T) {
		t.Parallel()

		l := newLive(t, binaries)
		name := l.file(t, ".gc/config.toml",
			"[default]\nclient_credentials = 'a-client'\nclient_secret = '"+liveSecret+"'\nenvironment = 'mypurecloud.ie'\n", 0o644)

		code, stdout, stderr := l.start(t, "-yes", "-profile", "default").ended(t)
		if code != 0 || !strings.Contains(stdout, "verified  the export in itself") || !strings.Contains(stdout, "chmod 600 "+name) {
			t.Errorf("ended with %d:\n%s%s", code, stdout, stderr)
		}

		l.requireExport(t, exportID(t, stdout))
		l.requireNoSecret(t, stdout, stderr)
	})

	t.Run("what cannot go well fails by name", func(t *testing.T) {
		t.Parallel()
		failures(t, func(t *testing.T) *live { t.Helper(); return newLive(t, binaries) })
	})
}

func exportID(t *testing.T, stdout string) string {
	t.Helper()

	found := regexp.MustCompile(`export_id=(\S+)`).FindStringSubmatch(stdout)
	if found == nil {
		t.Fatalf("no export is named:\n%s", stdout)
	}

	return found[1]
}

func interruptAndResume(t *testing.T, l *live) {
	t.Helper()

	file := l.credentials(t, liveSecret)
	first := l.start(t, "-yes", "-credentials", file)

	var pages int64

	await(t, "the first slice ends", func() bool {
		stdout, _ := first.said()
		pages = l.organisation.Stats().Pages

		return strings.Contains(stdout, "slice 1 ")
	})
	await(t, "the second slice reads", func() bool { return l.organisation.Stats().Pages > pages })

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

	if strings.Contains(again, "busy") {
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

	l.requireExport(t, id)
	l.requireNoSecret(t, stdout, stderr, again, stderrAgain)
}

func failures(t *testing.T, newLive func(*testing.T) *live) {
	t.Helper()

	for name, test := range map[string]struct {
		options func(*testing.T, *live) []string
		says    string
		asks    bool // something may reach the organisation
	}{
		"the secret is wrong": {
			func(t *testing.T, l *live) []string {
				t.Helper()
				return []string{"-yes", "-credentials", l.credentials(t, liveSecret+"-not")}
			},
			"InvalidCredentials", true,
		},
		"the authority is another": {
			func(t *testing.T, l *live) []string {
				t.Helper()
				return []string{"-yes", "-credentials", l.credentials(t, liveSecret), "-ca", authority.New(t).File(t)}
			},
			"UpstreamUnavailable", false,
		},
		"nobody confirms": {
			func(t *testing.T, l *live) []string {
				t.Helper()
				return []string{"-credentials", l.credentials(t, liveSecret)}
			},
			"-yes (make: YES=1)", false,
		},
		"others can read the credentials": {
			func(t *testing.T, l *live) []string {
				t.Helper()
				name := l.credentials(t, liveSecret)

				return []string{"-yes", "-credentials", l.file(t, filepath.Base(name), `{"client_id":"a-client","client_secret":"`+liveSecret+`"}`, 0o640)}
			},
			"chmod 600", false,
		},
		"nobody types credentials": {
			func(*testing.T, *live) []string { return []string{"-yes"} }, "no client credentials", false,
		},
		"there is no profile": {
			func(*testing.T, *live) []string { return []string{"-yes", "-profile", "default"} }, "gc profiles new", false,
		},
		"credentials are given twice": {
			func(t *testing.T, l *live) []string {
				t.Helper()
				return []string{"-yes", "-profile", "default", "-credentials", l.credentials(t, liveSecret)}
			},
			"choose one", false,
		},
		"the organisation is unknown": {
			func(*testing.T, *live) []string { return []string{"-yes", "-environment", "mypurecloud.example"} }, `"mypurecloud.example" is neither`, false,
		},
		"an option is none": {
			func(*testing.T, *live) []string { return []string{"-yes", "now"} }, `"now" is no option`, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			l := newLive(t)

			code, stdout, stderr := l.start(t, test.options(t, l)...).ended(t)
			if code != 1 || !strings.Contains(stderr, test.says) {
				t.Errorf("ended with %d, want 1, and said %q, want %q", code, stderr, test.says)
			}

			if n := l.asked(); n != 0 && !test.asks {
				t.Errorf("%d requests reached the organisation", n)
			}

			if n := strings.Count(stdout+stderr, "InvalidCredentials"); n > 1 {
				t.Errorf("it is told %d times:\n%s", n, stderr)
			}

			l.requireNoSecret(t, stdout, stderr)
		})
	}
}
