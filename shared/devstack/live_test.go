package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/functiontest"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/secret"
)

// liveSecret is long enough to be searched for.
const liveSecret = "canary-of-a-live-client-secret-77"

// live is devstack live on a simulated organisation that is served over https, as if it were a real one.
type live struct {
	organisation                          *genesyssim.Simulator
	binaries, url, home, out, authorities string
}

// newLive serves an organisation of 1,500 users.
func newLive(t *testing.T) *live {
	t.Helper()
	organisation, err := genesyssim.New(genesyssim.Config{
		Users: 1_500, Seed: 3, ClientID: "a-client", ClientSecret: secret.New(liveSecret),
		Faults: []genesyssim.Fault{{Path: "/api/v2/users/query", Nth: 4, Status: http.StatusTooManyRequests, RetryAfter: "1"}},
	})
	if err != nil {
		t.Fatal(err)
	}

	url, ca := functiontest.ServeTLS(t, organisation)

	return &live{organisation, functiontest.Binaries(t), url, t.TempDir(), filepath.Join(t.TempDir(), "it's here"), ca}
}

// file writes a file of the person's home.
func (l *live) file(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	name = filepath.Join(l.home, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), mode)); err != nil {
		t.Fatal(err)
	}

	return name
}

// credentials writes a file with credentials.
func (l *live) credentials(t *testing.T, clientSecret string, mode os.FileMode) string {
	t.Helper()
	return l.file(t, "credentials.json", fmt.Sprintf(`{"client_id":"a-client","client_secret":%q}`, clientSecret), mode)
}

