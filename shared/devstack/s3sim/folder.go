package s3sim

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// Where a folder keeps what is no object. No bucket's name begins with a dot.
const (
	ownFolder   = ".s3sim"
	draftFolder = ownFolder + "/drafts"
	labelFolder = ownFolder + "/labels"
)

const (
	folderMode = 0o755
	fileMode   = 0o644
)

// folder is a shelf of plain files: <root>/<bucket>/<key>. It reaches nothing outside its root, whatever a key says.
//
// A key must be a path of its own: one that has empty, "." or ".." levels, backslashes or control characters, or that
// would be file and folder at once, is refused when it is put.
type folder struct{ root *os.Root }

func openFolder(name string) (*folder, error) {
	if err := os.MkdirAll(name, folderMode); err != nil {
		return nil, fmt.Errorf("make the folder of the object store: %w", err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the object store: %w", err)
	}

	err = root.RemoveAll(draftFolder)
	for _, own := range []string{draftFolder, labelFolder} {
		err = errors.Join(err, root.MkdirAll(own, folderMode))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the folder of the object store: %w", err), root.Close())
	}

	return &folder{root: root}, nil
}

func (f *folder) close() error { return f.root.Close() }

func (f *folder) buckets() ([]gofakes3.BucketInfo, error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, err
	}

	var infos []gofakes3.BucketInfo
	for _, entry := range entries {
		if !entry.IsDir() || !legalBucket(entry.Name()) {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		infos = append(infos, gofakes3.BucketInfo{
			Name: entry.Name(), CreationDate: gofakes3.NewContentTime(info.ModTime()),
		})
	}

	return infos, nil
}

func (f *folder) hasBucket(bucket string) (bool, error) {
	if !legalBucket(bucket) {
		return false, nil
	}
	info, err := f.root.Stat(bucket)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}

	return info.IsDir(), nil
}

func legalBucket(name string) bool { return gofakes3.ValidateBucketName(name) == nil }

func (f *folder) addBucket(bucket string) error { return f.root.Mkdir(bucket, folderMode) }

func (f *folder) dropBucket(bucket string) error { return f.root.RemoveAll(bucket) }

func (f *folder) keys(bucket, prefix string) ([]string, error) {
	start := bucket
	if parent, _, nested := cutLast(prefix); nested {
		start = bucket + "/" + parent
		if !fs.ValidPath(start) {
			return nil, nil
		}
	}

	var keys []string
	err := fs.WalkDir(f.root.FS(), start, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		key := strings.TrimPrefix(name, bucket+"/")
		if entry.Type().IsRegular() && strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}

		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list bucket %s: %w", bucket, err)
	}
	slices.Sort(keys)

	return keys, nil
}

// cutLast splits a path at its last slash.
func cutLast(name string) (before, after string, found bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name, false
	}

	return name[:i], name[i+1:], true
}

func (f *folder) stat(bucket, key string) (*object, error) {
	found, content, err := f.open(bucket, key)
	if err != nil {
		return nil, err
	}

	return found, content.Close()
}

func (f *folder) open(bucket, key string) (*object, io.ReadSeekCloser, error) {
	if !legalKey(key) {
		return nil, nil, gofakes3.KeyNotFound(key)
	}
	name := bucket + "/" + key
	info, err := f.root.Lstat(name)
	if isAbsent(err) || err == nil && !info.Mode().IsRegular() {
		return nil, nil, gofakes3.KeyNotFound(key)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look at an object's file: %w", err)
	}
	file, err := f.root.Open(name)
	if isAbsent(err) {
		return nil, nil, gofakes3.KeyNotFound(key)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open an object's file: %w", err)
	}

	found, err := f.describe(name, key, file)
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}

	return found, file, nil
}

// folderDraft is a file in the draft folder.
type folderDraft struct {
	*os.File

	root   *os.Root
	name   string
	placed bool
}

func (f *folder) stage() (draft, error) {
	name := draftFolder + "/" + rand.Text()
	file, err := f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return nil, fmt.Errorf("begin a draft: %w", err)
	}

	return &folderDraft{File: file, root: f.root, name: name}, nil
}

func (d *folderDraft) discard() {
	if d.placed {
		return
	}
	_ = d.Close()
	_ = d.root.Remove(d.name)
}

// place writes the label first: a process killed in between leaves the old file with a label that does not fit it, which
// is noticed, and never a new file that is described wrongly.
func (f *folder) place(bucket, key string, d draft, o object) error {
	own := d.(*folderDraft)
	name := bucket + "/" + key
	if !legalKey(key) {
		return gofakes3.ErrorMessage(gofakes3.ErrInvalidArgument,
			"objects are files here, and no file can have this key as its path")
	}
	if info, err := f.root.Lstat(name); err == nil && info.IsDir() {
		return f.conflict()
	}
	if err := f.root.MkdirAll(path.Dir(name), folderMode); err != nil {
		if isAbsent(err) || errors.Is(err, fs.ErrExist) {
			return f.conflict()
		}

		return fmt.Errorf("make an object's folder: %w", err)
	}

	info, err := own.Stat()
	if err != nil {
		return fmt.Errorf("look at a draft: %w", err)
	}
	if err := own.Close(); err != nil {
		return fmt.Errorf("close a draft: %w", err)
	}
	o.key, o.modified = key, info.ModTime()
	if err := f.writeLabel(name, &o); err != nil {
		return err
	}
	if err := f.root.Rename(own.name, name); err != nil {
		return fmt.Errorf("give a draft its name: %w", err)
	}
	own.placed = true

	return nil
}

func (f *folder) conflict() error {
	return gofakes3.ErrorMessage(gofakes3.ErrInvalidArgument,
		"objects are files here, and this key would be a file where a folder is, or the other way round")
}

// remove removes the file, and the folders that it leaves empty: S3 knows no folders.
func (f *folder) remove(bucket, key string) error {
	name := bucket + "/" + key
	if !legalKey(key) {
		return nil
	}
	if info, err := f.root.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err := f.root.Remove(name); err != nil && !isAbsent(err) {
		return fmt.Errorf("remove an object's file: %w", err)
	}
	_ = f.root.Remove(labelName(name))
	f.prune(path.Dir(name), bucket)

	return nil
}

// prune removes a folder, and those above it below the bucket, as far as they are empty.
func (f *folder) prune(name, bucket string) {
	for name != bucket && f.root.Remove(name) == nil {
		name = path.Dir(name)
	}
}
