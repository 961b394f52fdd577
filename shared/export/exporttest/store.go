package exporttest

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"genesys-cloud-export/shared/export"
)

// Where a [Store] keeps things, as the contract lays a bucket out.
const (
	Bucket = "bucket"

	prefix = "exports/"
	root   = prefix + "_state/"
)

// DocumentKey is the object key of a document.
func DocumentKey(name string) string { return root + name }

// PartsFolder is the folder of an export's parts, with a slash at its end.
func PartsFolder(listing, id string) string { return prefix + listing + "/export_id=" + id + "/" }

// Store is a bucket in memory, used by any number of processes at once. Writes are seen at once; a tag is never used again.
type Store struct {
	ListDenied bool // callers may not list it, and do not learn what is missing, either
	Forgetful  bool // parts are not kept, only their sizes, and nor is the journal

	mu      sync.Mutex
	objects map[string]object
	tags    int
	late    []func() error
	journal []Change
}

type object struct {
	body []byte
	size int
	tag  string // of what is not there: ""
}

// Change is one change of the store, in the order in which they happened.
type Change struct {
	Key  string
	Body []byte // nil: it was deleted
}

// NewStore returns an empty store.
func NewStore() *Store { return &Store{objects: make(map[string]object)} }

// Of returns the store as a process sees it; nil is one that meets no faults.
func (s *Store) Of(process *Process) (export.Documents, export.Parts) {
	b := bucket{s, process}
	return b, b
}

// Land does the writes that were left for later, each if its condition still holds.
func (s *Store) Land() {
	s.mu.Lock()
	late := s.late
	s.late = nil
	s.mu.Unlock()

	for _, do := range late {
		_ = do() // nobody waits for the reply
	}
}

// Object returns the object of a key, and whether there is one.
func (s *Store) Object(key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	found, there := s.objects[key]

	return bytes.Clone(found.body), there
}

// Keys returns the keys that begin with prefix, sorted.
func (s *Store) Keys(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.keys(prefix)
}

// Edit writes an object as somebody does by hand, without a condition and outside of every process.
func (s *Store) Edit(key string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.put(key, body)
}

// Remove deletes an object as somebody does by hand.
func (s *Store) Remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.remove(key)
}

// Journal returns every change since the store was made.
func (s *Store) Journal() []Change {
	s.mu.Lock()
	defer s.mu.Unlock()

	return slices.Clone(s.journal)
}

func (s *Store) keys(prefix string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.objects)), func(key string) bool { return !strings.HasPrefix(key, prefix) })
}

// put returns the new tag.
func (s *Store) put(key string, body []byte) string {
	s.tags++

	written := object{body: bytes.Clone(body), size: len(body), tag: `"` + strconv.Itoa(s.tags) + `"`}
	if s.Forgetful && !strings.HasPrefix(key, root) {
		written.body = nil
	}

	s.objects[key] = written
	s.note(Change{Key: key, Body: written.body})

	return written.tag
}

func (s *Store) remove(key string) {
	if _, there := s.objects[key]; there {
		delete(s.objects, key)
		s.note(Change{Key: key})
	}
}

func (s *Store) note(change Change) {
	if !s.Forgetful {
		s.journal = append(s.journal, change)
	}
}
