package s3sim

import (
	"io/fs"
	"slices"
	"strings"
	"time"
)

// files is where contents lie, by "bucket/key". What is not there is [fs.ErrNotExist]. Its callers have the endpoint's lock.
type files interface {
	addBucket(bucket string) error
	hasBucket(bucket string) bool
	// names returns the names below a bucket whose keys begin with prefix, in the order of their bytes.
	names(bucket, prefix string) ([]string, error)
	stat(name string) (stamp, error)
	read(name string) ([]byte, error)
	// write makes content the one of a name, at once and entirely.
	write(name string, content []byte) error
	// remove removes a name; one that is not there is removed already.
	remove(name string) error
	close() error
}

// stamp tells one content of a name from the next.
type stamp struct {
	size     int64
	modified time.Time
}

func (s stamp) equals(other stamp) bool {
	return s.size == other.size && s.modified.Equal(other.modified)
}

// legalKey reports whether a key can be the path of a file below its bucket.
func legalKey(key string) bool {
	const longestKey, longestLevel = 1024, 255
	unfit := func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' }
	long := func(level string) bool { return len(level) > longestLevel }

	return key != "." && fs.ValidPath(key) && len(key) <= longestKey && !strings.ContainsFunc(key, unfit) &&
		!slices.ContainsFunc(strings.Split(key, "/"), long)
}

// memory is files that are gone with the process. A bucket is in it by its own name.
type memory map[string]inMemory

type inMemory struct {
	content  []byte
	modified time.Time
}

func (m memory) addBucket(bucket string) error {
	m[bucket] = inMemory{}

	return nil
}

func (m memory) hasBucket(bucket string) bool {
	_, there := m[bucket]

	return there
}

func (m memory) names(bucket, prefix string) ([]string, error) {
	var names []string
	for name := range m {
		if strings.HasPrefix(name, bucket+"/"+prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)

	return names, nil
}

func (m memory) stat(name string) (stamp, error) {
	there, is := m[name]
	if !is {
		return stamp{}, fs.ErrNotExist
	}

	return stamp{int64(len(there.content)), there.modified}, nil
}

func (m memory) read(name string) ([]byte, error) { return m[name].content, nil }

func (m memory) write(name string, content []byte) error {
	m[name] = inMemory{content, time.Now()}

	return nil
}

func (m memory) remove(name string) error {
	delete(m, name)

	return nil
}

func (memory) close() error { return nil }
