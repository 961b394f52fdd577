package exporttest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
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
	Documents export.Documents
	Parts     export.Parts
	// ListDenied says that the stores do not tell what they have.
	ListDenied bool
	// ChecksumUnread says that the stores take a part whatever its checksum is. S3 refuses one that does not match.
	ChecksumUnread bool
}

// racers is how many writers run against each other where one may win.
const racers = 8

const (
	document = "users/e1/checkpoint.json"
	partName = "part-000001-a.jsonl.gz"
)

// Semantics tests a pair of stores for what the engine builds its safety on. newStores returns empty ones for each test,
// which may use them from several goroutines.
func Semantics(t *testing.T, newStores func(t *testing.T) Stores) {
	t.Helper()

	for name, show := range map[string]func(tested){
		"a document that is not there is absent":                     tested.absent,
		"a document is created once and read back":                   tested.created,
		"a document is replaced by its tag alone":                    tested.replaced,
		"a document that is not there is not replaced":               tested.notReplaced,
		"one of several creators wins":                               tested.createRace,
		"one of several replacers with one tag wins":                 tested.replaceRace,
		"an export's documents are listed, and no other's":           tested.names,
		"an export's parts are listed with their size, and no other": tested.parts,
		"a part is deleted, and may be deleted again":                tested.deleted,
		"a part that does not match its checksum is refused":         tested.mismatched,
		"addresses fit together":                                     tested.addresses,
		"an ended context is a failure, and nothing is written":      tested.ended,
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

func (s tested) absent() {
	_, _, err := s.Documents.Read(s.Context(), document)
	s.wantError("reading what is not there", err, export.ErrAbsent)
}

func (s tested) created() {
	body := []byte("first")
	tag := s.written(s.Documents.Create(s.Context(), document, body))
	copy(body, "xxxxx") // the store keeps what was written, not the caller's memory

	s.wantDocument("first", tag)

	_, err := s.Documents.Create(s.Context(), document, []byte("second"))
	s.wantError("creating it again", err, export.ErrConflict)
	s.wantDocument("first", tag)
}

func (s tested) replaced() {
	first := s.written(s.Documents.Create(s.Context(), document, []byte("first")))
	second := s.written(s.Documents.Replace(s.Context(), document, first, []byte("second")))

	if first == second {
		s.Errorf("two contents have one tag, %s", first)
	}

	_, err := s.Documents.Replace(s.Context(), document, first, []byte("third"))
	s.wantError("replacing by an old tag", err, export.ErrConflict)
	s.wantDocument("second", second)
}

func (s tested) notReplaced() {
	tag := s.written(s.Documents.Create(s.Context(), "users/other/checkpoint.json", []byte("first")))
	_, err := s.Documents.Replace(s.Context(), document, tag, []byte("second"))

	// Who may not list does not learn what is missing.
	if !s.ListDenied || !failure.Is(err, failure.StorageUnavailable) {
		s.wantError("replacing what is not there", err, export.ErrAbsent)
	}

	s.absent()
}

func (s tested) createRace() {
	s.race(func(ctx context.Context, body []byte) (string, error) { return s.Documents.Create(ctx, document, body) })
}

func (s tested) replaceRace() {
	tag := s.written(s.Documents.Create(s.Context(), document, []byte("first")))
	s.race(func(ctx context.Context, body []byte) (string, error) {
		return s.Documents.Replace(ctx, document, tag, body)
	})
}

// race lets several write at once and wants one of them to win, and what it wrote to be there.
func (s tested) race(write func(ctx context.Context, body []byte) (string, error)) {
	s.Helper()

	type win struct{ body, tag string }

	var running sync.WaitGroup

	wins := make(chan win, racers)
	for racer := range racers {
		running.Go(func() {
			body := fmt.Sprintf("writer %d", racer)
			if tag, err := write(s.Context(), []byte(body)); err == nil {
				wins <- win{body, tag}
			} else {
				s.wantError("a writer that lost", err, export.ErrConflict)
			}
		})
	}

	running.Wait()

	if len(wins) != 1 {
		s.Fatalf("%d of %d writers won, want 1", len(wins), racers)
	}

	won := <-wins
	s.wantDocument(won.body, won.tag)
}

func (s tested) names() {
	for _, name := range []string{document, "users/e1/manifest.json", "users/e11/checkpoint.json", "users/latest.json"} {
		s.written(s.Documents.Create(s.Context(), name, []byte("{}")))
	}

	for id, want := range map[string][]string{"e1": {document, "users/e1/manifest.json"}, "e": nil} {
		got, err := s.Documents.Names(s.Context(), "users", id)
		wantListed(s, "documents of "+id, want, got, err)
	}
}

func (s tested) parts() {
	s.written("", s.put("e1", partName, "one"))
	s.written("", s.put("e1", "part-000002-a.jsonl.gz", "three"))
	s.written("", s.put("e11", partName, "other"))

	s.wantParts("e1", export.StoredPart{Name: partName, Bytes: 3}, export.StoredPart{Name: "part-000002-a.jsonl.gz", Bytes: 5})
	s.wantParts("e")
}

func (s tested) deleted() {
	s.written("", s.put("e1", partName, "one"))

	for range 2 {
		s.written("", s.Parts.Delete(s.Context(), "users", "e1", partName))
	}

	s.wantParts("e1")
}

func (s tested) mismatched() {
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

	if got, want := "s3://"+bucket+"/"+s.Parts.Key("users", "e1", "name"), location+"name"; got != want {
		s.Errorf("a part lies at %s, want %s", got, want)
	}

	if !strings.HasSuffix(location, "/users/export_id=e1/") {
		s.Errorf("parts lie below %s, want …/users/export_id=e1/", location)
	}

	if got, want := s.Documents.URI(document), "/_state/"+document; !strings.HasPrefix(got, "s3://"+bucket+"/") || !strings.HasSuffix(got, want) {
		s.Errorf("a document lies at %s, want s3://%s/…%s", got, bucket, want)
	}
}

func (s tested) ended() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()

	_, err := s.Documents.Create(ctx, document, []byte("{}"))
	s.wantUnavailable("writing a document", err)

	sum := sha256.Sum256([]byte("one"))
	s.wantUnavailable("writing a part", s.Parts.Put(ctx, "users", "e1", partName, []byte("one"), sum[:]))

	s.absent()
	s.wantParts("e1")
}

func (s tested) put(id, name, body string) error {
	sum := sha256.Sum256([]byte(body))
	return s.Parts.Put(s.Context(), "users", id, name, []byte(body), sum[:])
}

// written wants no error of a write, and returns the tag.
func (s tested) written(tag string, err error) string {
	s.Helper()

	if err != nil {
		s.Fatal(err)
	}

	return tag
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
