package exporttest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"genesys-cloud-export/shared/export"
	"genesys-cloud-export/shared/failure"

	"github.com/google/go-cmp/cmp"
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

// Semantics holds a pair of stores to what the engine builds its safety on. newStores returns empty ones for each test,
// which may use them from several goroutines.
func Semantics(t *testing.T, newStores func(t *testing.T) Stores) {
	t.Helper()

	for name, check := range map[string]func(*testing.T, Stores){
		"a document that is not there is absent":                     absent,
		"a document is created once and read back":                   created,
		"a document is replaced by its tag alone":                    replaced,
		"a document that is not there is not replaced":               notReplaced,
		"one of several creators wins":                               createRace,
		"one of several replacers with one tag wins":                 replaceRace,
		"an export's documents are listed, and no other's":           names,
		"an export's parts are listed with their size, and no other": parts,
		"a part is deleted, and may be deleted again":                deleted,
		"a part that does not match its checksum is refused":         mismatched,
		"addresses fit together":                                     addresses,
		"an ended context is a failure, and nothing is written":      ended,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, newStores(t))
		})
	}
}

const document = "users/e1/checkpoint.json"

func absent(t *testing.T, s Stores) {
	if _, _, err := s.Documents.Read(t.Context(), document); !errors.Is(err, export.ErrAbsent) {
		t.Errorf("reading what is not there: got %v, want %v", err, export.ErrAbsent)
	}
}

func created(t *testing.T, s Stores) {
	body := []byte("first")
	tag := must(t)(s.Documents.Create(t.Context(), document, body))
	copy(body, "xxxxx") // the store keeps what was written, not the caller's memory

	holds(t, s, "first", tag)

	if _, err := s.Documents.Create(t.Context(), document, []byte("second")); !errors.Is(err, export.ErrConflict) {
		t.Errorf("creating it again: got %v, want %v", err, export.ErrConflict)
	}

	holds(t, s, "first", tag)
}

func replaced(t *testing.T, s Stores) {
	first := must(t)(s.Documents.Create(t.Context(), document, []byte("first")))
	second := must(t)(s.Documents.Replace(t.Context(), document, first, []byte("second")))

	if first == second {
		t.Errorf("two contents have one tag, %s", first)
	}

	if _, err := s.Documents.Replace(t.Context(), document, first, []byte("third")); !errors.Is(err, export.ErrConflict) {
		t.Errorf("replacing by an old tag: got %v, want %v", err, export.ErrConflict)
	}

	holds(t, s, "second", second)
}

func notReplaced(t *testing.T, s Stores) {
	tag := must(t)(s.Documents.Create(t.Context(), "users/other/checkpoint.json", []byte("first")))
	_, err := s.Documents.Replace(t.Context(), document, tag, []byte("second"))

	// Who may not list is not told what is missing.
	if !errors.Is(err, export.ErrAbsent) && (!s.ListDenied || !failure.Is(err, failure.StorageUnavailable)) {
		t.Errorf("replacing what is not there: got %v, want %v", err, export.ErrAbsent)
	}

	absent(t, s)
}

func createRace(t *testing.T, s Stores) {
	race(t, s, func(ctx context.Context, body []byte) (string, error) {
		return s.Documents.Create(ctx, document, body)
	})
}

func replaceRace(t *testing.T, s Stores) {
	tag := must(t)(s.Documents.Create(t.Context(), document, []byte("first")))

	race(t, s, func(ctx context.Context, body []byte) (string, error) {
		return s.Documents.Replace(ctx, document, tag, body)
	})
}

// race lets several write at once and wants one of them to win, and what it wrote to be there.
func race(t *testing.T, s Stores, write func(ctx context.Context, body []byte) (string, error)) {
	t.Helper()

	var (
		running sync.WaitGroup
		wins    atomic.Int64
		body    atomic.Value
		tag     atomic.Value
	)

	for racer := range racers {
		running.Go(func() {
			mine := fmt.Sprintf("writer %d", racer)

			switch won, err := write(t.Context(), []byte(mine)); {
			case err == nil:
				wins.Add(1)
				body.Store(mine)
				tag.Store(won)
			case !errors.Is(err, export.ErrConflict):
				t.Errorf("a writer that lost: got %v, want %v", err, export.ErrConflict)
			}
		})
	}

	running.Wait()

	if wins.Load() != 1 {
		t.Fatalf("%d of %d writers won, want 1", wins.Load(), racers)
	}

	holds(t, s, body.Load().(string), tag.Load().(string)) //nolint:forcetypeassert // stored above
}

