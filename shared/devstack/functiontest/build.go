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

// Binaries builds every function as it is deployed, and returns the folder with a folder for each, which has its bootstrap.
func Binaries() (string, error) {
	mains, err := filepath.Glob(filepath.Join(root(), "functions", "*", "main.go"))

	for _, main := range mains {
		function := filepath.Base(filepath.Dir(main))
		if _, err = Build("functions/"+function, function+"/bootstrap"); err != nil {
			return "", err
		}
	}

	return filepath.Join(root(), ".build"), err
}

// Main runs a package's tests with every function built, puts the folder of [Binaries] into folder, and returns the exit code.
func Main(m *testing.M, folder *string) int {
	var err error
	if *folder, err = Binaries(); err != nil {
		panic(err)
	}

	return m.Run()
}

// Command runs a package's tests with a command of this module built, puts its file into binary, and returns the exit code.
func Command(m *testing.M, binary *string, packaged string) int {
	var err error
	// A package that is called command has its name from the folder around it.
	if *binary, err = Build(packaged, filepath.Base(strings.TrimSuffix(packaged, "/command"))); err != nil {
		panic(err)
	}

	return m.Run()
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
