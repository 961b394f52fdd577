package s3sim

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// memory is a shelf that is gone with the process.
type memory struct{ byName map[string]*memoryBucket }

type memoryBucket struct {
	made    time.Time
	objects map[string]*memoryObject
}

type memoryObject struct {
	object

	content []byte
}

func newMemory() *memory { return &memory{byName: make(map[string]*memoryBucket)} }

func (m *memory) close() error { return nil }

func (m *memory) buckets() ([]gofakes3.BucketInfo, error) {
	var infos []gofakes3.BucketInfo
	for _, name := range slices.Sorted(maps.Keys(m.byName)) {
		infos = append(infos, gofakes3.BucketInfo{
			Name: name, CreationDate: gofakes3.NewContentTime(m.byName[name].made),
		})
	}

	return infos, nil
}

func (m *memory) hasBucket(bucket string) (bool, error) {
	_, found := m.byName[bucket]

	return found, nil
}

func (m *memory) addBucket(bucket string) error {
	m.byName[bucket] = &memoryBucket{made: time.Now(), objects: make(map[string]*memoryObject)}

	return nil
}

func (m *memory) dropBucket(bucket string) error {
	delete(m.byName, bucket)

	return nil
}

func (m *memory) keys(bucket, prefix string) ([]string, error) {
	there, found := m.byName[bucket]
	if !found {
		return nil, gofakes3.BucketNotFound(bucket)
	}
	keys := slices.Sorted(maps.Keys(there.objects))

	return slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, prefix) }), nil
}

func (m *memory) find(bucket, key string) (*memoryObject, error) {
	there, found := m.byName[bucket]
	if !found {
		return nil, gofakes3.BucketNotFound(bucket)
	}
	o, found := there.objects[key]
	if !found {
		return nil, gofakes3.KeyNotFound(key)
	}

	return o, nil
}

func (m *memory) stat(bucket, key string) (*object, error) {
	o, err := m.find(bucket, key)
	if err != nil {
		return nil, err
	}

	return &o.object, nil
}

func (m *memory) open(bucket, key string) (*object, io.ReadSeekCloser, error) {
	o, err := m.find(bucket, key)
	if err != nil {
		return nil, nil, err
	}

	return &o.object, memoryReader{bytes.NewReader(o.content)}, nil
}

type memoryReader struct{ *bytes.Reader }

func (memoryReader) Close() error { return nil }

type memoryDraft struct{ bytes.Buffer }

func (*memoryDraft) discard() {}

func (m *memory) stage() (draft, error) { return &memoryDraft{}, nil }

func (m *memory) place(bucket, key string, d draft, o object) error {
	o.key, o.modified = key, time.Now()
	m.byName[bucket].objects[key] = &memoryObject{object: o, content: d.(*memoryDraft).Bytes()}

	return nil
}

func (m *memory) remove(bucket, key string) error {
	delete(m.byName[bucket].objects, key)

	return nil
}
