package exporttest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Stores is what an export is kept in.
type Stores struct {
	Documents      export.Documents
	Parts          export.Parts
	ListDenied     bool // the stores may not be listed
	ChecksumUnread bool // they take a part whatever its checksum is; S3 refuses one that does not match
}

const (
	racers   = 8 // how many writers run against each other where one may win
	document = "users/e1/checkpoint.json"
	partName = "part-000001-a.jsonl.gz"
)

// Semantics tests a pair of stores for what the engine builds its safety on. newStores returns empty ones for each test,
// which may use them from several goroutines.
func Semantics(t *testing.T, newStores func(t *testing.T) Stores) {
	t.Helper()

	for name, show := range map[string]func(tested){
		"a document is created once":                            tested.createsOnce,
		"a document is replaced by its tag alone":               tested.replacesByTag,
		"one of several writers wins":                           tested.letsOneWin,
		"an export's documents are listed, and no other's":      tested.listsDocuments,
		"an export's parts are listed until they are deleted":   tested.listsParts,
		"a part that does not match its checksum is refused":    tested.checksSums,
		"addresses fit together":                                tested.addresses,
		"an ended context is a failure, and nothing is written": tested.endsWithItsContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			show(tested{t, newStores(t)})
		})
	}
}

// tested is a pair of stores in one test.
type tested struct {
	*testing.T
	Stores
}

func (s tested) createsOnce() {
	s.wantAbsent()

	body := []byte("first")
	tag := s.written(s.Documents.Create(s.Context(), document, body))
	copy(body, "xxxxx") // the store keeps what was written, not the caller's memory

	s.wantDocument("first", tag)

	_, err := s.Documents.Create(s.Context(), document, []byte("second"))
	s.wantError("creating it again", err, export.ErrConflict)
	s.wantDocument("first", tag)
}

func (s tested) replacesByTag() {
	other := s.written(s.Documents.Create(s.Context(), "users/other/checkpoint.json", []byte("other")))

	// Who may not list does not learn what is missing.
	_, err := s.Documents.Replace(s.Context(), document, other, []byte("second"))
	if !s.ListDenied || !failure.Is(err, failure.StorageUnavailable) {
		s.wantError("replacing what is not there", err, export.ErrAbsent)
	}

	s.wantAbsent()

	first := s.written(s.Documents.Create(s.Context(), document, []byte("first")))
	second := s.written(s.Documents.Replace(s.Context(), document, first, []byte("second")))

	if first == second {
		s.Errorf("two contents have one tag, %s", first)
	}

	_, err = s.Documents.Replace(s.Context(), document, first, []byte("third"))
	s.wantError("replacing by an old tag", err, export.ErrConflict)
	s.wantDocument("second", second)
}

func (s tested) letsOneWin() {
	tag := s.race("creator", func(body []byte) (string, error) { return s.Documents.Create(s.Context(), document, body) })
	s.race("replacer", func(body []byte) (string, error) { return s.Documents.Replace(s.Context(), document, tag, body) })
}

// race lets several of a name write at once, each its own content, wants one to win, and returns its tag.
func (s tested) race(name string, write func(body []byte) (string, error)) string {
	s.Helper()

	var running sync.WaitGroup

	tags, errs := make([]string, racers), make([]error, racers)
	for n := range racers {
		running.Go(func() { tags[n], errs[n] = write(fmt.Appendf(nil, "%s %d", name, n)) })
	}

	running.Wait()

	winner := slices.Index(errs, nil)
	if winner < 0 {
		s.Fatalf("no %s won", name)
	}

	for n, err := range errs {
		if n != winner {
			s.wantError("a writer that lost", err, export.ErrConflict)
		}
	}

	s.wantDocument(fmt.Sprintf("%s %d", name, winner), tags[winner])

	return tags[winner]
}

func (s tested) listsDocuments() {
	for _, name := range []string{document, "users/e1/manifest.json", "users/e11/checkpoint.json", "users/latest.json"} {
		s.written(s.Documents.Create(s.Context(), name, []byte("{}")))
	}

	for id, want := range map[string][]string{"e1": {document, "users/e1/manifest.json"}, "e": nil} {
		got, err := s.Documents.Names(s.Context(), "users", id)
		wantListed(s, "documents of "+id, want, got, err)
	}
}

