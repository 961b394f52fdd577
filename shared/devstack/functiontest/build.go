package functiontest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Binaries is the folder with a folder for each function, built as it is deployed, which has its bootstrap.
func Binaries(t testing.TB) string {
	t.Helper()
	mains, err := filepath.Glob(filepath.Join(root(), "functions", "*", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, main := range mains {
		function := filepath.Base(filepath.Dir(main))
		Command(t, "functions/"+function, function+"/bootstrap")
	}

	return filepath.Join(root(), ".build")
}

// Command is the file of a command of this module, built below .build as [Build] does it.
func Command(t testing.TB, packaged, file string) string {
	t.Helper()
	path, err := Build(packaged, file)
	if err != nil {
		t.Fatal(err)
	}

	return path
}

// done has a func() error for each file that this process has built.
var done sync.Map //nolint:gochecknoglobals // what is built is built for the whole process

// Build builds the command in a folder of this module into a file below .build, once a process, and returns the file's whole path.
func Build(packaged, file string) (string, error) {
	path := filepath.Join(root(), ".build", file)
	once, _ := done.LoadOrStore(file, sync.OnceValue(func() error { return build(packaged, path) }))
	if err := once.(func() error)(); err != nil {
		return "", fmt.Errorf("build %s: %w", packaged, err)
	}

	return path, nil
}

// recipe is the line of the Makefile that says how everything is built.
var recipe = regexp.MustCompile(`(?m)^BUILD := (.+ )\$\(GO\)( build .+)$`)

func build(packaged, path string) error {
	makefile, err := os.ReadFile(filepath.Join(root(), "Makefile"))
	if err != nil {
		return err
	}
	found := recipe.FindSubmatch(makefile)
	if found == nil {
		return errors.New("the Makefile has no line BUILD := … $(GO) build …")
	}
	unlock, err := lock(filepath.Join(root(), ".build"))
	if err != nil {
		return fmt.Errorf("lock the folder: %w", err)
	}
	defer unlock()
	command := exec.Command("sh", "-c", string(found[1])+"go"+string(found[2])+` -o "$0" "$1"`, path, "./"+packaged) //nolint:gosec,noctx // the Makefile's own line
	command.Dir = root()
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}

	return nil
}

// lock waits until no other process builds into folder: the tests of several packages may begin with the same.
func lock(folder string) (unlock func(), err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // as make leaves it
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // in this repository
	if err != nil {
		return nil, err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
	}

	return func() { _ = file.Close() }, err // which unlocks it
}

// root is the repository's folder: that of the go.mod above the test's package.
var root = sync.OnceValue(func() string { //nolint:gochecknoglobals // it is one
	output, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		panic("find the repository: " + err.Error())
	}

	return filepath.Dir(strings.TrimSpace(string(output)))
})
