package functiontest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Binaries is the folder with a folder for each function, built as it is deployed, which has its bootstrap.
func Binaries(t testing.TB) string {
	t.Helper()

	return Build(t, "build-functions")
}

// made has a func() error for each target that this process has built.
var made sync.Map //nolint:gochecknoglobals // each package's tests begin with the same; what is built is built for the process

// Build builds a target of the Makefile, once a process, and returns the folder in which it lies then.
func Build(t testing.TB, target string) (folder string) {
	t.Helper()
	module, err := exec.CommandContext(t.Context(), "go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("find the repository: %v", err)
	}
	top := filepath.Dir(strings.TrimSpace(string(module)))
	once, _ := made.LoadOrStore(target, sync.OnceValue(func() error { return build(t.Context(), top, target) }))
	if err := once.(func() error)(); err != nil {
		t.Fatalf("make %s: %v", target, err)
	}

	return filepath.Join(top, ".build")
}

// build waits until no other process builds: the tests of several packages may begin with the same.
func build(ctx context.Context, top, target string) error {
	folder, err := os.OpenRoot(top)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	if err := folder.MkdirAll(".build", 0o750); err != nil {
		return err
	}
	lock, err := folder.OpenFile(".build/lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // which unlocks it
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		return fmt.Errorf("lock .build: %w", err)
	}
	command := exec.CommandContext(ctx, "make", "--no-print-directory", target) //nolint:gosec // one of the Makefile's own
	command.Dir = top
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}

	return nil
}