func names(t *testing.T, s Stores) {
	for _, name := range []string{"users/e1/checkpoint.json", "users/e1/manifest.json", "users/e11/checkpoint.json", "users/latest.json"} {
		must(t)(s.Documents.Create(t.Context(), name, []byte("{}")))
	}

	got, err := s.Documents.Names(t.Context(), "users", "e1")
	if s.ListDenied {
		if !errors.Is(err, export.ErrListDenied) {
			t.Errorf("listing documents: got %v, want %v", err, export.ErrListDenied)
		}

		return
	}

	if err != nil {
		t.Fatal(err)
	}

	if diff := cmp.Diff([]string{"users/e1/checkpoint.json", "users/e1/manifest.json"}, got); diff != "" {
		t.Errorf("documents of e1 (-want +got):\n%s", diff)
	}

	if got, err := s.Documents.Names(t.Context(), "users", "e"); err != nil || len(got) != 0 {
		t.Errorf("documents of an export without any: got %v and %v, want none", got, err)
	}
}

func parts(t *testing.T, s Stores) {
	put(t, s, "e1", "part-000001-a.jsonl.gz", "one")
	put(t, s, "e1", "part-000002-a.jsonl.gz", "three")
	put(t, s, "e11", "part-000001-a.jsonl.gz", "other")

	want := []export.StoredPart{{Name: "part-000001-a.jsonl.gz", Bytes: 3}, {Name: "part-000002-a.jsonl.gz", Bytes: 5}}
	lists(t, s, "e1", want)
	lists(t, s, "e", nil)
}

func deleted(t *testing.T, s Stores) {
	put(t, s, "e1", "part-000001-a.jsonl.gz", "one")

	for range 2 {
		if err := s.Parts.Delete(t.Context(), "users", "e1", "part-000001-a.jsonl.gz"); err != nil {
			t.Fatal(err)
		}
	}

	lists(t, s, "e1", nil)
}

func mismatched(t *testing.T, s Stores) {
	wrong := sha256.Sum256([]byte("another"))

	err := s.Parts.Put(t.Context(), "users", "e1", "part-000001-a.jsonl.gz", []byte("one"), wrong[:])

	if s.ChecksumUnread {
		if err != nil {
			t.Errorf("a store that is said to read no checksum refused a part: %v", err)
		}

		return
	}

	if !failure.Is(err, failure.StorageUnavailable) {
		t.Errorf("writing a part with another's checksum: got %v, want %s", err, failure.StorageUnavailable)
	}

	lists(t, s, "e1", nil)
}

func addresses(t *testing.T, s Stores) {
	location := s.Parts.Location("users", "e1")
	bucket, _, _ := strings.Cut(strings.TrimPrefix(location, "s3://"), "/")

	if got, want := "s3://"+bucket+"/"+s.Parts.Key("users", "e1", "name"), location+"name"; got != want {
		t.Errorf("a part lies at %s, want %s", got, want)
	}

	if !strings.HasSuffix(location, "/users/export_id=e1/") {
		t.Errorf("parts lie below %s, want …/users/export_id=e1/", location)
	}

	if got, want := s.Documents.URI(document), "/_state/"+document; !strings.HasPrefix(got, "s3://"+bucket+"/") || !strings.HasSuffix(got, want) {
		t.Errorf("a document lies at %s, want s3://%s/…%s", got, bucket, want)
	}
}

func ended(t *testing.T, s Stores) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	if _, err := s.Documents.Create(ctx, document, []byte("{}")); !failure.Is(err, failure.StorageUnavailable) {
		t.Errorf("writing a document: got %v, want %s", err, failure.StorageUnavailable)
	}

	sum := sha256.Sum256([]byte("one"))
	if err := s.Parts.Put(ctx, "users", "e1", "part-000001-a.jsonl.gz", []byte("one"), sum[:]); !failure.Is(err, failure.StorageUnavailable) {
		t.Errorf("writing a part: got %v, want %s", err, failure.StorageUnavailable)
	}

	absent(t, s)
	lists(t, s, "e1", nil)
}

func must(t *testing.T) func(tag string, err error) string {
	t.Helper()

	return func(tag string, err error) string {
		t.Helper()

		if err != nil {
			t.Fatal(err)
		}

		return tag
	}
}

func holds(t *testing.T, s Stores, body, tag string) {
	t.Helper()

	stored, storedTag, err := s.Documents.Read(t.Context(), document)
	if err != nil || string(stored) != body || storedTag != tag {
		t.Errorf("the document: got %q with tag %s and %v, want %q with tag %s", stored, storedTag, err, body, tag)
	}
}

func put(t *testing.T, s Stores, id, name, body string) {
	t.Helper()

	sum := sha256.Sum256([]byte(body))
	if err := s.Parts.Put(t.Context(), "users", id, name, []byte(body), sum[:]); err != nil {
		t.Fatal(err)
	}
}

func lists(t *testing.T, s Stores, id string, want []export.StoredPart) {
	t.Helper()

	got, err := s.Parts.List(t.Context(), "users", id)

	switch {
	case s.ListDenied && !errors.Is(err, export.ErrListDenied):
		t.Errorf("listing parts: got %v, want %v", err, export.ErrListDenied)
	case s.ListDenied:
	case err != nil:
		t.Fatal(err)
	case len(got) != 0 || len(want) != 0:
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("parts of %s (-want +got):\n%s", id, diff)
		}
	}
}