func (s tested) listsParts() {
	s.written("", s.put(s.Context(), "e1", partName, "one"))
	s.written("", s.put(s.Context(), "e1", "part-000002-a.jsonl.gz", "three"))
	s.written("", s.put(s.Context(), "e11", partName, "other"))

	one, three := export.StoredPart{Name: partName, Bytes: 3}, export.StoredPart{Name: "part-000002-a.jsonl.gz", Bytes: 5}
	s.wantParts("e1", one, three)
	s.wantParts("e")

	for range 2 { // deleting again is no error
		s.written("", s.Parts.Delete(s.Context(), "users", "e1", partName))
		s.wantParts("e1", three)
	}
}

func (s tested) checksSums() {
	wrong := sha256.Sum256([]byte("another"))

	err := s.Parts.Put(s.Context(), "users", "e1", partName, []byte("one"), wrong[:])
	if s.ChecksumUnread {
		s.written("", err)
		return
	}

	s.wantUnavailable("writing a part with another's checksum", err)
	s.wantParts("e1")
}

func (s tested) addresses() {
	location := s.Parts.Location("users", "e1")
	bucket, _, _ := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")
	prefix := strings.TrimSuffix(location, "users/export_id=e1/")

	want := []string{prefix + "users/export_id=e1/", location + "name", prefix + "_state/" + document}
	got := []string{location, "s3://" + bucket + "/" + s.Parts.Key("users", "e1", "name"), s.Documents.URI(document)}

	if diff := cmp.Diff(want, got); diff != "" || !strings.HasPrefix(location, "s3://") {
		s.Errorf("the addresses (-want +got):\n%s", diff)
	}
}

func (s tested) endsWithItsContext() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()

	_, err := s.Documents.Create(ctx, document, []byte("{}"))
	s.wantUnavailable("writing a document", err)
	s.wantUnavailable("writing a part", s.put(ctx, "e1", partName, "one"))
	s.wantAbsent()
	s.wantParts("e1")
}

func (s tested) put(ctx context.Context, id, name, body string) error {
	sum := sha256.Sum256([]byte(body))
	return s.Parts.Put(ctx, "users", id, name, []byte(body), sum[:])
}

// written wants no error of a write, and returns the tag.
func (s tested) written(tag string, err error) string {
	s.Helper()

	if err != nil {
		s.Fatal(err)
	}

	return tag
}

func (s tested) wantAbsent() {
	s.Helper()

	_, _, err := s.Documents.Read(s.Context(), document)
	s.wantError("reading what is not there", err, export.ErrAbsent)
}

func (s tested) wantError(doing string, err, want error) {
	s.Helper()

	if !errors.Is(err, want) {
		s.Errorf("%s: got %v, want %v", doing, err, want)
	}
}

func (s tested) wantUnavailable(doing string, err error) {
	s.Helper()

	if !failure.Is(err, failure.StorageUnavailable) {
		s.Errorf("%s: got %v, want %s", doing, err, failure.StorageUnavailable)
	}
}

func (s tested) wantDocument(body, tag string) {
	s.Helper()

	stored, storedTag, err := s.Documents.Read(s.Context(), document)
	if err != nil || string(stored) != body || storedTag != tag {
		s.Errorf("the document: got %q with tag %s and %v, want %q with tag %s", stored, storedTag, err, body, tag)
	}
}

func (s tested) wantParts(id string, want ...export.StoredPart) {
	s.Helper()

	got, err := s.Parts.List(s.Context(), "users", id)
	wantListed(s, "parts of "+id, want, got, err)
}

// wantListed wants what a list returned to be want, or the list to be denied where it is.
func wantListed[T any](s tested, what string, want, got []T, err error) {
	s.Helper()

	if s.ListDenied {
		s.wantError(what, err, export.ErrListDenied)
		return
	}

	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
		s.Errorf("%s (-want +got), %v:\n%s", what, err, diff)
	}
}
