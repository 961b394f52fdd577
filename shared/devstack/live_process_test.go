package main_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"genesys-cloud-export/shared/devstack/authority"
	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/secret"
)

// liveSecret is long enough to be searched for.
const liveSecret = "canary-of-a-live-client-secret-77"

// patience is how long anything in these tests may take at most.
const patience = time.Minute

// live is devstack live against a simulated organisation that is served over https, as if it were a real one.
type live struct {
	organisation *genesyssim.Simulator
	binaries     string
	url          string
	authority    string
	home         string
	out          string
}

// newLive serves an organisation of 1,500 users.
func newLive(t *testing.T, binaries string) *live {
	t.Helper()

	organisation, err := genesyssim.New(genesyssim.Config{
		Users: 1_500, Seed: 3, ClientID: "a-client", ClientSecret: secret.New(liveSecret),
	})
	if err != nil {
		t.Fatal(err)
	}

	private := authority.New(t)

	return &live{
		organisation: organisation, binaries: binaries, url: private.Serve(t, organisation), authority: private.File(t),
		home: t.TempDir(), out: filepath.Join(t.TempDir(), "out"),
	}
}

// file writes a file of the person's home.
func (l *live) file(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()

	name = filepath.Join(l.home, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}

	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}

	return name
}

func (l *live) credentials(t *testing.T, clientSecret string) string {
	t.Helper()
	return l.file(t, "credentials.json", `{"client_id":"a-client","client_secret":"`+clientSecret+`"}`, 0o600)
}

// asked is how many requests of any kind have reached the organisation.
func (l *live) asked() int64 {
	var sum int64
	for _, count := range l.organisation.Stats().Requests {
		sum += count
	}

	return sum
}

// process is a running devstack live.
type process struct {
	*exec.Cmd

	mu             sync.Mutex
	stdout, stderr bytes.Buffer
}

// stream is one output of a process.
type stream struct {
	p    *process
	into *bytes.Buffer
}

// Write implements [io.Writer].
func (s stream) Write(text []byte) (int, error) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()

	return s.into.Write(text)
}

func (p *process) said() (stdout, stderr string) {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.stdout.String(), p.stderr.String()
}

// start runs devstack live with the organisation's addresses and these options; nobody is at a terminal.
func (l *live) start(t *testing.T, options ...string) *process {
	t.Helper()

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)

	template, err := filepath.Abs(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	arguments := append([]string{
		"live", "-template", template, "-bin", l.binaries, "-out", l.out, "-ca", filepath.Base(l.authority), "-timeout", "6s",
		"-api-url", l.url, "-token-url", l.url + "/oauth/token", "-page-size", "50",
	}, options...)

	p := &process{Cmd: exec.CommandContext(ctx, binary, arguments...)}
	p.Stdout, p.Stderr = stream{p, &p.stdout}, stream{p, &p.stderr}
	p.Env = append(os.Environ(), "HOME="+l.home)
	p.Dir = filepath.Dir(l.authority) // its name is relative to here, and the functions run elsewhere

	if err := p.Start(); err != nil {
		t.Fatal(err)
	}

	return p
}

// ended waits for the process and returns its exit code and all that it printed.
func (p *process) ended(t *testing.T) (code int, stdout, stderr string) {
	t.Helper()

	err := p.Wait()
	if failed, exited := errors.AsType[*exec.ExitError](err); err != nil && (!exited || !failed.Exited()) {
		t.Fatalf("devstack live ended with %v", err)
	}

	stdout, stderr = p.said()

	return p.ProcessState.ExitCode(), stdout, stderr
}

// await waits until the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()

	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came to this: %s", what)
		}
	}
}

// requireExport wants the one export in the folder to be every user of the organisation, once and in order.
func (l *live) requireExport(t *testing.T, id string) {
	t.Helper()

	users := filepath.Join(l.out, "s3", "exports-local", "exports", "users")

	exports, err := os.ReadDir(users)
	if err != nil || len(exports) != 1 || exports[0].Name() != "export_id="+id {
		t.Fatalf("the exports are %v (%v), want %s alone", exports, err, id)
	}

	parts, err := filepath.Glob(filepath.Join(users, "export_id="+id, "*.gz"))
	if err != nil || len(parts) < 2 {
		t.Fatalf("the parts are %v (%v), want several", parts, err)
	}

	slices.Sort(parts)

	var want, got bytes.Buffer
	if err := l.organisation.WriteUsers(&want, genesyssim.Query{State: "any"}); err != nil {
		t.Fatal(err)
	}

	for _, part := range parts {
		compressed, err := os.ReadFile(part)
		if err != nil {
			t.Fatal(err)
		}

		reader, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			t.Fatal(err)
		}

		if _, err := io.Copy(&got, reader); err != nil {
			t.Fatal(err)
		}
	}

	if diff := cmp.Diff(strings.Split(want.String(), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("users (-want +got):\n%.2000s", diff)
	}
}

// requireNoSecret searches all that was printed and all that was left.
func (l *live) requireNoSecret(t *testing.T, printed ...string) {
	t.Helper()

	err := filepath.WalkDir(l.out, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}

		text, err := os.ReadFile(path)
		printed = append(printed, path+"\n"+string(text))

		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}

	for _, text := range printed {
		if strings.Contains(text, liveSecret) {
			t.Errorf("the client secret is in %.80q", text)
		}
	}
}
