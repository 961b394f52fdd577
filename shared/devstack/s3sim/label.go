package s3sim

import (
	"bytes"
	"crypto/md5" //nolint:gosec // S3's ETag is the MD5 of the content
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

// label is what a folder keeps of an object beside its file. It fits the file of its size and time alone.
type label struct {
	Name     string            `json:"name"`
	Size     int64             `json:"size"`
	Modified time.Time         `json:"modified"`
	MD5      []byte            `json:"md5"`
	Headers  map[string]string `json:"headers"`
}

// labelName returns where the label of a file lies: under a hash, so that every name has one of its own.
func labelName(name string) string {
	sum := sha256.Sum256([]byte(name))
	digits := hex.EncodeToString(sum[:])

	return labelFolder + "/" + digits[:2] + "/" + digits[2:] + ".json"
}

// describe returns the object of an open file, by its label. Where the label is missing or does not fit, somebody wrote
// the file by hand: then its content speaks for itself, and a new label remembers what it said.
func (f *folder) describe(name, key string, file *os.File) (*object, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at an object's file: %w", err)
	}
	found := &object{key: key, size: info.Size(), modified: info.ModTime()}
	if l, fits := f.readLabel(name, info); fits {
		found.md5, found.headers = l.MD5, l.Headers

		return found, nil
	}

	sum := md5.New() //nolint:gosec // as above
	if _, err := io.Copy(sum, file); err != nil {
		return nil, fmt.Errorf("read an object's file: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read an object's file: %w", err)
	}
	found.md5, found.headers = sum.Sum(nil), storedHeaders(nil)

	return found, f.writeLabel(name, found)
}

func (f *folder) readLabel(name string, info fs.FileInfo) (label, bool) {
	var l label
	content, err := f.root.ReadFile(labelName(name))
	if err != nil || json.Unmarshal(content, &l) != nil {
		return label{}, false
	}
	fits := l.Name == name && l.Size == info.Size() && l.Modified.Equal(info.ModTime()) && len(l.MD5) == md5.Size

	return l, fits
}

func (f *folder) writeLabel(name string, o *object) error {
	content, err := json.Marshal(label{
		Name: name, Size: o.size, Modified: o.modified.UTC(), MD5: o.md5, Headers: o.headers,
	}, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("encode an object's label: %w", err)
	}

	target := labelName(name)
	staged := draftFolder + "/" + rand.Text()
	if err := f.root.MkdirAll(path.Dir(target), folderMode); err != nil {
		return fmt.Errorf("make a label's folder: %w", err)
	}
	if err := f.root.WriteFile(staged, bytes.TrimSpace(content), fileMode); err != nil {
		return fmt.Errorf("write an object's label: %w", err)
	}
	if err := f.root.Rename(staged, target); err != nil {
		return fmt.Errorf("give an object's label its name: %w", err)
	}

	return nil
}

// isAbsent reports whether an error says that there is no such file, also because a file stands where a folder should.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// legalKey reports whether a key can be the path of a file below its bucket.
func legalKey(key string) bool {
	const longestLevel = 255
	if key == "." || !fs.ValidPath(key) {
		return false
	}
	for level := range strings.SplitSeq(key, "/") {
		if len(level) > longestLevel {
			return false
		}
	}

	return !strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' })
}
