package main_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"genesys-cloud-export/shared/devstack/genesyssim"
	"genesys-cloud-export/shared/devstack/testca"
	"genesys-cloud-export/shared/secret"
)

// patience is how long anything in these tests may take at most.
const patience = time.Minute

// printed is what a process has printed, read while it runs.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (p *printed) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.text.Write(text)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.text.String()
}

// process is a running devstack.
type process struct {
	*exec.Cmd

	stdout, stderr printed
}

// start runs devstack in a folder with an environment; at the end of the test it gets SIGTERM.
func start(t *testing.T, folder string, environment []string, arguments ...string) *process {
	t.Helper()

	// The end of a test must not stop what its cleanup stops: the second signal would find nobody who catches it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	t.Cleanup(cancel)

	p := &process{Cmd: exec.CommandContext(ctx, binary, arguments...)}
	p.Stdout, p.Stderr, p.Dir, p.Env = &p.stdout, &p.stderr, folder, environment
	p.Cancel = func() error { return p.Process.Signal(syscall.SIGTERM) }

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
		t.Fatalf("devstack ended with %v", err)
	}

	return p.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()
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

// liveSecret is long enough to be searched for.
const liveSecret = "canary-of-a-live-client-secret-77"

// live is devstack live on a simulated organisation that is served over https, as if it were a real one.
type live struct {
	organisation             *genesyssim.Simulator
	binaries, url, home, out string
	authorities              string
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

	ca, serve := testca.New(t)

	return &live{
		organisation: organisation, binaries: binaries, url: serve(organisation), authorities: ca,
		home: t.TempDir(), out: filepath.Join(t.TempDir(), "out"),
	}
}

// file writes a file of the person's home.
func (l *live) file(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()

	name = filepath.Join(l.home, name)
	err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), mode), os.Chmod(name, mode))
	if err != nil {
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

// requireExport wants one export in the folder, in several parts. It runs the command that is printed last, without the head that
// cuts it, and wants every user of the organisation, once and in order.
func (l *live) requireExport(t *testing.T, printed string) {
	t.Helper()

	users := filepath.Join(l.out, "s3", "exports-local", "exports", "users")
	exports, errExports := filepath.Glob(filepath.Join(users, "*"))
	parts, errParts := filepath.Glob(filepath.Join(users, "export_id=*", "*.gz"))

	if err := errors.Join(errExports, errParts); err != nil || len(exports) != 1 || len(parts) < 2 || !strings.Contains(printed, exports[0]) {
		t.Fatalf("the exports are %v and the parts %v (%v), want one export, which is printed, of several parts", exports, parts, err)
	}

	lines := strings.Split(strings.TrimSpace(printed), "\n")
	command, _ := strings.CutSuffix(lines[len(lines)-1], " | head -n 3")

	got, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
	if err != nil {
		t.Fatalf("the last line is no command: %v\n%s", err, printed)
	}

	var want bytes.Buffer
	if err := l.organisation.WriteUsers(&want, genesyssim.Query{State: "any"}); err != nil {
		t.Fatal(err)
	}

	if !bytes.Equal(want.Bytes(), got) {
		t.Errorf("the export has %d bytes, want these %d of the organisation", len(got), want.Len())
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
