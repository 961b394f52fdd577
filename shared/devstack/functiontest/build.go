package functiontest

import (
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
var made sync.Map //nolint:gochecknoglobals // what is built is built for the whole process

// Build builds a target of the Makefile, once a process, and returns the folder in which it lies then.
func Build(t testing.TB, target string) (folder string) {
	t.Helper()
	once, _ := made.LoadOrStore(target, sync.OnceValue(func() error { return build(target) }))
	if err := once.(func() error)(); err != nil {
		t.Fatalf("build: %v", err)
	}

	return filepath.Join(root(), ".build")
}

// build waits until no other process builds: the tests of several packages may begin with the same.
func build(target string) error {
	folder := filepath.Join(root(), ".build")
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // as make leaves it
		return err
	}
	lock, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // in this repository
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // which unlocks it
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", folder, err)
	}
	command := exec.Command("make", "--no-print-directory", target) //nolint:gosec,noctx // one of the Makefile's own
	command.Dir = root()
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("make %s: %w\n%s", target, err, output)
	}

	return nil
}

// root is the repository's folder: that of the go.mod above the test's package.
var root = sync.OnceValue(func() string { //nolint:gochecknoglobals // it is one
	output, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		panic("find the repository: " + err.Error())
	}

	return filepath.Dir(strings.TrimSpace(string(output)))
})
