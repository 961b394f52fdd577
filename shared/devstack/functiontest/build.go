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

// Binaries builds these functions as they are deployed, and returns the folder with a folder for each, which has its bootstrap.
func Binaries(functions ...string) (folder string, err error) {
	for _, function := range functions {
		file, err := Build("functions/"+function, function+"/bootstrap")
		if err != nil {
			return "", err
		}
		folder = filepath.Dir(filepath.Dir(file))
	}

	return folder, nil
}

// Main runs a package's tests with these functions built, and the folder of [Binaries] put into folder. It returns the
// process's exit code.
func Main(m *testing.M, folder *string, functions ...string) int {
	return run(m, folder, func() (string, error) { return Binaries(functions...) })
}

// Command runs a package's tests with a command of this module built, and its file put into binary. It returns the process's
// exit code.
func Command(m *testing.M, binary *string, packaged string) int {
	// A package that is called command has its name from the folder around it.
	name := filepath.Base(strings.TrimSuffix(packaged, "/command"))

	return run(m, binary, func() (string, error) { return Build(packaged, name) })
}

func run(m *testing.M, built *string, build func() (string, error)) int {
	var err error
	if *built, err = build(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)

		return 1
	}

	return m.Run()
}

// done has a func() (string, error) for each file that this process has built.
var done sync.Map //nolint:gochecknoglobals // what is built is built for the whole process

// Build builds the command in a folder of this module into a file below .build, as the Makefile does, and returns the file's
// whole path. A process builds a file once; where it is up to date already, that takes a moment.
func Build(packaged, file string) (string, error) {
	once, _ := done.LoadOrStore(file, sync.OnceValues(func() (string, error) { return build(packaged, file) }))

	return once.(func() (string, error))()
}

// recipe is the line of the Makefile that says how everything is built.
var recipe = regexp.MustCompile(`(?m)^BUILD := (.+ )\$\(GO\)( build .+)$`)

func build(packaged, file string) (path string, err error) {
	makefile, err := os.ReadFile(filepath.Join(root(), "Makefile"))
	if err != nil {
		return "", fmt.Errorf("read how to build %s: %w", packaged, err)
	}

	found := recipe.FindSubmatch(makefile)
	if found == nil {
		return "", errors.New("build a command: the Makefile has no line BUILD := … $(GO) build …")
	}

	release, err := lock(filepath.Join(root(), ".build"))
	if err != nil {
		return "", err
	}
	defer release()

	path = filepath.Join(root(), ".build", file)
	command := exec.Command("sh", "-c", string(found[1])+"go"+string(found[2])+` -o "$0" "$1"`, path, "./"+packaged) //nolint:gosec,noctx // the Makefile's own line
	command.Dir = root()

	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", packaged, err, output)
	}

	return path, nil
}

// lock waits until no other process builds into folder: the tests of several packages may begin with the same.
func lock(folder string) (release func(), err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // as make leaves it
		return nil, fmt.Errorf("make a folder for what is built: %w", err)
	}

	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // in this repository
	if err != nil {
		return nil, fmt.Errorf("open the lock of what is built: %w", err)
	}

	err = syscall.EINTR
	for errors.Is(err, syscall.EINTR) {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the lock of what is built: %w", err), file.Close())
	}

	return func() { _ = file.Close() }, nil // which unlocks it
}

// root is the repository's folder: that of the go.mod above the test's package.
var root = sync.OnceValue(func() string { //nolint:gochecknoglobals // it is one
	output, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		panic("find the repository: " + err.Error())
	}

	return filepath.Dir(strings.TrimSpace(string(output)))
})