// start runs devstack live with the organisation's addresses and these options; nobody is at a terminal.
func (l *live) start(t *testing.T, options ...string) *process {
	t.Helper()
	template, err := filepath.Abs(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	// The name of the CA's file is relative to the process's folder, and the functions run elsewhere.
	return start(t, filepath.Dir(l.authorities), append(os.Environ(), "HOME="+l.home), append([]string{
		"live", "-template", template, "-bin", l.binaries, "-out", l.out, "-ca", filepath.Base(l.authorities), "-timeout", "6s",
		"-api-url", l.url, "-token-url", l.url + "/oauth/token", "-page-size", "50",
	}, options...)...)
}

// unfinished is what is left of an export that is not complete, "" where there is none.
func (l *live) unfinished() string {
	left, _ := os.ReadFile(filepath.Join(l.out, "unfinished.json"))
	return string(left)
}

// requireExport wants one export in the folder, and nothing unfinished. It runs the command that is printed last, without the
// head that cuts it, and wants every user of the organisation in that state, once and in order.
func (l *live) requireExport(t *testing.T, printed, state string) {
	t.Helper()
	exports, err := filepath.Glob(filepath.Join(l.out, "s3", "exports-local", "exports", "users", "*"))
	if err != nil || len(exports) != 1 || !strings.Contains(printed, exports[0]) || l.unfinished() != "" {
		t.Fatalf("the exports are %v (%v), unfinished is %q; want one, which is printed", exports, err, l.unfinished())
	}

	// What an invocation that was cut off leaves: a part that is in no manifest.
	if err := os.WriteFile(filepath.Join(exports[0], "part-000001-0000.jsonl.gz"), []byte("not a part"), 0o600); err != nil {
		t.Fatal(err)
	}

	lines := strings.Split(strings.TrimSpace(printed), "\n")
	command, _ := strings.CutSuffix(lines[len(lines)-1], " | head -n 3")

	got, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
	if err != nil {
		t.Fatalf("the last line is no command: %v\n%s", err, printed)
	}

	var want bytes.Buffer
	if err := l.organisation.WriteListing(&want, "users?state="+state); err != nil {
		t.Fatal(err)
	}

	if !bytes.Equal(want.Bytes(), got) {
		t.Errorf("the export has %d bytes, want these %d of the organisation", len(got), want.Len())
	}
}

// requireNoSecret searches all that was printed and all that was left.
func (l *live) requireNoSecret(t *testing.T, printed ...string) {
	t.Helper()
	left, _ := exec.CommandContext(t.Context(), "grep", "-rl", liveSecret, l.out).Output() // it fails where it finds nothing
	if len(left) > 0 || strings.Contains(strings.Join(printed, ""), liveSecret) {
		t.Errorf("the client secret is in the files %s or in %q", left, printed)
	}
}

func TestALiveExportThatWasInterruptedIsResumedAndEndsWhole(t *testing.T) {
	t.Parallel()
	l := newLive(t)
	file := l.credentials(t, liveSecret, 0o600)
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

	var left map[string]any
	if err := json.Unmarshal([]byte(l.unfinished()), &left); err != nil {
		t.Fatal(err)
	}

	id, _ := left["export_id"].(string)
	want := map[string]any{
		"export_id": id, "environment": strings.TrimPrefix(l.url, "https://"), "client_id": "a-client", "listings": []any{"users"}, "state": "any", "page_size": 50.,
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

	l.requireExport(t, again, "any")
	l.requireNoSecret(t, stdout, stderr, again, stderrAgain)
}

func TestAProfileOfGCGivesTheCredentialsOfALiveExportThatSaysWhatItReadsAndCounts(t *testing.T) {
	t.Parallel()
	l := newLive(t)
	name := l.file(t, ".gc/config.toml",
		"[default]\nclient_credentials = 'a-client'\nclient_secret = '"+liveSecret+"'\nenvironment = 'mypurecloud.ie'\n", 0o644)

	code, stdout, stderr := l.start(t, "-yes", "-profile", "default", "-state", "active").ended(t)
	if code != 0 {
		t.Fatalf("ended with %d:\n%s%s", code, stdout, stderr)
	}

	counts := l.organisation.Stats()
	if counts.Throttled != 1 || counts.TokensMinted != 1 {
		t.Errorf("the organisation counted %+v, want one request throttled and one token", counts)
	}

	for _, says := range []string{
		"organisation  Genesys Cloud, real: " + strings.TrimPrefix(l.url, "https://") + "\n",
		"API           " + l.url + "\n",
		"credentials   client a-client (", "tokens from " + l.url + "/oauth/token\n",
		"reads         users in state active\n",
		"needs         a role with directory:user:view, in all divisions\n",
		"writes        " + filepath.Join(l.out, "s3", "exports-local", "exports") + "\n",
		"nothing is sent to AWS",
		"careful ", "chmod 600 " + name,
		"verified  the export in itself", "429s           1\n", "tokens minted  1\n",
	} {
		if !strings.Contains(stdout, says) {
			t.Errorf("it does not say %q:\n%s", says, stdout)
		}
	}

	info, err := os.Stat(filepath.Join(l.out, "s3"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder with the export is %v (%v), want one that only its owner enters", info, err)
	}

	l.requireExport(t, stdout, "active")
	l.requireNoSecret(t, stdout, stderr)
}

func TestALiveExportThatCannotGoWellFailsByNameAndSendsNothing(t *testing.T) {
	t.Parallel()

	_, other := functiontest.ServeTLS(t, http.NotFoundHandler())
	yes := func(more ...string) func(string) []string {
		return func(string) []string { return append([]string{"-yes"}, more...) }
	}
	file := func(more ...string) func(string) []string {
		return func(credentials string) []string { return append([]string{"-credentials", credentials}, more...) }
	}

	for says, test := range map[string]struct {
		secret  string
		mode    os.FileMode
		options func(credentials string) []string
		asked   int64 // requests that reach the organisation
	}{
		"InvalidCredentials":         {liveSecret + "-not", 0o600, file("-yes"), 1},
		"certificate is not trusted": {liveSecret, 0o600, file("-yes", "-ca", other), 0},
		"-yes (make: YES=1)":         {liveSecret, 0o600, file(), 0},
		"chmod 600":                  {liveSecret, 0o640, file("-yes"), 0},
		"choose one":                 {liveSecret, 0o600, file("-yes", "-profile", "default"), 0},
		"no client credentials":      {options: yes()},
		"gc profiles new":            {options: yes("-profile", "default")},
		`"now" is no option`:         {options: yes("now")},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			l := newLive(t)

			code, stdout, stderr := l.start(t, test.options(l.credentials(t, test.secret, test.mode))...).ended(t)
			if code != 1 || !strings.Contains(stderr, says) || strings.Count(stdout+stderr, "InvalidCredentials") > 1 {
				t.Errorf("ended with %d, want 1, and said %q, want %q once", code, stderr, says)
			}

			var asked int64
			for _, count := range l.organisation.Stats().Requests {
				asked += count
			}

			if asked != test.asked || l.unfinished() != "" {
				t.Errorf("%d requests reached the organisation, want %d; unfinished is %q, want nothing", asked, test.asked, l.unfinished())
			}

			l.requireNoSecret(t, stdout, stderr)
		})
	}
}

func TestThePermissionsAreNamedBeforeAnybodyIsAskedForASecret(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := newLive(t).start(t, "-yes", "-listings", "queues,conversations").ended(t)
	if want := "needs         a role with routing:queue:view, analytics:conversationDetail:view, in all divisions\n"; code != 1 || stdout != want ||
		!strings.Contains(stderr, "no client credentials") {
		t.Errorf("ended with %d and said %q and %q, want %q and that there are no credentials", code, stdout, stderr, want)
	}
}
