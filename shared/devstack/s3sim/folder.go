package s3sim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

const (
	folderMode = 0o755
	fileMode   = 0o644

	// draft is a content on its way, of which there is one at a time. No bucket's name begins with a dot.
	draft = ".s3sim-draft"
)

// folder is files on a disk: <root>/<bucket>/<key>. It reaches nothing outside its root.
type folder struct{ root *os.Root }

func openFolder(name string) (folder, error) {
	if err := os.MkdirAll(name, folderMode); err != nil {
		return folder{}, fmt.Errorf("make the folder of the object store: %w", err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return folder{}, fmt.Errorf("open the folder of the object store: %w", err)
	}

	return folder{root}, nil
}

func (f folder) close() error { return f.root.Close() }

func (f folder) addBucket(bucket string) error { return f.root.MkdirAll(bucket, folderMode) }

func (f folder) hasBucket(bucket string) bool {
	info, err := f.root.Stat(bucket)

	return err == nil && info.IsDir()
}

func (f folder) names(bucket, prefix string) ([]string, error) {
	prefix = bucket + "/" + prefix

	var names []string
	err := fs.WalkDir(f.root.FS(), path.Dir(prefix+"x"), func(name string, entry fs.DirEntry, err error) error {
		if isAbsent(err) || errors.Is(err, fs.ErrInvalid) { // as the path of the prefix "../../" is
			return nil
		}
		if err == nil && entry.Type().IsRegular() && strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}

		return err
	})
	slices.Sort(names)

	return names, err
}

// isAbsent reports whether there is no such file, also because a file stands where a folder should.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func (f folder) stat(name string) (stamp, error) {
	info, err := f.root.Lstat(name)
	if isAbsent(err) || err == nil && !info.Mode().IsRegular() {
		return stamp{}, fs.ErrNotExist
	}
	if err != nil {
		return stamp{}, err
	}

	return stamp{info.Size(), info.ModTime()}, nil
}

func (f folder) read(name string) ([]byte, error) { return f.root.ReadFile(name) }

// write writes a draft and renames it, so that a process that is killed in the middle leaves the old content. What it left of
// its draft is overwritten by the next one.
func (f folder) write(name string, content []byte) error {
	err := f.root.WriteFile(draft, content, fileMode)
	if err == nil {
		err = f.root.MkdirAll(path.Dir(name), folderMode)
	}
	if err == nil {
		err = f.root.Rename(draft, name)
	}

	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, fs.ErrExist):
		err = invalidArgument("objects are files here, and this key would be a file where a folder is, or the other way round")
	}

	return errors.Join(err, f.root.Remove(draft))
}

// remove removes the file, and the folders that it leaves empty: S3 knows no folders.
func (f folder) remove(name string) error {
	if _, err := f.stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := f.root.Remove(name); err != nil {
		return err
	}
	for above := path.Dir(name); strings.Contains(above, "/") && f.root.Remove(above) == nil; {
		above = path.Dir(above)
	}

	return nil
}
