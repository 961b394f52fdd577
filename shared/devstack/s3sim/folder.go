package s3sim

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	folderMode = 0o755
	fileMode   = 0o644

	// draft is a content on its way, of which there is one at a time. No bucket's name begins with a dot.
	draft = ".s3sim-draft"
)

// folder keeps contents by name, "bucket/key", which is their path. It reaches nothing outside itself.
type folder struct{ *os.Root }

// stamp tells one content of a name from the next.
type stamp struct {
	size     int64
	modified time.Time
}

// legalKey reports whether a key can be the path of a file below its bucket.
func legalKey(key string) bool {
	const longestKey = 1024 // S3's
	unfit := func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' }

	return key != "." && fs.ValidPath(key) && len(key) <= longestKey && !strings.ContainsFunc(key, unfit)
}

// names returns the names in a bucket that begin with prefix, in the order of their bytes.
func (f folder) names(bucket, prefix string) ([]string, error) {
	var names []string
	err := fs.WalkDir(f.FS(), bucket, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasPrefix(name, bucket+"/"+prefix) {
			names = append(names, name)
		}

		return err
	})
	slices.Sort(names)

	return names, err
}

// isAbsent reports whether there is no such file, also because a file stands where a folder should, or no file can have the name.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}

// stat returns [fs.ErrNotExist] where there is no such file.
func (f folder) stat(name string) (stamp, error) {
	info, err := f.Lstat(name)
	if isAbsent(err) || err == nil && !info.Mode().IsRegular() {
		return stamp{}, fs.ErrNotExist
	}
	if err != nil {
		return stamp{}, err
	}

	return stamp{info.Size(), info.ModTime()}, nil
}

// write writes a draft and renames it, so that a process that is killed in the middle leaves the old content.
func (f folder) write(name string, content []byte) error {
	err := f.WriteFile(draft, content, fileMode)
	if err == nil {
		err = f.MkdirAll(path.Dir(name), folderMode)
	}
	if err == nil {
		err = f.Rename(draft, name)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENAMETOOLONG) || errors.Is(err, fs.ErrExist) {
		err = invalidArgument("objects are files here: a name is too long, or would be a file where a folder is, or the other way round")
	}

	return errors.Join(err, f.Remove(draft))
}

// remove removes the file, if there is one, and the folders that it leaves empty: S3 knows no folders.
func (f folder) remove(name string) error {
	if _, err := f.stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := f.Remove(name); err != nil {
		return err
	}
	for above := path.Dir(name); strings.Contains(above, "/") && f.Remove(above) == nil; {
		above = path.Dir(above)
	}

	return nil
}
